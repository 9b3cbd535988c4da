"""Due dates, and how late or early something was."""

from __future__ import annotations

import calendar as naive_calendar
import pickle
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpilib import InputError, KpiError, Period, TableCalendar, WeekdayCalendar
from kpilib.period import (
    DelayUnit,
    Due,
    MonthDay,
    NthWeekday,
    PeriodEnd,
    WorkdayOfMonth,
    YearDay,
    lateness,
    lead,
    months_between,
)

WEEKDAYS = WeekdayCalendar()
# 1 and 2 January off, Sunday 4 January worked, as in 2026.
TABLE = TableCalendar(["2026-01-01", "2026-01-02"], ["2026-01-04"], "2026年")
DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))
MONTHLY = st.builds(lambda day: Period.parse(f"{day:%Y-%m}"), DAYS)
PERIODS = st.one_of(
    MONTHLY,
    st.builds(lambda day: Period.parse(f"{day.year}Q{day.month % 4 + 1}"), DAYS),
    st.builds(lambda day: Period.parse(str(day.year), fiscal_start=day.month), DAYS),
    st.builds(lambda day, length: Period.parse(f"{day}..{day + timedelta(days=length)}"), DAYS, st.integers(0, 500)),
)
AFTER = st.integers(0, 3)
NONZERO = st.integers(-31, 31).filter(bool)
RULES: st.SearchStrategy[Due] = st.one_of(
    st.builds(MonthDay, st.integers(1, 31), AFTER),
    st.builds(NthWeekday, st.integers(0, 6), NONZERO),
    st.builds(PeriodEnd, st.integers(-40, 40)),
    st.builds(PeriodEnd, NONZERO, unit=st.just("workday")),
    st.builds(YearDay, st.integers(1, 12), st.integers(1, 29), AFTER),
    st.builds(YearDay, st.integers(1, 12), st.just(31), AFTER),
    st.builds(WorkdayOfMonth, NONZERO, AFTER),
)


def dates(rule: Due, period: str, **options: Any) -> str:
    return " ".join(map(str, rule.due(Period.parse(period, **options), TABLE)))


def code_of(call: object) -> str:
    with pytest.raises(KpiError) as caught:
        call()  # type: ignore[operator]
    assert len(str(caught.value)) < 400
    return caught.value.code


# --- due dates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "period", "expected"),
    [
        (MonthDay(25), "2026-03", "2026-03-25"),
        (MonthDay(25), "2026Q1", "2026-01-25 2026-02-25 2026-03-25"),
        (MonthDay(31), "2026Q1", "2026-01-31 2026-02-28 2026-03-31"),
        (MonthDay(31), "2024-02", "2024-02-29"),
        (MonthDay(30), "1900-02", "1900-02-28"),
        (MonthDay(31), "2026Q2", "2026-04-30 2026-05-31 2026-06-30"),
        (MonthDay(3, 1), "2026-12", "2027-01-03"),
        (MonthDay(31, 1), "2026-01", "2026-02-28"),
        (MonthDay(3, 1), "2026Q4", "2026-11-03 2026-12-03 2027-01-03"),
        (MonthDay(3, 14), "2026-12", "2028-02-03"),
        (MonthDay(3, 1), "2026-01-01..2026-02-28", "2026-02-03 2026-03-03"),
        (MonthDay(25), "2026-01-05..2026-02-14", "2026-01-25"),
        (MonthDay(25), "2026-01-26..2026-02-24", ""),
        (MonthDay(31), "9999-12", "9999-12-31"),
        (NthWeekday(4, 2), "2026-01-05..2026-02-14", "2026-01-16"),
        (NthWeekday(4, 2), "2026-05", "2026-05-08"),  # the first is on the 1st
        (NthWeekday(4, -1), "2026-05", "2026-05-29"),
        (NthWeekday(6, -1), "2026-05", "2026-05-31"),
        (NthWeekday(0, 13), "2026Q1", "2026-03-30"),
        (NthWeekday(0, 1), "2026-W05", "2026-01-26"),
        (PeriodEnd(), "2026Q2", "2026-06-30"),
        (PeriodEnd(5), "2026Q4", "2027-01-05"),
        (PeriodEnd(-5), "2024-02", "2024-02-24"),
        (PeriodEnd(1), "2024-02-28..2024-02-28", "2024-02-29"),
        (PeriodEnd(2, unit="workday"), "2026-05", "2026-06-02"),
        (PeriodEnd(-1, unit="workday"), "2026-05", "2026-05-29"),
        (YearDay(12, 15), "2026", "2026-12-15"),
        (YearDay(12, 15), "2026Q4", "2026-12-15"),
        (YearDay(12, 15), "2026Q3", ""),
        (YearDay(2, 29), "2026", "2026-02-28"),
        (YearDay(2, 29), "2024", "2024-02-29"),
        (YearDay(9, 31), "2026", "2026-09-30"),
        (YearDay(1, 31, 1), "2026", "2027-01-31"),
        (YearDay(1, 31, 1), "2025-01-01..2026-12-31", "2026-01-31 2027-01-31"),
        (YearDay(12, 15), "2025-12-01..2026-12-31", "2025-12-15 2026-12-15"),
        (WorkdayOfMonth(3), "2026-01", "2026-01-06"),  # 4 January is worked, so 4, 5, 6
        (WorkdayOfMonth(5, 1), "2026-01", "2026-02-06"),
        (WorkdayOfMonth(-1), "2026-01", "2026-01-30"),
        (WorkdayOfMonth(1), "2026Q1", "2026-01-04 2026-02-02 2026-03-02"),
        (WorkdayOfMonth(1), "2026-01-05..2026-02-14", "2026-02-02"),
    ],
)
def test_due_dates(rule: Due, period: str, expected: str) -> None:
    assert dates(rule, period) == expected


def test_a_fiscal_year_has_the_days_that_fall_into_it() -> None:
    assert dates(YearDay(12, 15), "2026", fiscal_start=4) == "2026-12-15"
    assert dates(YearDay(3, 31), "2026", fiscal_start=4) == "2027-03-31"
    assert dates(PeriodEnd(), "2026Q4", fiscal_start=4) == "2027-03-31"


@pytest.mark.parametrize(
    ("rule", "period", "code"),
    [
        (NthWeekday(4, 5), "2026-02", "KPI808"),  # no fifth Friday
        (NthWeekday(4, -5), "2026-02", "KPI808"),
        (NthWeekday(0, 2), "2026-W05", "KPI808"),
        (NthWeekday(0, 53), "9999", "KPI808"),
        (NthWeekday(0, -53), "1900-02", "KPI808"),
        (MonthDay(3, 1), "2026-W05", "KPI808"),  # of which month?
        (MonthDay(3, 1), "2026-01-05..2026-02-14", "KPI808"),
        (MonthDay(3, 1), "9999-12", "KPI808"),
        (WorkdayOfMonth(3, 1), "2026-W05", "KPI808"),
        (WorkdayOfMonth(30), "2026-03", "KPI808"),
        (WorkdayOfMonth(1, 1), "2026-12", "KPI809"),  # the table ends with 2026
        (WorkdayOfMonth(1), "2027-01", "KPI809"),
        (PeriodEnd(1), "9999", "KPI808"),
        (PeriodEnd(-40), "1900-01", "KPI808"),
        (PeriodEnd(3, unit="workday"), "2026", "KPI809"),
        (YearDay(1, 31, 1), "2026Q4", "KPI808"),
        (YearDay(1, 31, 1), "9999", "KPI808"),
    ],
)
def test_what_has_no_certain_date_is_refused(rule: Due, period: str, code: str) -> None:
    assert code_of(lambda: dates(rule, period)) == code


def test_the_next_year_of_a_fiscal_year_is_not_guessed() -> None:
    assert code_of(lambda: dates(YearDay(1, 31, 1), "2026", fiscal_start=4)) == "KPI808"


@pytest.mark.parametrize("rule", [WorkdayOfMonth(3), PeriodEnd(5, unit="workday")])
def test_workdays_need_a_calendar(rule: Due) -> None:
    with pytest.raises(InputError, match="工作日历") as caught:
        rule.due(Period.parse("2026-03"), None)
    assert caught.value.code == "KPI809"
    assert "kpilib[calendar]" in str(caught.value)


def naive_nth(period: Period, weekday: int, nth: int) -> date | None:
    days = [period.start + timedelta(days=ahead) for ahead in range((period.end - period.start).days + 1)]
    found = [day for day in days if day.weekday() == weekday]
    return found[nth - 1 if nth > 0 else nth] if len(found) >= abs(nth) else None


@given(period=PERIODS, weekday=st.integers(0, 6), nth=st.integers(-8, 8).filter(bool))
def test_the_nth_weekday_is_that_of_counting(period: Period, weekday: int, nth: int) -> None:
    expected = naive_nth(period, weekday, nth)
    if expected is None:
        assert code_of(lambda: NthWeekday(weekday, nth).due(period)) == "KPI808"
    else:
        assert NthWeekday(weekday, nth).due(period) == (expected,)


@given(period=MONTHLY, day=st.integers(1, 31))
def test_a_day_of_the_month_is_never_beyond_its_end(period: Period, day: int) -> None:
    last = naive_calendar.monthrange(period.start.year, period.start.month)[1]
    assert MonthDay(day).due(period) == (period.start.replace(day=min(day, last)),)


@given(period=PERIODS, rule=RULES)
def test_due_dates_ascend_and_stay_where_they_belong(period: Period, rule: Due) -> None:
    try:
        found = rule.due(period, WEEKDAYS)
    except InputError:
        return
    assert list(found) == sorted(set(found))
    if getattr(rule, "months_after", 0) == getattr(rule, "years_after", 0) == 0 and not isinstance(rule, PeriodEnd):
        assert all(day in period for day in found)
    if isinstance(rule, MonthDay | WorkdayOfMonth) and period.whole_months:
        assert len(found) == len(period.months())


@given(period=PERIODS, n=NONZERO)
def test_the_nth_workday_is_that_of_counting(period: Period, n: int) -> None:
    month = period.months()[0]
    days = [month.start + timedelta(days=ahead) for ahead in range((month.end - month.start).days + 1)]
    works = [day for day in days if day.weekday() < 5]
    if len(works) < abs(n):
        assert code_of(lambda: WorkdayOfMonth(n).due(month, WEEKDAYS)) == "KPI808"
    else:
        assert WorkdayOfMonth(n).due(month, WEEKDAYS) == (works[n - 1 if n > 0 else n],)


# --- what rules are called ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (MonthDay(25), "每月25日前"),
        (MonthDay(31), "每月月底前"),
        (MonthDay(3, 1), "次月3日前"),
        (MonthDay(3, 2), "2个月后的3日前"),
        (NthWeekday(4, 2), "期间的第二个星期五"),
        (NthWeekday(6, 11), "期间的第11个星期日"),
        (NthWeekday(0, -1), "期间的最后一个星期一"),
        (NthWeekday(0, -2), "期间的倒数第二个星期一"),
        (PeriodEnd(), "期末前"),
        (PeriodEnd(5), "期末后5日内"),
        (PeriodEnd(-5), "期末的5日前"),
        (PeriodEnd(5, unit="workday"), "期末后5个工作日内"),
        (YearDay(12, 15), "每年12月15日前"),
        (YearDay(9, 31), "每年9月底前"),
        (YearDay(1, 10, 1), "次年1月10日前"),
        (WorkdayOfMonth(3), "每月第3个工作日前"),
        (WorkdayOfMonth(5, 1), "次月第5个工作日前"),
        (WorkdayOfMonth(-1), "每月最后1个工作日前"),
    ],
)
def test_a_rule_is_written_in_chinese(rule: Due, text: str) -> None:
    assert str(rule) == text


@given(one=RULES, other=RULES)
def test_two_rules_are_never_written_alike(one: Due, other: Due) -> None:
    assert (str(one) == str(other)) == (one == other)


@given(rule=RULES)
def test_a_rule_is_a_value(rule: Due) -> None:
    assert pickle.loads(pickle.dumps(rule)) == rule
    assert len({rule, pickle.loads(pickle.dumps(rule))}) == 1
    assert isinstance(rule, get_args(Due))


@pytest.mark.parametrize(
    "call",
    [
        lambda: MonthDay(0),
        lambda: MonthDay(32),
        lambda: MonthDay(True),
        lambda: MonthDay(2.0),
        lambda: MonthDay("25"),
        lambda: MonthDay(10**400),
        lambda: MonthDay(3, -1),
        lambda: MonthDay(3, 10**9),
        lambda: NthWeekday(7, 1),
        lambda: NthWeekday(-1, 1),
        lambda: NthWeekday(0, 0),
        lambda: NthWeekday(0, 54),
        lambda: PeriodEnd(10**9),
        lambda: PeriodEnd(0, unit="workday"),
        lambda: PeriodEnd(1, unit="month"),
        lambda: YearDay(13, 1),
        lambda: YearDay(2, 30),
        lambda: YearDay(1, 1, -1),
        lambda: WorkdayOfMonth(0),
        lambda: WorkdayOfMonth(32),
    ],
)
def test_numbers_that_make_no_rule_are_refused(call: object) -> None:
    assert code_of(call) == "KPI808"


# --- late and early -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("done", "due", "unit", "late"),
    [
        ("2026-03-27", "2026-03-25", "day", "2"),
        ("2026-03-20", "2026-03-25", "day", "-5"),
        ("2024-03-01", "2024-02-28", "day", "2"),
        ("2026-04-01", "2026-03-25", "week", "1"),
        ("2026-03-28", "2026-03-25", "week", "3/7"),
        ("2026-03-30", "2026-03-27", "workday", "1"),  # Friday, done on Monday
        ("2026-03-29", "2026-03-27", "workday", "0"),  # done on Sunday
        ("2026-03-30", "2026-03-28", "workday", "1"),  # due on Saturday
        ("2026-03-26", "2026-03-27", "workday", "-1"),
        ("2026-01-05", "2025-12-31", "day", "5"),
        ("2026-02-28", "2026-01-31", "month", "1"),
        ("2026-01-31", "2026-02-28", "month", "-1"),
        ("2026-03-28", "2026-02-28", "month", "1"),
        ("2027-03-25", "2026-03-25", "month", "12"),
        ("2025-02-28", "2024-02-29", "month", "12"),
        ("9999-12-31", "1900-12-31", "month", str(8099 * 12)),
    ],
)
def test_lateness(done: str, due: str, unit: DelayUnit, late: str) -> None:
    found = lateness(date.fromisoformat(done), date.fromisoformat(due), unit=unit, calendar=WEEKDAYS)
    assert (found, type(found)) == (Fraction(late), Fraction)


def test_holidays_and_makeup_days_count() -> None:
    assert lateness(date(2026, 1, 4), date(2026, 1, 1), unit="workday", calendar=TABLE) == 1


@pytest.mark.parametrize(
    ("done", "due", "apart"),
    [
        ("2026-03-31", "2026-02-28", "1个月零3天"),
        ("2026-02-28", "2026-03-31", "1个月零3天"),
        ("2026-03-28", "2026-03-25", "3天"),
    ],
)
def test_a_part_of_a_month_is_refused_and_told(done: str, due: str, apart: str) -> None:
    with pytest.raises(InputError, match=f"是{apart}，不是整月数") as caught:
        lateness(date.fromisoformat(done), date.fromisoformat(due), unit="month")
    assert caught.value.code == "KPI808"


def test_wrong_arguments_are_named() -> None:
    day = date(2026, 3, 27)
    assert code_of(lambda: lateness(day, day, unit="year")) == "KPI801"  # type: ignore[arg-type]
    assert code_of(lambda: lateness(day, day, unit=None)) == "KPI801"  # type: ignore[arg-type]
    assert code_of(lambda: lateness(day, day, unit="workday")) == "KPI809"
    assert code_of(lambda: lead(day, day, unit="workday")) == "KPI809"
    assert code_of(lambda: lateness(datetime(2026, 3, 27, 9), day, unit="day")) == "KPI808"
    assert lateness(datetime(2026, 3, 28), day, unit="day") == 1


@given(done=DAYS, due=DAYS, unit=st.sampled_from(["day", "week"]))
def test_lateness_is_antisymmetric(done: date, due: date, unit: DelayUnit) -> None:
    late = lateness(done, due, unit=unit)
    assert late == -lateness(due, done, unit=unit) == -lead(done, due, unit=unit)
    assert (late > 0, late == 0) == (done > due, done == due)


@given(done=DAYS, late=st.integers(-400, 400))
def test_lateness_in_workdays_is_antisymmetric_and_has_the_right_sign(done: date, late: int) -> None:
    due = done + timedelta(days=late)
    found = lateness(done, due, unit="workday", calendar=WEEKDAYS)
    assert found == -lateness(due, done, unit="workday", calendar=WEEKDAYS)
    assert found * (done - due).days >= 0
    assert abs(found) <= abs(late)


@given(a=DAYS, b=DAYS)
def test_months_between_is_antisymmetric_and_adds_up(a: date, b: date) -> None:
    months, days = months_between(a, b)
    assert (-months, -days) == months_between(b, a)
    first, last = min(a, b), max(a, b)

    def later(count: int) -> date:
        year, month = divmod(first.year * 12 + first.month - 1 + count, 12)
        return date(year, month + 1, min(first.day, naive_calendar.monthrange(year, month + 1)[1]))

    assert later(abs(months)) + timedelta(days=abs(days)) == last
    assert later(abs(months)) <= last < later(abs(months) + 1)


@given(a=DAYS, count=st.integers(-100, 100))
def test_whole_months_are_exact(a: date, count: int) -> None:
    year, month = divmod(a.year * 12 + a.month - 1 + count, 12)
    b = date(year, month + 1, min(a.day, naive_calendar.monthrange(year, month + 1)[1]))
    if b.day == a.day:
        assert lateness(b, a, unit="month") == count


def test_lead_is_how_long_before() -> None:
    event = date(2026, 2, 16)
    assert lead(date(2026, 1, 5), event, unit="week") == 6
    assert lead(date(2026, 1, 6), event, unit="week") == Fraction(41, 7)
    assert lead(date(2026, 1, 16), event, unit="month") == 1
    assert lead(date(2026, 2, 13), event, unit="workday", calendar=WEEKDAYS) == 1
    assert lead(date(2026, 2, 17), event, unit="day") == -1
