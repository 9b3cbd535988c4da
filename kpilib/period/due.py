"""Due dates: rules that say on which days of a period, or after it, something has to be done.

A due date is the last day that is on time. A rule of months or years gives a date for each of them; where the period
holds only a part of a month or year, the dates that fall into the period. A rule that looks to a later month or year
(次月, 次年) needs whole ones, as a part of a month is not over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal

from attrs import field, frozen
from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from kpilib.period.calendars import WorkCalendar, add_workdays, given_calendar
from kpilib.period.dates import day_of, month_end, moved, whole, wrong
from kpilib.period.spans import Period

_WEEKDAYS = (MO, TU, WE, TH, FR, SA, SU)
_WEEKDAY_NAMES = "一二三四五六日"
_ORDINALS = "一二三四五六七八九十"
_MAX_AFTER = 120


def _ordinal(number: int) -> str:
    return f"第{_ORDINALS[number - 1]}个" if number <= len(_ORDINALS) else f"第{number}个"


def _later_month(months: int, *, now: str) -> str:
    return {0: now, 1: "次月"}.get(months, f"{months}个月后的")


@frozen
class MonthDay:
    """A day of each month, or of a month after it: 每月25日前, 次月3日前; the 31st is the last day of any month (月底)."""

    day: int = field(validator=whole(1, 31))
    months_after: int = field(default=0, validator=whole(0, _MAX_AFTER))

    def due(self, period: Period, calendar: WorkCalendar | None = None) -> tuple[date, ...]:
        """The day in each month of the period; the last day of a month that is too short.

        Raises:
            InputError: KPI808, a later month is meant and the period is not made of whole months.
        """
        return _each_month(period, self, self.months_after, lambda first: moved(first, relativedelta(day=self.day)))

    def __str__(self) -> str:
        day = "月底" if self.day == 31 else f"{self.day}日"
        return f"{_later_month(self.months_after, now='每月')}{day}前"


@frozen
class NthWeekday:
    """A weekday of the period, counted from its start, or from its end where `nth` is negative: 第二个星期五."""

    weekday: int = field(validator=whole(0, 6))
    """0 is Monday."""
    nth: int = field(validator=whole(-53, 53, but_zero=True))

    def due(self, period: Period, calendar: WorkCalendar | None = None) -> tuple[date, ...]:
        """The one day.

        Raises:
            InputError: KPI808, the period has no such day.
        """
        origin = period.start if self.nth > 0 else period.end
        day = moved(origin, relativedelta(weekday=_WEEKDAYS[self.weekday](self.nth)))
        if day not in period:
            raise wrong(f"{period}没有{str(self).removeprefix('期间的')}", hint="核对第几个，或期间的长短",
                        example="第二个星期五")  # fmt: skip
        return (day,)

    def __str__(self) -> str:
        which = _ordinal(self.nth) if self.nth > 0 else "最后一个" if self.nth == -1 else f"倒数{_ordinal(-self.nth)}"
        return f"期间的{which}星期{_WEEKDAY_NAMES[self.weekday]}"


@frozen
class PeriodEnd:
    """The end of the period, or so many days after or before it: 月底前, 年底前, 季度结束后5日内."""

    offset_days: int = field(default=0, validator=whole(-3660, 3660))
    unit: Literal["day", "workday"] = field(default="day", kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.unit not in ("day", "workday") or (self.unit == "workday" and self.offset_days == 0):
            raise wrong(
                "期末前后的天数写错了", hint="按工作日数的，要写几个工作日", example="PeriodEnd(5, unit='workday')"
            )

    def due(self, period: Period, calendar: WorkCalendar | None = None) -> tuple[date, ...]:
        """The one day.

        Raises:
            InputError: KPI809, it counts workdays and there is no calendar, or it does not know the days.
        """
        if self.unit == "workday":
            return (add_workdays(period.end, self.offset_days, given_calendar(calendar, str(self))),)
        return (moved(period.end, timedelta(days=self.offset_days)),)

    def __str__(self) -> str:
        if self.offset_days == 0:
            return "期末前"
        days = f"{abs(self.offset_days)}{'日' if self.unit == 'day' else '个工作日'}"
        return f"期末后{days}内" if self.offset_days > 0 else f"期末的{days}前"


@frozen
class YearDay:
    """A day of each calendar year, or of a year after it: 每年12月15日前, 次年1月底前; the 31st is the month's last day."""

    month: int = field(validator=whole(1, 12))
    day: int = field(validator=whole(1, 31))
    years_after: int = field(default=0, validator=whole(0, 10))

    def __attrs_post_init__(self) -> None:
        # The 31st stands for the end of any month, and 29 February for its end in any year.
        if (self.month, self.day) == (2, 30):
            raise wrong("2月没有30日", hint="2月底写 31", example="YearDay(2, 31)")

    def due(self, period: Period, calendar: WorkCalendar | None = None) -> tuple[date, ...]:
        """The day in each year of the period, as far as it falls into the period.

        Raises:
            InputError: KPI808, a later year is meant and the period is not made of whole calendar years.
        """
        if self.years_after and not period.whole_years:
            raise wrong(f"{self}，要按整年算，{period}不是", hint="用 1月1日到12月31日的期间", example="2026年")
        firsts = (
            day_of(year + self.years_after, self.month, 1) for year in range(period.start.year, period.end.year + 1)
        )
        days = (moved(first, relativedelta(day=self.day)) for first in firsts)
        return tuple(day for day in days if self.years_after or day in period)

    def __str__(self) -> str:
        year = {0: "每年", 1: "次年"}.get(self.years_after, f"{self.years_after}年后的")
        return f"{year}{self.month}月{'底' if self.day == 31 else f'{self.day}日'}前"


@frozen
class WorkdayOfMonth:
    """The n-th workday of each month, or of a month after it, from the end where n is negative: 每月第3个工作日前."""

    n: int = field(validator=whole(-31, 31, but_zero=True))
    months_after: int = field(default=0, validator=whole(0, _MAX_AFTER))

    def due(self, period: Period, calendar: WorkCalendar | None = None) -> tuple[date, ...]:
        """The day in each month of the period.

        Raises:
            InputError: KPI808, a later month is meant and the period is not made of whole months, or a month has
                fewer workdays; KPI809, there is no calendar, or it does not know the days.
        """
        return _each_month(period, self, self.months_after, self._finder(given_calendar(calendar, str(self))))

    def _finder(self, calendar: WorkCalendar) -> Callable[[date], date]:
        def find(first: date) -> date:
            last = month_end(first)
            days = [first.replace(day=day) for day in range(1, last.day + 1)]
            works = [day for day in days if calendar.is_workday(day)]
            if len(works) < abs(self.n):
                raise wrong(
                    f"{first.year}年{first.month}月只有{len(works)}个工作日",
                    hint=f"{self}，数不到",
                    example="每月第3个工作日前",
                )
            return works[self.n - 1 if self.n > 0 else self.n]

        return find

    def __str__(self) -> str:
        which = f"第{self.n}个" if self.n > 0 else "最后1个" if self.n == -1 else f"倒数第{-self.n}个"
        return f"{_later_month(self.months_after, now='每月')}{which}工作日前"


Due = MonthDay | NthWeekday | PeriodEnd | YearDay | WorkdayOfMonth


def _each_month(
    period: Period, rule: MonthDay | WorkdayOfMonth, months_after: int, find: Callable[[date], date]
) -> tuple[date, ...]:
    """What `find` gives for the first day of each month of the period, or of the month so much later."""
    if not months_after:
        return tuple(day for month in period.months() if (day := find(month.start)) in period)
    if not period.whole_months:
        raise wrong(f"{rule}，要按整月算，{period}不是", hint="用整月的期间", example="2026年3月")
    return tuple(find(moved(month.start, relativedelta(months=months_after))) for month in period.months())
