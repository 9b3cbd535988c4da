"""Workdays: calendars from a table, from weekdays and of China, and counting by them."""

from __future__ import annotations

import pickle
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kpilib
from kpilib import InputError, TableCalendar, WeekdayCalendar, china_calendar
from kpilib.period import Period, WorkCalendar, add_workdays, calendars, workdays_between

WEEKDAYS = WeekdayCalendar()
DAYS = st.dates(date(2020, 1, 1), date(2029, 12, 31))
OPEN = (date(1900, 1, 1), date(9999, 12, 31))
# Dense in holidays and makeup days, so that runs of each are met.
TABLES = st.builds(
    lambda off, on: TableCalendar(off, on - off, OPEN),
    st.sets(st.dates(date(2025, 12, 1), date(2026, 3, 31)), max_size=60),
    st.sets(st.dates(date(2025, 12, 1), date(2026, 3, 31)), max_size=30),
)
NEAR = st.dates(date(2025, 11, 15), date(2026, 4, 15))


class Never:
    def is_workday(self, day: date) -> bool:
        return False


def code_of(call: object) -> str:
    with pytest.raises(InputError) as caught:
        call()  # type: ignore[operator]
    assert len(str(caught.value)) < 3000
    return caught.value.code


# --- counting -------------------------------------------------------------------------------------


@given(calendar=TABLES, a=NEAR, b=NEAR)
def test_workdays_between_is_naive_counting(calendar: WorkCalendar, a: date, b: date) -> None:
    naive, day = 0, min(a, b)
    while day < max(a, b):
        day += timedelta(days=1)
        naive += calendar.is_workday(day)
    assert workdays_between(a, b, calendar) == (naive if a <= b else -naive)
    assert workdays_between(b, a, calendar) == -workdays_between(a, b, calendar)


@given(calendar=TABLES, a=NEAR, b=NEAR, c=NEAR)
def test_workdays_between_adds_up(calendar: WorkCalendar, a: date, b: date, c: date) -> None:
    assert workdays_between(a, b, calendar) + workdays_between(b, c, calendar) == workdays_between(a, c, calendar)


@given(calendar=TABLES, day=NEAR, count=st.integers(-40, 40))
def test_add_workdays_is_naive_stepping(calendar: WorkCalendar, day: date, count: int) -> None:
    found = add_workdays(day, count, calendar)
    if count == 0:
        assert found == day
        return
    assert calendar.is_workday(found)
    between = [
        day + (found - day) // abs((found - day).days) * ahead for ahead in range(1, abs((found - day).days) + 1)
    ]
    assert sum(map(calendar.is_workday, between)) == abs(count)
    if count > 0:
        assert workdays_between(day, found, calendar) == count


@given(calendar=TABLES, day=NEAR, count=st.integers(-40, 40))
def test_add_workdays_goes_back_from_a_workday(calendar: WorkCalendar, day: date, count: int) -> None:
    start = add_workdays(day, 1, calendar)
    assert add_workdays(add_workdays(start, count, calendar), -count, calendar) == start


@pytest.mark.parametrize(
    ("day", "count", "found"),
    [
        ("2026-03-27", 1, "2026-03-30"),  # Friday to Monday
        ("2026-03-28", 1, "2026-03-30"),
        ("2026-03-28", -1, "2026-03-27"),
        ("2026-03-30", -1, "2026-03-27"),
        ("2026-03-28", 0, "2026-03-28"),
        ("2024-02-28", 2, "2024-03-01"),
        ("2026-12-31", 1, "2027-01-01"),
    ],
)
def test_add_workdays(day: str, count: int, found: str) -> None:
    assert str(add_workdays(date.fromisoformat(day), count, WEEKDAYS)) == found


def test_counting_ends() -> None:
    begin = time.perf_counter()
    assert code_of(lambda: add_workdays(date(2026, 1, 1), 1, Never())) == "KPI809"
    assert code_of(lambda: workdays_between(date(1900, 1, 1), date(9999, 1, 1), WEEKDAYS)) == "KPI809"
    assert code_of(lambda: add_workdays(date(2026, 1, 1), 30_000, WEEKDAYS)) == "KPI809"
    assert code_of(lambda: add_workdays(date(2026, 1, 1), 10**30, WEEKDAYS)) == "KPI808"
    assert code_of(lambda: add_workdays(date(2026, 1, 1), 1.5, WEEKDAYS)) == "KPI808"  # type: ignore[arg-type]
    assert code_of(lambda: add_workdays(date(9999, 12, 31), 1, WEEKDAYS)) == "KPI808"
    assert code_of(lambda: add_workdays(date(1900, 1, 1), -1, WEEKDAYS)) == "KPI808"
    assert time.perf_counter() - begin < 3


# --- a table of one's own -------------------------------------------------------------------------

ROWS = [("2026-10-01", "休"), ("2026年10月2日", "放假"), (date(2026, 10, 10), "班"), ("", ""), ("2026/9/20", "补班")]


def test_a_table_says_what_weekdays_do_not() -> None:
    calendar = TableCalendar.from_rows(ROWS, covers="2026年")
    worked = {
        day: calendar.is_workday(date(2026, *day)) for day in ((10, 1), (10, 2), (10, 10), (9, 20), (10, 3), (10, 8))
    }
    assert worked == {(10, 1): False, (10, 2): False, (10, 10): True, (9, 20): True, (10, 3): False, (10, 8): True}
    assert calendar.covers == (date(2026, 1, 1), date(2026, 12, 31))
    assert pickle.loads(pickle.dumps(calendar)) == calendar
    assert TableCalendar.from_rows(ROWS, covers=Period.parse("2026")) == calendar
    assert TableCalendar.from_rows(ROWS, covers=("2026-01-01", date(2026, 12, 31))) == calendar


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_day_that_the_table_does_not_cover_is_refused(day: date) -> None:
    calendar = TableCalendar.from_rows(ROWS, covers="2026年")
    assert code_of(lambda: calendar.is_workday(day)) == "KPI809"
    assert code_of(lambda: workdays_between(date(2026, 6, 1), date(2027, 6, 1), calendar)) == "KPI809"
    assert calendar.is_workday(date(2026, 1, 1))
    assert calendar.is_workday(date(2026, 12, 31))


@pytest.mark.parametrize(
    ("rows", "code", "said"),
    [
        ([("2026-10-01", "休"), ("2026-10-01", "班")], "KPI809", "第2行：2026-10-01 又是休，又是班"),
        ([("2026-10-01", "调休")], "KPI809", "第1行：类型「调休」"),
        ([("2026-10-01",)], "KPI809", "第1行：类型「」"),
        ([("2026-10-01", None)], "KPI809", "第1行：类型「NoneType」"),
        ([("10月1日", "休")], "KPI808", "第1行：「10月1日」"),
        ([("2026-02-30", "休")], "KPI808", "没有30日"),
        ([(None, "休")], "KPI808", "第1行"),
        ([("2026-10-01", ["休"])], "KPI809", "第1行：类型「list」"),
        ([("2025-10-01", "休")], "KPI809", "不在 2026-01-01 到 2026-12-31"),
        ([("=HYPERLINK(1)", "=1+1")], "KPI808", "第1行"),
    ],
)
def test_a_wrong_row_is_named(rows: list[Any], code: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        TableCalendar.from_rows(rows, covers="2026")
    assert caught.value.code == code
    assert said in str(caught.value)


def test_all_wrong_rows_are_named_up_to_a_bound() -> None:
    with pytest.raises(InputError) as caught:
        TableCalendar.from_rows([("2026-10-01", "休"), ("x", "休"), ("2026-10-02", "y")], covers="2026")
    assert [found.message[:3] for found in caught.value.diagnostics] == ["第2行", "第3行"]
    with pytest.raises(InputError) as caught:
        TableCalendar.from_rows([("x" * 10**5, "休")] * 10**5, covers="2026")
    assert len(caught.value.diagnostics) == 20
    assert len(str(caught.value)) < 5000


def test_what_was_named_twice_alike_counts_once() -> None:
    calendar = TableCalendar.from_rows([("2026-10-01", "休"), ("20261001", "休息")], covers="2026")
    assert calendar.holidays == {date(2026, 10, 1)}


def test_a_table_made_by_hand_is_checked() -> None:
    day = date(2026, 10, 1)
    assert code_of(lambda: TableCalendar([day], [day], (day, day))) == "KPI809"
    assert code_of(lambda: TableCalendar([day], [], (date(2026, 1, 1), date(2026, 9, 30)))) == "KPI809"
    assert code_of(lambda: TableCalendar([], [], "一年")) == "KPI808"
    assert code_of(lambda: TableCalendar([], [], (date(2026, 12, 31), date(2026, 1, 1)))) == "KPI809"
    assert code_of(lambda: TableCalendar([], [], (day,))) == "KPI809"  # type: ignore[arg-type]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_csv_table_has_its_columns_by_name(tmp_path: Path, mark: str) -> None:
    file = tmp_path / "日历.csv"
    file.write_text(
        f"{mark}节日,类型,日期\r\n国庆,休,2026-10-01\r\n\r\n,班,2026-10-10\r\n", encoding="utf-8", newline=""
    )
    calendar = TableCalendar.read(file, covers="2026")
    assert (calendar.holidays, calendar.makeup_days) == ({date(2026, 10, 1)}, {date(2026, 10, 10)})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("2026-10-01,休".encode("gb18030"), "KPI703"),
        ('2026-10-01,"休'.encode(), "KPI807"),
        ("2026-10-01,休\n".encode() * 150_000, "KPI807"),
        (b"2026-10-01," + b"x" * 200_000, "KPI807"),
        (b"2026-10-01,\x00", "KPI809"),
        ("日期,类型\n3/4,休".encode(), "KPI808"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "日历.csv"
    file.write_bytes(content)
    assert code_of(lambda: TableCalendar.read(file, covers="2026")) == code


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert code_of(lambda: TableCalendar.read(tmp_path / "没有.csv", covers="2026")) == "KPI807"
    assert code_of(lambda: TableCalendar.read(tmp_path, covers="2026")) == "KPI807"
    assert code_of(lambda: TableCalendar.read("a\x00b", covers="2026")) == "KPI807"


# --- China ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-01-01", False),  # 元旦, a Thursday
        ("2026-01-04", True),  # its makeup day, a Sunday
        ("2026-02-17", False),  # 春节
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2026-10-11", False),
        ("2020-01-31", False),  # lengthened by the notice of January 2020
        ("2026-03-27", True),
    ],
)
def test_china_works_as_announced(day: str, worked: bool) -> None:
    assert china_calendar().is_workday(date.fromisoformat(day)) is worked


@pytest.mark.parametrize("year", [1990, 2003, 2060])
def test_a_year_that_was_not_announced_is_never_guessed(year: int) -> None:
    with pytest.raises(InputError, match=f"没有 {year} 年的放假安排") as caught:
        china_calendar().is_workday(date(year, 6, 1))
    assert caught.value.code == "KPI809"


def test_a_stray_entry_does_not_make_a_year_known(monkeypatch: pytest.MonkeyPatch) -> None:
    import chinese_calendar

    monkeypatch.setitem(chinese_calendar.holidays, date(2061, 1, 1), "New Year's Day")
    calendars._china_workdays.cache_clear()
    try:
        assert code_of(lambda: china_calendar().is_workday(date(2061, 1, 4))) == "KPI809"
        assert code_of(lambda: china_calendar().is_workday(date(2050, 6, 1))) == "KPI809"
    finally:
        calendars._china_workdays.cache_clear()


def test_ones_own_table_is_asked_first() -> None:
    # The factory works through 1 October and closes on the 12th, a Monday.
    own = TableCalendar.from_rows([("2026-10-12", "休")], covers="2026-10-01至2026-10-31")
    calendar = china_calendar(own)
    assert calendar.is_workday(date(2026, 10, 1))
    assert not calendar.is_workday(date(2026, 10, 12))
    assert not calendar.is_workday(date(2026, 10, 10))  # makeup day of China, but the table has it as a Saturday
    assert calendar.is_workday(date(2026, 9, 20))  # outside the table
    beyond = china_calendar(TableCalendar([], [], "2060"))
    assert beyond.is_workday(date(2060, 6, 1))
    assert code_of(lambda: beyond.is_workday(date(2061, 6, 1))) == "KPI809"


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chinese_calendar", None)
    with pytest.raises(InputError, match="chinesecalendar") as caught:
        china_calendar()
    assert caught.value.code == "KPI809"
    assert 'pip install "kpilib[calendar]"' in str(caught.value)


@given(day=DAYS)
def test_weekdays_are_monday_to_friday(day: date) -> None:
    assert WEEKDAYS.is_workday(day) == (day.isoweekday() <= 5)


def test_the_calendars_are_public() -> None:
    assert kpilib.TableCalendar is TableCalendar
    assert {"Period", "TableCalendar", "WeekdayCalendar", "WorkCalendar", "china_calendar"} <= set(kpilib.__all__)
