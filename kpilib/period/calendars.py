"""Workdays: the user's own table of days off, Monday to Friday, or the holidays of China from a package."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from kpilib.errors import Diagnostic, InputError
from kpilib.period.dates import MAX_DAYS, check_whole, moved, read_date, shown
from kpilib.period.spans import Period

MAX_BYTES = 2 * 2**20
MAX_MISTAKES = 20
_OFF = {"休", "休息", "放假"}
_ON = {"班", "上班", "补班"}


def _trouble(message: str, *, hint: str, example: str = "2026-10-01,休") -> InputError:
    return InputError(message, code="KPI809", hint=hint, example=example)


class WorkCalendar(Protocol):
    """Anything that knows which days are worked."""

    def is_workday(self, day: date) -> bool:
        """Whether the day is worked; an InputError where the calendar does not know."""


@frozen
class WeekdayCalendar:
    """Monday to Friday are worked, whatever the holidays; only for rules that say so."""

    def is_workday(self, day: date) -> bool:
        """Whether the day is a Monday, Tuesday, Wednesday, Thursday or Friday."""
        return read_date(day).weekday() < 5


def _days(given: Iterable[date | datetime | str]) -> frozenset[date]:
    return frozenset(map(read_date, given))


def _covered(given: tuple[date | datetime | str, date | datetime | str] | Period | str) -> tuple[date, date]:
    if isinstance(given, str):
        given = Period.parse(given)
    days = (given.start, given.end) if isinstance(given, Period) else tuple(map(read_date, given))
    if len(days) != 2 or days[0] > days[1]:
        raise _trouble("covers 要第一天和最后一天", hint="先写早的一天", example='covers="2026年"')
    return days


@frozen
class TableCalendar:
    """A table of one's own: `holidays` are off, `makeup_days` are worked, any other day goes by its weekday.

    `covers` is the first and the last day that the table answers for: two days, a Period, or a text such as "2026".
    A day outside is an error, as the holidays there are not known.

    Raises:
        InputError: KPI809, a day that is both off and worked, or lies outside what the table covers.
    """

    holidays: frozenset[date] = field(converter=_days)
    makeup_days: frozenset[date] = field(converter=_days)
    covers: tuple[date, date] = field(converter=_covered)

    def __attrs_post_init__(self) -> None:
        for day in sorted(self.holidays & self.makeup_days)[:1]:
            raise _trouble(f"{day} 又是休，又是班", hint="一天只写一次")
        for day in sorted(self.holidays | self.makeup_days):
            if not self.covers[0] <= day <= self.covers[1]:
                raise _trouble(f"{day} 不在 {self.covers[0]} 到 {self.covers[1]} 之间", hint="改日期，或改 covers")

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[Sequence[date | datetime | str]],
        *,
        covers: tuple[date | datetime | str, date | datetime | str] | Period | str,
    ) -> TableCalendar:
        """Read rows of 日期 and 类型, which is 休 (off) or 班 (worked, 补班).

        A first row with the names 日期 and 类型 says in which columns they stand; else they are the first two.
        Rows that are wholly blank are left out. 调休 is refused: some write it for the day off, some for the day worked.

        >>> calendar = TableCalendar.from_rows([("2026-10-01", "休"), ("2026-10-10", "班")], covers="2026年")
        >>> calendar.is_workday(date(2026, 10, 1)), calendar.is_workday(date(2026, 10, 10))
        (False, True)

        Raises:
            InputError: KPI808 and KPI809, with the row, for every mistake (the first 20).
        """
        kinds: dict[date, bool] = {}
        mistakes: list[Diagnostic] = []
        columns = (0, 1)
        for number, row in enumerate(rows, 1):
            cells = [cell.strip() if isinstance(cell, str) else cell for cell in row]
            if number == 1 and "日期" in cells and "类型" in cells:
                columns = (cells.index("日期"), cells.index("类型"))
            elif any(cell not in ("", None) for cell in cells):
                try:
                    _add_row(kinds, cells, columns)
                except InputError as error:
                    found = error.diagnostic
                    mistakes.append(Diagnostic(code=found.code, message=f"第{number}行：{found.message}",
                                               hint=found.hint, example=found.example))  # fmt: skip
                    if len(mistakes) == MAX_MISTAKES:
                        break
        if mistakes:
            raise InputError(mistakes[0].message, code=mistakes[0].code, diagnostics=tuple(mistakes))
        off, on = ([day for day, works in kinds.items() if works is wanted] for wanted in (False, True))
        return cls(off, on, covers)

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        *,
        covers: tuple[date | datetime | str, date | datetime | str] | Period | str,
    ) -> TableCalendar:
        """Read the table from a CSV file in UTF-8, as `from_rows` does.

        Raises:
            InputError: KPI807 the file cannot be read, KPI703 it is not UTF-8, and every mistake in its rows.
        """
        text = _file_text(Path(os.fspath(path)))
        try:
            return cls.from_rows(csv.reader(StringIO(text, newline=""), strict=True), covers=covers)
        except csv.Error as error:
            raise InputError(
                f"{shown(str(path))} 的引号读不下去（{error}）", code="KPI807", hint="日期和类型不用引号"
            ) from None

    def is_workday(self, day: date) -> bool:
        """Whether the table, or else the weekday, says that the day is worked.

        Raises:
            InputError: KPI809, the table does not cover the day.
        """
        day = read_date(day)
        if not self.covers[0] <= day <= self.covers[1]:
            raise _trouble(
                f"工作日历只有 {self.covers[0]} 到 {self.covers[1]}，没有 {day}", hint="把那一年的休、班也写进表里"
            )
        return day in self.makeup_days or (day.weekday() < 5 and day not in self.holidays)


def _add_row(kinds: dict[date, bool], cells: Sequence[date | datetime | str], columns: tuple[int, int]) -> None:
    given, kind = (cells[column] if column < len(cells) else "" for column in columns)
    day = read_date(given)
    if not isinstance(kind, str) or kind not in _OFF | _ON:
        raise _trouble(f"类型{shown(kind)} 不是休，也不是班", hint="不上班的写 休，补班的写 班", example=f"{day},休")
    if kinds.setdefault(day, kind in _ON) is not (kind in _ON):
        raise _trouble(f"{day} 又是休，又是班", hint="一天只写一次", example=f"{day},休")


def _file_text(path: Path) -> str:
    name = shown(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (
            "没有这个文件" if isinstance(error, FileNotFoundError) else (getattr(error, "strerror", None) or "读不了")
        )
        raise InputError(f"读不了{name}：{reason}", code="KPI807", hint="核对文件名", example="工作日历.csv") from None
    if len(data) > MAX_BYTES:
        raise InputError(f"{name} 超过 2 MB", code="KPI807", hint="工作日历一天一行", example="2026-10-01,休")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        hint = "在 Excel 里另存为「CSV UTF-8（逗号分隔）」；记事本里另存时编码选 UTF-8"
        raise InputError(f"{name} 的文件编码不是 UTF-8", code="KPI703", hint=hint) from None


@lru_cache(maxsize=256)
def _china_workdays(year: int) -> frozenset[date] | None:
    """The workdays of a year in China; None where the package has no table for it."""
    import chinese_calendar

    # Its own bounds are the years of its first and last entry: a year with a stray entry is not a year that it knows.
    if date(year, 10, 1) not in chinese_calendar.holidays:
        return None
    return frozenset(chinese_calendar.get_workdays(date(year, 1, 1), date(year, 12, 31)))


@frozen
class _ChinaCalendar:
    own: TableCalendar | None

    def is_workday(self, day: date) -> bool:
        day = read_date(day)
        if self.own is not None and self.own.covers[0] <= day <= self.own.covers[1]:
            return self.own.is_workday(day)
        workdays = _china_workdays(day.year)
        if workdays is None:
            raise _trouble(
                f"chinesecalendar 没有 {day.year} 年的放假安排",
                hint="放假安排公布以后 pip install -U chinesecalendar，或用自己的表 TableCalendar",
            )
        return day in workdays


def china_calendar(own: TableCalendar | None = None) -> WorkCalendar:
    """The workdays of China with its holidays and makeup days, as the State Council announced them for each year.

    `own` is a table that is asked first: for the days that it covers, it alone decides. The days come from the
    package chinesecalendar; a year that it does not have is an InputError (KPI809) when a day of it is asked for.

    Raises:
        InputError: KPI809, the package is not installed: `pip install "kpilib[calendar]"`.
    """
    try:
        import chinese_calendar  # noqa: F401 -- whether it is there, before a day is asked for
    except ImportError:
        raise _trouble(
            "中国的工作日历需要 chinesecalendar", hint='pip install "kpilib[calendar]"，或用自己的表 TableCalendar'
        ) from None
    return _ChinaCalendar(own)


def given_calendar(calendar: WorkCalendar | None, rule: str) -> WorkCalendar:
    """The calendar, where one was given.

    Raises:
        InputError: KPI809, none was; which days are worked is never guessed.
    """
    if calendar is None:
        raise _trouble(
            f"{rule}要按工作日数，没有给工作日历",
            hint='给自己的表 TableCalendar，或 china_calendar()（pip install "kpilib[calendar]"）',
            example="calendar=china_calendar()",
        )
    return calendar


def workdays_between(a: date, b: date, calendar: WorkCalendar) -> int:
    """How many workdays come after `a` up to and with `b`; negative, of the same days, where `b` is earlier.

    >>> workdays_between(date(2026, 3, 27), date(2026, 3, 30), WeekdayCalendar())  # Friday to Monday
    1

    Raises:
        InputError: KPI809, more than a hundred years apart, or a day that the calendar does not know.
    """
    a, b = read_date(a), read_date(b)
    if b < a:
        return -workdays_between(b, a, calendar)
    if (b - a).days > MAX_DAYS:
        raise _trouble(f"{a} 到 {b} 太远，数不了工作日", hint="最多一百年")
    ahead = (a + timedelta(days=days) for days in range(1, (b - a).days + 1))
    return sum(1 for day in ahead if calendar.is_workday(day))


def add_workdays(day: date, count: int, calendar: WorkCalendar) -> date:
    """The workday that is so many workdays after the day, or before it where `count` is negative; 0 gives the day.

    >>> add_workdays(date(2026, 3, 27), 1, WeekdayCalendar())
    datetime.date(2026, 3, 30)

    Raises:
        InputError: KPI809, there are not so many within a hundred years, or a day that the calendar does not know;
            KPI808, it leads out of the years 1900 to 9999.
    """
    day = read_date(day)
    check_whole("add_workdays", "count", count, -MAX_DAYS, MAX_DAYS)
    way = timedelta(days=1 if count > 0 else -1)
    left, found = abs(count), day
    for _ in range(MAX_DAYS if left else 0):
        found = moved(found, way)
        if calendar.is_workday(found):
            left -= 1
            if left == 0:
                break
    if left:
        raise _trouble(f"从 {day} 数一百年，也没有 {abs(count)} 个工作日", hint="核对个数和工作日历")
    return found
