"""kpilib makes Chinese KPI documents run: exact scores, explained with the document's own words.

Plans and sheets are imported on first use, so that a program that only scores single rules starts faster.
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
    "Plan",
    "PlanError",
    "Quantity",
    "Reading",
    "Rule",
    "RuleSyntaxError",
    "Scoresheet",
    "TemplateError",
    "UncoveredError",
    "UnitError",
    "UnsupportedError",
    "check",
    "check_plan",
    "compile_rule",
    "import_sheet",
    "load_plan",
    "parse_plan",
    "plans",
]


def __getattr__(name: str) -> Any:
    """The names of the plan layer and of the sheets, at their first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("ImportedSheet", "import_sheet"):
        from kpilib import sheets as layer
    else:
        from kpilib import plan as layer  # type: ignore[no-redef]

    globals()[name] = value = getattr(layer, name)
    return value
