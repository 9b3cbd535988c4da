"""Periods of assessment: months, quarters, halves, years, also of a fiscal year, ISO weeks, and spans of days."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from attrs import field, frozen
from dateutil.relativedelta import relativedelta

from kpilib.period.dates import (
    DATE,
    MAX_DAYS,
    MAX_TEXT,
    check_whole,
    day_of,
    folded,
    month_end,
    moved,
    read_date,
    shown,
    whole,
    wrong,
)

Kind = Literal["month", "quarter", "half", "year", "week", "span"]

_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_ORDINALS = "一二三四"
_FORMS = "2026-03、2026Q1、2026年第一季度、2026H1、2026年上半年、2026年、2026-W05、2026-01-05至2026-02-14"

_MONTH = re.compile(r"(?P<year>[0-9]{4})(?:-(?P<m>[0-9]{1,2})|年(?P<word>[0-9]{1,2})月份?|(?P<digits>[0-9]{2}))\Z")
_WEEK = re.compile(r"(?P<year>[0-9]{4})-?W(?P<week>[0-9]{1,2})\Z")
# A digit right after a year's digits needs 第 before it: 20263季度 may be a slip of any kind.
_PART = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<fiscal>(?:/(?P<second>[0-9]{2}))?财年)|年度?)?"
    r"(?:[ -]?(?P<letter>[QH])(?P<number>[1-4])|第?(?P<quarter>[一二三四]|(?<![0-9])[1-4])季度?|(?P<half>[上下])半年)?\Z"
)
_PLAIN_DATE = re.sub(r"\?P<\w+>", "?:", DATE.replace("(?P=sign)", "[-/.]"))
_SPAN = re.compile(rf"(?P<start>{_PLAIN_DATE}) ?(?:\.\.|至|到|~|--?) ?(?P<end>{_PLAIN_DATE})\Z")
_ONE_DAY = re.compile(_PLAIN_DATE + r"\Z")


def _text(given: str) -> str:
    if not isinstance(given, str):
        raise wrong(f"期间的名称要是文字，不是 {type(given).__name__}", example="2026年3月")
    return given


@frozen
class Period:
    """A stretch of days, both ends included, that is assessed as one.

    `label` is what people call it, and what str() gives. `fiscal_start` is the month in which the year begins that a
    quarter, half or year is part of; it only decides what the next ones are called.

    Raises:
        InputError: KPI808, the days do not make a period of that kind, or more than a hundred years.
    """

    start: date = field(converter=read_date)
    end: date = field(converter=read_date)
    kind: Kind
    label: str = field(converter=_text)
    fiscal_start: int = field(default=1, kw_only=True, validator=whole(1, 12))

    def __attrs_post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise wrong(f"没有 {shown(self.kind)} 这种期间", hint=f"可选：{'、'.join(get_args(Kind))}", example="month")
        if not 0 < len(self.label.strip()) <= MAX_TEXT:
            raise wrong("期间要有名称", hint=f"最多 {MAX_TEXT} 字", example="2026年3月")
        if self.end < self.start:
            raise wrong(
                f"期间的结束 {self.end} 早于开始 {self.start}", hint="把两头对调", example=_dates(self.end, self.start)
            )
        if (self.end - self.start).days >= MAX_DAYS:
            raise wrong("期间太长", hint="最多一百年", example="2026年")
        if self.kind == "week":
            fits = self.start.weekday() == 0 and self.end - self.start == timedelta(days=6)
        else:
            fits = self.kind == "span" or (
                self.start.day == 1 and self.end == _last_day(self.start, _MONTHS[self.kind])
            )
        if not fits:
            raise wrong(
                f"从{self.start}到{self.end}不是 {self.kind}", hint="核对两头，或者用 span", example="2026年3月"
            )

    @classmethod
    def parse(cls, text: str, *, fiscal_start: int | None = None) -> Period:
        """Read a period as people write it.

        `2026-03` 2026年3月 202603 · `2026Q1` 2026年第一季度 · `2026H1` 2026年上半年 · `2026` 2026年 2026年度 ·
        `2026-W05` (ISO 8601, GB/T 7408: Monday to Sunday) · `2026-01-05..2026-02-14` 2026-01-05至2026-02-14.
        With `fiscal_start`, the first month of the fiscal year, quarters, halves and years are those of the fiscal
        year that *begins* in the year named; 2026/27财年第一季度 says the same.

        >>> str(Period.parse("2026Q1"))
        '2026年第一季度'
        >>> Period.parse("2026Q1", fiscal_start=4).start
        datetime.date(2026, 4, 1)

        Raises:
            InputError: KPI808, none of these, a day, month or week that does not exist, a year before 1900,
                a 财年 that does not say where it begins.
        """
        if fiscal_start is not None:
            check_whole("Period.parse", "fiscal_start", fiscal_start, 1, 12)
        plain = folded(text).upper()
        if span := _SPAN.match(plain):
            return _span(read_date(span["start"]), read_date(span["end"]))
        if month := _MONTH.match(plain):
            number = int(month["m"] or month["word"] or month["digits"])
            return _named("month", day_of(int(month["year"]), number, 1, example="2026年3月"), 1)
        if week := _WEEK.match(plain):
            return _week(int(week["year"]), int(week["week"]))
        if part := _PART.match(plain):
            return _part(part, text, fiscal_start)
        if _ONE_DAY.match(plain):
            raise wrong(f"{shown(text)} 是一天，不是一段期间", hint="两头都写", example=_dates(*[read_date(plain)] * 2))
        raise wrong(f"{shown(text)} 不是一段期间", hint=f"可以写：{_FORMS}", example="2026年3月")

    def next(self) -> Period:
        """The period of the same kind that follows; for a span, as many days again.

        Raises:
            InputError: KPI808, it ends after the year 9999.
        """
        return self._beside(1)

    def previous(self) -> Period:
        """The period of the same kind before; for a span, as many days.

        Raises:
            InputError: KPI808, it begins before the year 1900.
        """
        return self._beside(-1)

    def months(self) -> tuple[Period, ...]:
        """The calendar months that it touches, in order; a month that it holds only in part is there too."""
        first, last = (day.year * 12 + day.month - 1 for day in (self.start, self.end))
        return tuple(_named("month", date(month // 12, month % 12 + 1, 1), 1) for month in range(first, last + 1))

    @property
    def whole_months(self) -> bool:
        """Whether it is made of whole calendar months."""
        return self.start.day == 1 and self.end == month_end(self.end)

    @property
    def whole_years(self) -> bool:
        """Whether it is made of whole calendar years."""
        return (self.start.month, self.start.day, self.end.month, self.end.day) == (1, 1, 12, 31)

    def __contains__(self, other: date | datetime | str | Period) -> bool:
        if isinstance(other, Period):
            return self.start <= other.start and other.end <= self.end
        return self.start <= read_date(other) <= self.end

    def __str__(self) -> str:
        return self.label

    def _beside(self, way: int) -> Period:
        if self.kind in _MONTHS:
            return _named(
                self.kind, moved(self.start, relativedelta(months=way * _MONTHS[self.kind])), self.fiscal_start
            )
        length = self.end - self.start + timedelta(days=1)
        start, end = moved(self.start, way * length), moved(self.end, way * length)
        return _week(*start.isocalendar()[:2]) if self.kind == "week" else _span(start, end)


def _last_day(start: date, months: int) -> date:
    return moved(start, relativedelta(months=months - 1, day=31))


def _dates(start: date, end: date) -> str:
    return f"{start}至{end}"


def _span(start: date, end: date) -> Period:
    return Period(start, end, "span", _dates(start, end))


def _week(year: int, week: int) -> Period:
    try:
        start = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise wrong(f"{year}年没有第{week}周", hint="周按 GB/T 7408 数，从星期一到星期日", example="2026-W05") from None
    return Period(start, moved(start, timedelta(days=6)), "week", f"{year}-W{week:02}")


def _named(kind: Kind, start: date, fiscal_start: int) -> Period:
    """The period of that kind that begins on a day, called by its place in its year."""
    months = _MONTHS[kind]
    end = _last_day(start, months)
    year = start.year if start.month >= fiscal_start else start.year - 1
    place, rest = divmod((start.month - fiscal_start) % 12, months)
    named_year = f"{year}年" if fiscal_start == 1 else f"{year}/{(year + 1) % 100:02}财年"
    if kind == "month":
        label = f"{start.year}年{start.month}月"
    elif rest:  # begins between the quarters of its year, as only a caller's own Period can
        label = _dates(start, end)
    else:
        label = named_year + {"quarter": f"第{_ORDINALS[place % 4]}季度", "half": f"{'上下'[place % 2]}半年"}.get(
            kind, ""
        )
    return Period(start, end, kind, label, fiscal_start=1 if kind == "month" else fiscal_start)


def _part(found: re.Match[str], text: str, fiscal_start: int | None) -> Period:
    """A year, half or quarter."""
    year = int(found["year"])
    if found["fiscal"]:
        if found["second"] is None or int(found["second"]) != (year + 1) % 100:
            raise wrong(
                f"{shown(text)} 看不出财年从哪一年开始", hint="两年都写上", example=f"{year}/{(year + 1) % 100:02}财年"
            )
        if fiscal_start in (None, 1):
            raise wrong(
                f"{shown(text)} 没有说财年从几月开始",
                hint="用 fiscal_start= 给出第一个月，2 到 12",
                example="fiscal_start=4",
            )
    kind, place = _place(found, text)
    first = fiscal_start or 1
    months = first - 1 + place * _MONTHS[kind]
    return _named(kind, day_of(year + months // 12, months % 12 + 1, 1, example="2026年"), first)


def _place(found: re.Match[str], text: str) -> tuple[Kind, int]:
    """The kind, and which one of its year, from 0."""
    if found["letter"] == "H" and found["number"] > "2":
        raise wrong(f"{shown(text)} 不是一段期间", hint="一年有 H1 和 H2 两个半年", example="2026H1")
    if found["letter"]:
        return ("quarter" if found["letter"] == "Q" else "half"), int(found["number"]) - 1
    if found["quarter"]:
        return "quarter", (f"1234{_ORDINALS}".index(found["quarter"])) % 4
    return ("half", "上下".index(found["half"])) if found["half"] else ("year", 0)
