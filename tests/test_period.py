"""Periods and single days: what is read, what is refused, and how periods follow one another."""

from __future__ import annotations

import copy
import pickle
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kpilib
from kpilib import InputError, Period
from kpilib.period import read_date

Read = TypeVar("Read")

# Far enough from both limits that the neighbours exist.
DAYS = st.dates(date(1905, 1, 1), date(9990, 12, 31))
TEXTS = st.one_of(
    DAYS.map(lambda day: f"{day:%Y-%m}"),
    DAYS.map(lambda day: f"{day.year}Q{day.month % 4 + 1}"),
    DAYS.map(lambda day: f"{day.year}H{day.month % 2 + 1}"),
    DAYS.map(lambda day: f"{day.year}年"),
    DAYS.map(lambda day: "{}-W{:02}".format(*day.isocalendar())),
    st.tuples(DAYS, st.integers(0, 400)).map(lambda drawn: f"{drawn[0]}..{drawn[0] + timedelta(days=drawn[1])}"),
)
FISCAL = st.one_of(st.none(), st.integers(1, 12))
PERIODS = st.builds(lambda text, first: Period.parse(text, fiscal_start=first), TEXTS, FISCAL)


def refused(text: object, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        Period.parse(text, **options)  # type: ignore[arg-type]
    assert caught.value.code == "KPI808"
    assert caught.value.example
    return caught.value


def attempt(read: Callable[[str], Read], text: str) -> Read | InputError:
    """What is read, or the error; anything else that is raised fails the test."""
    try:
        return read(text)
    except InputError as error:
        return error


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "first", "last", "kind", "label"),
    [
        ("2026-03|2026-3|2026年3月|2026年03月|2026年3月份|202603|２０２６年３月| 2026 年 3 月 |2026-03\n",
         "2026-03-01", "2026-03-31", "month", "2026年3月"),
        ("2024-02", "2024-02-01", "2024-02-29", "month", "2024年2月"),
        ("1900-02", "1900-02-01", "1900-02-28", "month", "1900年2月"),
        ("2000年2月", "2000-02-01", "2000-02-29", "month", "2000年2月"),
        ("2026Q1|2026q1|2026-Q1|2026 Q1|2026年Q1|2026年第一季度|2026年一季度|2026年1季度|2026年第1季度|2026第一季度|2026年度第一季度",
         "2026-01-01", "2026-03-31", "quarter", "2026年第一季度"),
        ("2026Q4|2026年四季度", "2026-10-01", "2026-12-31", "quarter", "2026年第四季度"),
        ("2026H1|2026年上半年|2026上半年", "2026-01-01", "2026-06-30", "half", "2026年上半年"),
        ("2026h2|2026年下半年", "2026-07-01", "2026-12-31", "half", "2026年下半年"),
        ("2026|2026年|2026年度", "2026-01-01", "2026-12-31", "year", "2026年"),
        ("2026-W05|2026W5|2026-w05", "2026-01-26", "2026-02-01", "week", "2026-W05"),
        ("2026-W01", "2025-12-29", "2026-01-04", "week", "2026-W01"),
        ("2026-W53", "2026-12-28", "2027-01-03", "week", "2026-W53"),
        ("2026-01-05..2026-02-14|2026-01-05至2026-02-14|2026年1月5日至2026年2月14日|2026/1/5 ～ 2026/2/14"
         "|20260105-20260214|2026.1.5—2026.2.14|2026年1月5号到2026年2月14号",
         "2026-01-05", "2026-02-14", "span", "2026-01-05至2026-02-14"),
        ("9999-12", "9999-12-01", "9999-12-31", "month", "9999年12月"),
        ("9999", "9999-01-01", "9999-12-31", "year", "9999年"),
        ("1900-W01", "1900-01-01", "1900-01-07", "week", "1900-W01"),
    ],
)  # fmt: skip
def test_periods_are_read(texts: str, first: str, last: str, kind: str, label: str) -> None:
    for text in texts.split("|"):
        period = Period.parse(text)
        assert (str(period.start), str(period.end), period.kind, str(period)) == (first, last, kind, label), text


@pytest.mark.parametrize(
    ("text", "first_month", "first", "last", "label"),
    [
        ("2026", 4, "2026-04-01", "2027-03-31", "2026/27财年"),
        ("2026年", 7, "2026-07-01", "2027-06-30", "2026/27财年"),
        ("2026Q1", 4, "2026-04-01", "2026-06-30", "2026/27财年第一季度"),
        ("2026年第四季度", 4, "2027-01-01", "2027-03-31", "2026/27财年第四季度"),
        ("2026H2", 4, "2026-10-01", "2027-03-31", "2026/27财年下半年"),
        ("2026Q2", 12, "2027-03-01", "2027-05-31", "2026/27财年第二季度"),
        ("2026/27财年第三季度", 2, "2026-08-01", "2026-10-31", "2026/27财年第三季度"),
        ("2026/27财年", 10, "2026-10-01", "2027-09-30", "2026/27财年"),
        ("1999/00财年上半年", 4, "1999-04-01", "1999-09-30", "1999/00财年上半年"),
        ("1899/00财年第四季度", 4, "1900-01-01", "1900-03-31", "1899/00财年第四季度"),
        ("2026Q1", 1, "2026-01-01", "2026-03-31", "2026年第一季度"),
        ("2026-03", 4, "2026-03-01", "2026-03-31", "2026年3月"),
        ("2026-W05", 4, "2026-01-26", "2026-02-01", "2026-W05"),
    ],
)
def test_fiscal_years_begin_in_the_year_they_are_named_after(
    text: str, first_month: int, first: str, last: str, label: str
) -> None:
    period = Period.parse(text, fiscal_start=first_month)
    assert (str(period.start), str(period.end), str(period)) == (first, last, label)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "不是一段期间"),
        ("3月", "不是一段期间"),
        ("26年3月", "不是一段期间"),
        ("第一季度", "不是一段期间"),
        ("2026.10", "不是一段期间"),  # a spreadsheet's 2026.1 may be January or October
        ("2026/10", "不是一段期间"),  # as a fiscal year or a month
        ("20263季度", "不是一段期间"),
        ("2026Q5", "不是一段期间"),
        ("2026年第5周", "2026-W05"),  # not everyone counts weeks alike
        ("2026H3", "H1 和 H2"),
        ("2026-13", "没有13月"),
        ("2026-00", "没有0月"),
        ("2025-W53", "没有第53周"),
        ("2026-W00", "没有第0周"),
        ("9999-W53", "没有第53周"),
        ("9999-W52", "9999 年之间"),
        ("1899年", "1899年不在"),
        ("0000", "0年不在"),
        ("2026-03-27", "2026-03-27至2026-03-27"),
        ("2026-02-30", "没有30日"),
        ("2026-02-30..2026-03-01", "没有30日"),
        ("2026-02-14..2026-01-05", "2026-01-05至2026-02-14"),
        ("1900-01-01..2026-01-01", "一百年"),
        ("2026-01-05..02-14", "不是一段期间"),
        ("2026财年", "2026/27财年"),
        ("2026/28财年", "2026/27财年"),
        ("2026/27财年", "fiscal_start=4"),
        ("2026年" * 1000, "太长"),
        ("\ud800", "不是一段期间"),
        ("2026年3月\x00", "不是一段期间"),
        ("२०२६-०३", "不是一段期间"),
        (2026, "int"),
        (None, "NoneType"),
        (date(2026, 3, 1), "date"),
    ],
)
def test_what_is_no_period_is_refused_with_an_example(text: object, said: str) -> None:
    error = refused(text)
    assert said in str(error)
    assert len(str(error)) < 400
    str(error).encode("utf-8")


def test_a_fiscal_year_that_leaves_the_calendar_is_refused() -> None:
    refused("9999", fiscal_start=4)
    assert Period.parse("9999H1", fiscal_start=4).end == date(9999, 9, 30)
    refused("2026/27财年", fiscal_start=1)
    for wrong in (0, 13, True, "4", 4.0):
        assert "fiscal_start" in str(refused("2026Q1", fiscal_start=wrong))


@given(text=st.text(max_size=70) | st.text("0123456789年月日季度半第一上QHW-/.至~ ", max_size=24))
def test_any_text_is_a_period_or_refused(text: str) -> None:
    period = attempt(Period.parse, text)
    if isinstance(period, InputError):
        assert period.code == "KPI808"
        assert len(str(period)) < 400
    else:
        assert Period.parse(str(period)) == period


def test_hostile_texts_are_refused_at_once() -> None:
    begin = time.perf_counter()
    for text in ("2026" * 10**6, " " * 10**6, "年 " * 10**6, "2026-01-05.." * 10**5, "至" * 60, "2026 " * 12):
        refused(text)
        with pytest.raises(InputError):
            read_date(text)
    assert time.perf_counter() - begin < 2


# --- values ---------------------------------------------------------------------------------------


@given(period=PERIODS)
def test_the_label_reads_back(period: Period) -> None:
    assert Period.parse(str(period), fiscal_start=period.fiscal_start if "财年" in str(period) else None) == period


@given(period=PERIODS)
def test_next_and_previous_are_inverse_and_leave_no_gap(period: Period) -> None:
    following = period.next()
    assert following.start == period.end + timedelta(days=1)
    assert following.previous() == period
    assert period.previous().next() == period
    assert {following.kind, period.previous().kind} == {period.kind}


@given(period=PERIODS, offset=st.integers(-500, 900))
def test_contains_is_between_start_and_end(period: Period, offset: int) -> None:
    day = period.start + timedelta(days=offset)
    assert (day in period) == (offset >= 0 and day <= period.end)
    assert str(day) in period or not period.start <= day <= period.end


@given(period=PERIODS)
def test_months_are_those_of_its_days(period: Period) -> None:
    days = [period.start + timedelta(days=ahead) for ahead in range((period.end - period.start).days + 1)]
    assert [(month.start.year, month.start.month) for month in period.months()] == sorted(
        {(day.year, day.month) for day in days}
    )
    assert all(earlier.next() == later for earlier, later in pairwise(period.months()))
    assert period.whole_months == all(month in period for month in period.months())


@pytest.mark.parametrize(
    ("text", "count"), [("2026-02", 1), ("2026Q3", 3), ("2026H2", 6), ("2026", 12), ("2026-W05", 2)]
)
def test_months_of_each_kind(text: str, count: int) -> None:
    period = Period.parse(text)
    assert len(period.months()) == count
    assert all(month.kind == "month" for month in period.months())


def test_names_go_on_over_the_turn_of_the_year() -> None:
    def following(text: str, **options: int) -> str:
        return str(Period.parse(text, **options).next())

    assert following("2026-12") == "2027年1月"
    assert following("2026Q4") == "2027年第一季度"
    assert following("2026H2") == "2027年上半年"
    assert following("2026Q4", fiscal_start=4) == "2027/28财年第一季度"
    assert following("2026H2", fiscal_start=4) == "2027/28财年上半年"
    assert following("2026-W53") == "2027-W01"
    assert following("2026-01-05..2026-02-14") == "2026-02-15至2026-03-27"


@pytest.mark.parametrize("text", ["1900-01", "1900Q1", "1900H1", "1900", "1900-W01", "1900-01-01..1900-01-02"])
def test_nothing_comes_before_1900(text: str) -> None:
    with pytest.raises(InputError, match="1900 年到 9999 年"):
        Period.parse(text).previous()


@pytest.mark.parametrize("text", ["9999-12", "9999Q4", "9999H2", "9999", "9999-W51", "9999-12-30..9999-12-31"])
def test_nothing_comes_after_9999(text: str) -> None:
    with pytest.raises(InputError, match="1900 年到 9999 年"):
        Period.parse(text).next()


def test_a_period_in_a_period() -> None:
    quarter = Period.parse("2026Q1")
    assert Period.parse("2026-02") in quarter
    assert quarter in quarter
    assert Period.parse("2026-W01") not in quarter
    assert datetime(2026, 3, 31) in quarter
    with pytest.raises(InputError):
        "3/31" in quarter  # noqa: B015


def test_a_period_of_ones_own() -> None:
    first = Period(date(2026, 1, 5), date(2026, 2, 1), "span", "第一销售期")
    assert str(first) == "第一销售期"
    assert str(first.next()) == "2026-02-02至2026-03-01"
    # A quarter that begins in February belongs to a year that nobody named.
    quarter = Period(date(2026, 2, 1), date(2026, 4, 30), "quarter", "春季")
    assert str(quarter.next()) == "2026-05-01至2026-07-31"
    assert (
        str(Period(date(2026, 2, 1), date(2026, 4, 30), "quarter", "春季", fiscal_start=2).next())
        == "2026/27财年第二季度"
    )


@pytest.mark.parametrize(
    ("start", "end", "kind", "label"),
    [
        ("2026-01-01", "2026-01-30", "month", "x"),
        ("2026-01-02", "2026-02-01", "month", "x"),
        ("2026-01-01", "2026-03-30", "quarter", "x"),
        ("2026-01-01", "2026-12-30", "year", "x"),
        ("2026-01-04", "2026-01-10", "week", "x"),
        ("2026-01-05", "2026-01-12", "week", "x"),
        ("2026-01-05", "2026-01-04", "span", "x"),
        ("2026-01-01", "2026-01-31", "day", "x"),
        ("2026-01-01", "2026-01-31", "month", ""),
        ("2026-01-01", "2026-01-31", "month", 3),
        ("2026-01-01", "2026-01-31", "month", "x" * 61),
        ("1850-01-01", "1850-01-31", "month", "x"),
        ("9999-12-01", "9999-12-31", "year", "x"),
    ],
)
def test_days_that_make_no_such_period_are_refused(start: str, end: str, kind: str, label: str) -> None:
    with pytest.raises(InputError) as caught:
        Period(start, end, kind, label)  # type: ignore[arg-type]
    assert caught.value.code == "KPI808"


def test_a_period_is_a_value() -> None:
    period = Period.parse("2026Q1")
    with pytest.raises(AttributeError):
        period.start = date(2026, 1, 2)  # type: ignore[misc]
    assert len({period, Period.parse("2026年第一季度"), copy.deepcopy(period), pickle.loads(pickle.dumps(period))}) == 1
    assert kpilib.Period is Period


# --- single days ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    ["2026-03-27", "2026/3/27", "2026.3.27", "2026年3月27日", "2026年03月27号", "20260327", " 2026 年 3 月 27 日 ",
     "２０２６－０３－２７", "2026-03-27 00:00:00", "2026-03-27T00:00", "2026/3/27 0:00", date(2026, 3, 27),
     datetime(2026, 3, 27)],
)  # fmt: skip
def test_a_day_is_read(value: date | str) -> None:
    found = read_date(value)
    assert (found, type(found)) == (date(2026, 3, 27), date)


@pytest.mark.parametrize(
    "value",
    ["", "3/4", "27日", "3月27日", "26-03-27", "03/04/2026", "27-03-2026", "2026-03", "2026-3/27", "2026-02-29", "1900-02-29",
     "2026-04-31", "2026-00-01", "2026-13-01", "1899-12-31", "0001-01-01", "10000-01-01", "2026-03-27 15:30", "202603270",
     "2026-03-27\x00", "今天", "٢٠٢٦-٠٣-٢٧", 20260327, 46108.0, None, datetime(2026, 3, 27, 9),
     datetime(2026, 3, 27, tzinfo=UTC), date(1, 1, 1)],
)  # fmt: skip
def test_a_day_that_is_open_or_does_not_exist_is_refused(value: object) -> None:
    with pytest.raises(InputError) as caught:
        read_date(value)  # type: ignore[arg-type]
    assert caught.value.code == "KPI808"
    assert caught.value.example


@given(day=st.dates(date(1900, 1, 1)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    forms = ("{:04}-{:02}-{:02}", "{}/{}/{}", "{}.{}.{}", "{}年{}月{}日", "{:04}{:02}{:02}", "{}-{}-{} 00:00:00")
    assert {read_date(form.format(day.year, day.month, day.day)) for form in forms} == {day}


@given(text=st.text("0123456789-/.年月日 :T", max_size=20))
def test_any_text_is_a_day_or_refused(text: str) -> None:
    day = attempt(read_date, text)
    assert day.code == "KPI808" if isinstance(day, InputError) else read_date(str(day)) == day
