"""Due dates from their canonical words: what `str` of a rule gives reads back."""

from __future__ import annotations

import re

from kpilib.period.dates import wrong
from kpilib.period.due import Due, MonthDay, NthWeekday, PeriodEnd, WorkdayOfMonth, YearDay

_ORDINALS = {sign: number for number, sign in enumerate("一二三四五六七八九十", 1)}
_MONTHS_LATER = r"(?:(?P<each>每月)|(?P<next>次月)|(?P<later>[0-9]+)个月后的)"
_MONTH_DAY = re.compile(rf"{_MONTHS_LATER}(?:(?P<day>[0-9]+)日|(?P<last>月底))前")
_WORKDAY = re.compile(rf"{_MONTHS_LATER}(?:第(?P<n>[0-9]+)|(?P<last>最后1)|倒数第(?P<back>[0-9]+))个工作日前")
_WEEKDAY = re.compile(
    r"期间的(?:(?P<back>倒数)?第(?P<n>[一二三四五六七八九十]|[0-9]+)个|(?P<last>最后一个))星期(?P<day>[一二三四五六日])"
)
_END = re.compile(r"期末(?:前|后(?P<after>[0-9]+)(?P<unit>日|个工作日)内|的(?P<before>[0-9]+)(?P<unit2>日|个工作日)前)")
_YEAR_DAY = re.compile(
    r"(?:(?P<each>每年)|(?P<next>次年)|(?P<later>[0-9]+)年后的)(?P<month>[0-9]+)月(?:(?P<day>[0-9]+)日|(?P<last>底))前"
)


def read_due(text: str) -> Due:
    """The rule that canonical words name.

    >>> str(read_due("期间的第二个星期五"))
    '期间的第二个星期五'

    Raises:
        InputError: KPI808, other words.
    """
    if (found := _MONTH_DAY.fullmatch(text)) is not None:
        return MonthDay(31 if found["last"] else int(found["day"]), _later(found))
    if (found := _WORKDAY.fullmatch(text)) is not None:
        return WorkdayOfMonth(int(found["n"]) if found["n"] else -int(found["back"] or 1), _later(found))
    if (found := _WEEKDAY.fullmatch(text)) is not None:
        nth = -1 if found["last"] else _ORDINALS.get(found["n"]) or int(found["n"])
        return NthWeekday("一二三四五六日".index(found["day"]), -nth if found["back"] else nth)
    if (found := _END.fullmatch(text)) is not None:
        days = int(found["after"] or 0) - int(found["before"] or 0)
        return PeriodEnd(days, unit="workday" if "个工作日" in (found["unit"], found["unit2"]) else "day")
    if (found := _YEAR_DAY.fullmatch(text)) is not None:
        return YearDay(int(found["month"]), 31 if found["last"] else int(found["day"]), _later(found))
    raise wrong(f"「{text[:30]}」看不出是什么期限", hint="例如 每月25日前", example="每月25日前")


def _later(found: re.Match[str]) -> int:
    return 0 if found["each"] else 1 if found["next"] else int(found["later"])
