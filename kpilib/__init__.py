"""kpilib makes Chinese KPI documents run: exact scores, explained with the document's own words.

Periods, plans and sheets are imported on first use, so that a program that only scores single rules starts faster.
"""

from typing import TYPE_CHECKING, Any

from kpilib.compiler import check, compile_rule
from kpilib.errors import (
    AmbiguousRuleError,
    Diagnostic,
    InputError,
    KpiError,
    PlanError,
    RuleSyntaxError,
    TemplateError,
    UncoveredError,
    UnitError,
    UnsupportedError,
)
from kpilib.meaning.reading import Reading
from kpilib.quantity import Quantity
from kpilib.rule import Input, Rule

if TYPE_CHECKING:
    from kpilib.period import Period, TableCalendar, WeekdayCalendar, WorkCalendar, china_calendar
    from kpilib.plan import NOT_APPLICABLE, Plan, Scoresheet, check_plan, load_plan, parse_plan, plans
    from kpilib.sheets import ImportedSheet, import_sheet

__all__ = [
    "NOT_APPLICABLE",
    "AmbiguousRuleError",
    "Diagnostic",
    "ImportedSheet",
    "Input",
    "InputError",
    "KpiError",
    "Period",
    "Plan",
    "PlanError",
    "Quantity",
    "Reading",
    "Rule",
    "RuleSyntaxError",
    "Scoresheet",
    "TableCalendar",
    "TemplateError",
    "UncoveredError",
    "UnitError",
    "UnsupportedError",
    "WeekdayCalendar",
    "WorkCalendar",
    "check",
    "check_plan",
    "china_calendar",
    "compile_rule",
    "import_sheet",
    "load_plan",
    "parse_plan",
    "plans",
]


def __getattr__(name: str) -> Any:
    """The names of periods, of the plan layer and of the sheets, at their first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kpilib import period

    if hasattr(period, name):
        value = getattr(period, name)
    elif name in ("ImportedSheet", "import_sheet"):
        from kpilib import sheets

        value = getattr(sheets, name)
    else:
        from kpilib import plan

        value = getattr(plan, name)
    globals()[name] = value
    return value
