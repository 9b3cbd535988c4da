"""Single days: what people write for one, and steps from one day to another within the years that are counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from attrs import Attribute
from dateutil.relativedelta import relativedelta

from kpilib.errors import InputError
from kpilib.text import normalise

FIRST_YEAR, LAST_YEAR = 1900, 9999
# A hundred years: more than any plan, and little enough to be counted day by day.
MAX_DAYS = 36_525
MAX_TEXT = 60

DATE = (
    r"(?P<year>[0-9]{4})(?:"
    r"(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
    r"|年(?P<month_word>[0-9]{1,2})月(?P<day_word>[0-9]{1,2})[日号]"
    r"|(?P<month_digits>[0-9]{2})(?P<day_digits>[0-9]{2}))"
)
# Spreadsheets show a plain day as midnight.
_DAY = re.compile(DATE + r"(?:[T ]0{1,2}:00(?::00(?:\.0{1,6})?)?)?\Z")
_TIMED = re.compile(DATE + r"[T ]?[0-9]{1,2}[:时点]")
_BLANKS = re.compile(" *([\u4e00-\u9fff]) *")


def wrong(message: str, *, hint: str = "", example: str = "2026-03-27") -> InputError:
    """The error of this room: a day or a period that cannot be taken as it stands."""
    return InputError(message, code="KPI808", hint=hint, example=example)


def shown(value: object) -> str:
    """What was given, short enough for a message."""
    text = value if isinstance(value, str) else type(value).__name__
    return f"「{text if len(text) <= 40 else text[:40] + '…'}」"


def folded(text: str) -> str:
    """The text with plain signs, and without the blanks beside Chinese characters.

    Raises:
        InputError: not a text, or longer than any day or period is written.
    """
    if not isinstance(text, str):
        raise wrong(f"这里要一段文字，不是 {type(text).__name__}", hint="写成带引号的文字", example='"2026-03-27"')
    if len(text) > MAX_TEXT:
        raise wrong(f"{shown(text)} 太长，不是日期或期间", hint=f"最多 {MAX_TEXT} 字")
    return _BLANKS.sub(r"\1", normalise(text).strip())


def day_of(year: int, month: int, day: int, *, example: str = "2026-03-27") -> date:
    """That day of the calendar.

    Raises:
        InputError: there is no such day, or its year is not counted.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise wrong(f"{year}年不在 {FIRST_YEAR} 年到 {LAST_YEAR} 年之间", hint="核对年份", example=example)
    if not 1 <= month <= 12:
        raise wrong(f"{year}年没有{month}月", hint="月份是 1 到 12", example=example)
    try:
        return date(year, month, day)
    except ValueError:
        last = month_end(date(year, month, 1)).day
        raise wrong(f"{year}年{month}月没有{day}日", hint=f"这个月有{last}天") from None


def read_date(value: date | datetime | str) -> date:
    """The day that is meant: a date, a datetime at midnight, or a text that says year, month and day.

    >>> read_date("2026年3月27日") == read_date("2026/3/27") == read_date("20260327") == date(2026, 3, 27)
    True

    Raises:
        InputError: KPI808, a text that leaves the year or the order open (3/4, 27日), a day that does not exist,
            a year before 1900, a time of day, a time zone.
    """
    if isinstance(value, datetime):
        if value.time() != time() or value.tzinfo is not None:
            raise wrong("这里只要日期，给的带着钟点或时区", hint="用 .date() 取当地的日期", example="date(2026, 3, 27)")
        value = value.date()
    if isinstance(value, date):
        return day_of(value.year, value.month, value.day)
    text = folded(value)
    found = _DAY.match(text)
    if found is None and _TIMED.match(text):
        raise wrong(f"{shown(value)} 带着钟点或时区", hint="只写日期")
    if found is None:
        raise wrong(f"{shown(value)} 看不出是哪一天", hint="年、月、日都要写，年份写四位，放在最前面")
    year, month, day = (
        int(found[name] or found[f"{name}_word"] or found[f"{name}_digits"]) if name != "year" else int(found[name])
        for name in ("year", "month", "day")
    )
    return day_of(year, month, day)


def moved(day: date, by: relativedelta | timedelta) -> date:
    """The day so much later or earlier; a day that the month does not have becomes its last.

    Raises:
        InputError: that is outside the years that are counted.
    """
    try:
        found = day + by
    except (OverflowError, ValueError):
        found = None
    if found is None or found.year < FIRST_YEAR:
        raise wrong(f"从{day}数过去，不在 {FIRST_YEAR} 年到 {LAST_YEAR} 年之间", hint="核对年份")
    return found


def month_end(day: date) -> date:
    """The last day of its month."""
    return moved(day, relativedelta(day=31))


def check_whole(owner: str, name: str, value: object, low: int, high: int, *, but_zero: bool = False) -> None:
    """Refuse what is not a whole number of that range.

    Raises:
        InputError: it is not.
    """
    if type(value) is not int or not low <= value <= high or (but_zero and value == 0):
        given = value if type(value) is int and abs(value) < 10**9 else type(value).__name__
        raise wrong(
            f"{owner} 的 {name} 不能是 {given}",
            hint=f"要从 {low} 到 {high} 的整数{'，不能是 0' if but_zero else ''}",
            example=f"{name}={max(low, 1)}",
        )


def whole(low: int, high: int, *, but_zero: bool = False) -> Callable[[object, Attribute[int], int], None]:
    """An attrs validator: a whole number of that range."""

    def check(node: object, attribute: Attribute[int], value: int) -> None:
        check_whole(type(node).__name__, attribute.name, value, low, high, but_zero=but_zero)

    return check
