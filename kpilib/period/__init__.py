"""Calendar arithmetic: periods of assessment, due dates, workdays, and how late or how early something was done."""

from kpilib.period.calendars import (
    TableCalendar,
    WeekdayCalendar,
    WorkCalendar,
    add_workdays,
    china_calendar,
    workdays_between,
)
from kpilib.period.dates import read_date
from kpilib.period.delays import DelayUnit, lateness, lead, months_between
from kpilib.period.due import Due, MonthDay, NthWeekday, PeriodEnd, WorkdayOfMonth, YearDay
from kpilib.period.reading import read_due
from kpilib.period.spans import Kind, Period

__all__ = [
    "DelayUnit",
    "Due",
    "Kind",
    "MonthDay",
    "NthWeekday",
    "Period",
    "PeriodEnd",
    "TableCalendar",
    "WeekdayCalendar",
    "WorkCalendar",
    "WorkdayOfMonth",
    "YearDay",
    "add_workdays",
    "china_calendar",
    "lateness",
    "lead",
    "months_between",
    "read_date",
    "read_due",
    "workdays_between",
]
