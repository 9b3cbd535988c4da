"""The boundary tables of one rule, or of every rule of a plan, as `kpilib check --table` prints them."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpilib.output.table import plain
from kpilib.plan import Plan
from kpilib.quantity import decimal_text
from kpilib.rule import Rule
from kpilib.views.boundary import Boundaries


@frozen(kw_only=True)
class RuleTables:
    """The boundary tables of one rule under its name, or why it has none yet.

    `scale` is what the rule's points are multiplied by in the total of its plan.
    """

    name: str
    boundaries: Boundaries | None
    reason: str = ""
    scale: Fraction = Fraction(1)

    def __str__(self) -> str:
        head = f"【{plain(self.name)}】"
        if self.boundaries is None:
            return f"{head}\n{plain(self.reason)}"
        note = "" if self.scale == 1 else f"\n下面的得分乘以 {decimal_text(self.scale)} 计入总分"
        lines = [plain(line) for line in str(self.boundaries).splitlines()]
        return "\n".join([f"{head}{lines[0]}{note}", *lines[1:]])

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "reason": self.reason,
            "scale": decimal_text(self.scale),
            "boundaries": None if self.boundaries is None else self.boundaries.to_dict(),
        }


def rule_tables(name: str, rule: Rule, *, scale: Fraction = Fraction(1)) -> RuleTables:
    """The tables of a rule; a rule with blanks or without a target says so."""
    if rule.holes:
        blanks = "、".join(hole.name for hole in rule.holes)
        return RuleTables(name=name, boundaries=None, reason=f"还有空着没填的数：{blanks}", scale=scale)
    if rule.needs_target:
        return RuleTables(
            name=name,
            boundaries=None,
            reason="目标值还没有给：一句规则加 --target，方案里加一行 目标值",
            scale=scale,
        )
    return RuleTables(name=name, boundaries=rule.boundaries(), scale=scale)


def plan_tables(plan: Plan) -> tuple[RuleTables, ...]:
    """The tables of every indicator, in order."""
    return tuple(rule_tables(item.name, item.rule, scale=item.scale) for item in plan.indicators)
