"""kpilib makes Chinese KPI documents run: exact scores, explained with the document's own words."""

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
from kpilib.rule import Input, Rule, check, compile_rule

__all__ = [
    "AmbiguousRuleError",
    "Diagnostic",
    "Input",
    "InputError",
    "KpiError",
    "PlanError",
    "Quantity",
    "Reading",
    "Rule",
    "RuleSyntaxError",
    "TemplateError",
    "UncoveredError",
    "UnitError",
    "UnsupportedError",
    "check",
    "compile_rule",
]
