"""How late something was done, and how long before an event, in days, workdays, weeks or months."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Literal, get_args

from dateutil.relativedelta import relativedelta

from kpilib.errors import InputError
from kpilib.period.calendars import WorkCalendar, given_calendar, workdays_between
from kpilib.period.dates import read_date, shown, wrong

DelayUnit = Literal["day", "workday", "week", "month"]


def months_between(a: date, b: date) -> tuple[int, int]:
    """The whole months from `a` to `b` and the days left over, both negative where `b` is earlier.

    Counted from the earlier day on, whichever it is; the month that has no such day ends on its last (民法典第二百零二条):
    31 January to 28 February is one month.

    >>> months_between(date(2026, 1, 31), date(2026, 3, 3))
    (1, 3)
    """
    a, b = read_date(a), read_date(b)
    apart = relativedelta(max(a, b), min(a, b))
    sign = 1 if b >= a else -1
    return sign * (apart.years * 12 + apart.months), sign * apart.days


def lateness(done: date, due: date, *, unit: DelayUnit, calendar: WorkCalendar | None = None) -> Fraction:
    """How long after the due day something was done: positive when late, negative when early, 0 on the day itself.

    A week is seven days. Workdays are those after the earlier day up to and with the later one, so that what is done
    on the Sunday after a due Friday is 0 workdays late. A part of a month has no exact size: where the months are not
    whole, it is an error, and `months_between` has the months and the days.

    >>> lateness(date(2026, 3, 30), date(2026, 3, 27), unit="week")
    Fraction(3, 7)

    Raises:
        InputError: KPI801 no such unit; KPI808 not whole months; KPI809 workdays without a calendar that knows them.
    """
    done, due = read_date(done), read_date(due)
    if unit not in get_args(DelayUnit):
        hint = f"可选：{'、'.join(get_args(DelayUnit))}"
        raise InputError(f"unit= 没有{shown(unit)}", code="KPI801", hint=hint, example='unit="day"')
    if unit == "day":
        return Fraction((done - due).days)
    if unit == "week":
        return Fraction((done - due).days, 7)
    if unit == "workday":
        return Fraction(workdays_between(due, done, given_calendar(calendar, "这条规则")))
    months, days = months_between(due, done)
    if days:
        apart = f"{abs(months)}个月零{abs(days)}天" if months else f"{abs(days)}天"
        raise wrong(f"{due} 到 {done} 是{apart}，不是整月数", hint="零头怎么算要写明（不足1个月不计），或改成按天算",
                    example='unit="day"')  # fmt: skip
    return Fraction(months)


def lead(before: date, event: date, *, unit: DelayUnit, calendar: WorkCalendar | None = None) -> Fraction:
    """How long before an event something was done (提前至少6星期): positive before it, negative after, 0 on the day.

    Counted as `lateness` counts.

    >>> lead(date(2026, 1, 5), date(2026, 2, 16), unit="week")
    Fraction(6, 1)

    Raises:
        InputError: as `lateness`.
    """
    return -lateness(before, event, unit=unit, calendar=calendar)
