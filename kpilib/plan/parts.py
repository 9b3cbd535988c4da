"""The parts of a plan that has been read: indicators with their compiled rules, and the groups that they stand in."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from attrs import field, frozen

from kpilib.compiler import compile_rule
from kpilib.meaning.reading import Reading
from kpilib.plan.targets import bare, clear_unit, in_unit, rule_with
from kpilib.quantity import Quantity, decimal_text
from kpilib.rule import Rule
from kpilib.text import Span

# Rules of people's own targets that an indicator keeps ready.
MAX_TARGETS = 500

# Lines of an indicator that are kept for people and take no part in scoring.
TEXT_LINES = ("formula", "source", "department", "rater", "period", "scope")


@frozen(kw_only=True)
class Indicator:
    """One indicator.

    `full_marks` are its own marks in the total, None for a pure adjustment (加分, 扣分), which draws from the pool of
    its group.  `scale` is what the rule's points are multiplied by: not 1 where the rule has a scale of its own
    (百分制加权, 满分：5).
    """

    name: str
    full_marks: Fraction | None
    weight_unit: Literal["%", "分", ""] = ""
    rule: Rule
    scale: Fraction = Fraction(1)
    rule_marks: Fraction | None = None
    marks_asked: bool = True
    target: str = ""
    unit: str = ""
    formula: str = ""
    source: str = ""
    department: str = ""
    rater: str = ""
    period: str = ""
    scope: str = ""
    own_reading: str = ""
    reading: Reading = field(factory=Reading)
    remarks: tuple[str, ...] = ()
    rule_text: str = field(default="", eq=False, repr=False)
    _rules: dict[Any, Rule] = field(factory=dict, init=False, eq=False, repr=False)
    span: Span = field(default=Span(0, 0), eq=False, repr=False)

    def rule_for(self, target: Any) -> tuple[Rule, Any]:
        """The rule under a person's own target, and what is still to be passed to it as `target=`.

        A target of the person's own stands in the place of the 目标值 line, so that the rule is compiled with it; a bare
        number has the unit of the 单位 line, or of the rule's input where that cannot be mistaken.

        Raises:
            KpiError: the rule cannot take that target.
        """
        if target is None:
            return self.rule, None
        target = in_unit(target, self.unit or clear_unit(self.rule) or "")
        if not self.target and bare(target) is None:
            return self.rule, target
        words = target if isinstance(target, (str, Quantity)) else str(target)
        rule = self._rules.get(words)
        if rule is None:
            rule = rule_with(target, self.unit, self.compiled)
            if len(self._rules) >= MAX_TARGETS:
                self._rules.clear()
            self._rules[words] = rule
        return rule, None

    def compiled(self, target: Any) -> Rule:
        """The rule with another target."""
        return compile_rule(
            self.rule_text, full_marks=self.asked_marks, target=target, reading=self.reading, indicator=self.name
        )

    @property
    def asked_marks(self) -> Fraction | None:
        """The full marks that the rule is compiled with; None where its text says them, or it has none."""
        return None if self.full_marks is None or not self.marks_asked else self.full_marks / self.scale

    @property
    def weight(self) -> Fraction | None:
        """Its share of a total of 100, as 1/5 for 20 %; None for an adjustment."""
        return None if self.full_marks is None else self.full_marks / 100

    @property
    def places(self) -> int:
        """Decimal places that its points are rounded to."""
        return self.reading.places

    @property
    def marks_words(self) -> str:
        """Its weight or marks as they stand in its heading."""
        return (
            ""
            if self.full_marks is None or not self.weight_unit
            else f"{decimal_text(self.full_marks)}{self.weight_unit}"
        )


@frozen(kw_only=True)
class Group:
    """One group; `full_marks` None where its heading has neither weight nor marks."""

    name: str
    full_marks: Fraction | None = None
    weight_unit: Literal["%", "分", ""] = ""
    indicators: tuple[Indicator, ...] = ()
    remarks: tuple[str, ...] = ()
    single: bool = False

    @property
    def own_marks(self) -> Fraction:
        """The marks that its indicators have of their own."""
        return sum((item.full_marks for item in self.indicators if item.full_marks is not None), Fraction(0))

    @property
    def marks(self) -> Fraction:
        """What the group counts in the total."""
        return self.own_marks if self.full_marks is None else self.full_marks

    @property
    def pool(self) -> Fraction:
        """The marks that its deductions draw from: what its indicators leave of the group's marks."""
        return self.marks - self.own_marks

    @property
    def draws(self) -> tuple[Indicator, ...]:
        """The pure adjustments."""
        return tuple(item for item in self.indicators if item.full_marks is None)

    @property
    def marks_words(self) -> str:
        """Its weight or marks as they stand in its heading."""
        return "" if self.full_marks is None else f"{decimal_text(self.full_marks)}{self.weight_unit}"
