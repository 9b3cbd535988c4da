"""Plans: scorecards of groups and indicators, grades and coefficients, and what they give for a person's facts."""

from kpilib.plan.document import Plan, PlanHole
from kpilib.plan.facts import NOT_APPLICABLE, PENDING
from kpilib.plan.files import load_plan, plan_text, plans
from kpilib.plan.grades import UNNAMED, Grade
from kpilib.plan.parts import Group, Indicator
from kpilib.plan.reader import check_plan, parse_plan
from kpilib.plan.settings import OPTIONS, Settings, reading_from_words
from kpilib.plan.sheet import GroupScore, ItemExplanation, ItemScore, Pending, PoolLine, Scoresheet, SheetExplanation

__all__ = [
    "NOT_APPLICABLE",
    "OPTIONS",
    "PENDING",
    "UNNAMED",
    "Grade",
    "Group",
    "GroupScore",
    "Indicator",
    "ItemExplanation",
    "ItemScore",
    "Pending",
    "Plan",
    "PlanHole",
    "PoolLine",
    "Scoresheet",
    "Settings",
    "SheetExplanation",
    "check_plan",
    "load_plan",
    "parse_plan",
    "plan_text",
    "plans",
    "reading_from_words",
]
