"""A scored scorecard: the points of every item, the total, the grade and the coefficient, and why."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from attrs import field, frozen

from kpilib.plan.parts import Group, Indicator
from kpilib.quantity import decimal_text, round_half_away, to_decimal

State = Literal["scored", "pending", "not_applicable"]


class Pending(NamedTuple):
    """An item that has no points yet, and why."""

    item: str
    reason: str


@frozen(kw_only=True)
class Outcome:
    """What became of one item: points (None where it has none), and the factor by which its weight was spread."""

    points: Decimal | None
    state: State = "scored"
    reason: str = ""
    factor: Fraction = Fraction(1)


@frozen(kw_only=True)
class PoolLine:
    """The deduction pool of a group: its marks, and what is given back because the pool stops at 0."""

    group: str
    marks: Decimal
    given_back: Decimal = Decimal(0)


@frozen(kw_only=True)
class ItemExplanation:
    """How one item came to its points; `steps` is the rule's own explanation where the rule was asked."""

    name: str
    points: Decimal | None
    full_marks: Decimal | None
    plan_marks: Decimal | None = None
    state: State = "scored"
    reason: str = ""
    steps: Any = field(default=None, eq=False)

    def __str__(self) -> str:
        if self.state == "not_applicable":
            return f"{self.name}：{self.reason}，不计分"
        points = "待定" if self.points is None else f"{self.points} 分"
        lines = [f"{self.name}：{points}{marks_words(self.full_marks, self.plan_marks)}"]
        if self.reason:
            lines.append(f"  {self.reason}")
        if self.steps is not None:
            lines += [f"  {line}" for line in str(self.steps).splitlines()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "name": self.name,
            "points": _text(self.points),
            "full_marks": _text(self.full_marks),
            "plan_marks": _text(self.plan_marks),
            "state": self.state,
            "reason": self.reason,
            "steps": None if self.steps is None else self.steps.to_dict(),
        }


@frozen(kw_only=True)
class ItemScore:
    """One item of a sheet.

    `points` are those in the total; `full_marks` and `weight` what counted in this sheet, None where it does not apply;
    `plan_marks` what the plan gives it, before the weights of others were spread.
    """

    name: str
    points: Decimal | None
    full_marks: Decimal | None
    plan_marks: Decimal | None
    weight: Fraction | None
    state: State = "scored"
    reason: str = ""
    factor: Fraction = Fraction(1)
    indicator: Indicator = field(eq=False, repr=False)
    fact: tuple[Any, Any, Any] = field(default=(None, None, None), eq=False, repr=False)

    def explanation(self) -> ItemExplanation:
        """Every step that led to the points, with the words of the rule."""
        steps, reason = None, self.reason
        if self.state == "scored" and not reason:
            value, unit, target = self.fact
            rule, target = self.indicator.rule_for(target)
            steps = rule.explain(value, unit=unit, target=target)
            scale = self.indicator.scale
            scaled = [f"规则的得分乘以 {decimal_text(scale)}"] if scale != 1 else []
            spread = [f"不计分的指标的权重摊到这里，得分乘以 {decimal_text(self.factor)}"] if self.factor != 1 else []
            reason = "；".join(scaled + spread)
        return ItemExplanation(
            name=self.name,
            points=self.points,
            full_marks=self.full_marks,
            plan_marks=self.plan_marks,
            state=self.state,
            reason=reason,
            steps=steps,
        )


@frozen(kw_only=True)
class GroupScore:
    """One group of a sheet.

    `points` is None while one of its items is 待定, and where all of them are 不适用; `state` says which, and `reason`
    why it does not count.  `full_marks` and `plan_marks` are as for an item.  `pool` is None where it has no pool.
    """

    name: str
    points: Decimal | None
    full_marks: Decimal | None
    plan_marks: Decimal | None = None
    state: State = "scored"
    reason: str = ""
    pool: PoolLine | None = None


@frozen(kw_only=True)
class SheetExplanation:
    """A sheet in words, a line for each thing that counts, so that the lines add up to the total."""

    lines: tuple[str, ...]
    sheet: Scoresheet = field(repr=False)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def to_dict(self) -> dict[str, object]:
        """The sheet as plain data, with the explanation of every item."""
        items = [item.explanation().to_dict() for item in self.sheet.items.values()]
        return {**self.sheet.to_dict(), "items": items, "lines": list(self.lines)}


@frozen(kw_only=True)
class Scoresheet:
    """What a plan gives for one person's facts; `total` is None while anything is 待定."""

    title: str
    total: Decimal | None
    grade: str | None
    coefficient: Decimal | None
    pending: tuple[Pending, ...] = ()
    not_applicable: tuple[str, ...] = ()
    outcomes: tuple[Outcome | Decimal, ...] = field(repr=False)
    pools: tuple[PoolLine, ...] = field(default=(), repr=False)
    groups_read: tuple[Group, ...] = field(eq=False, repr=False)
    facts: Mapping[str, Any] = field(eq=False, repr=False)
    given: tuple[tuple[Any, Any, Any], ...] = field(eq=False, repr=False)

    @cached_property
    def items(self) -> Mapping[str, ItemScore]:
        """Every item by its name, in the order of the plan."""
        indicators = [item for group in self.groups_read for item in group.indicators]
        scored = {}
        for item, outcome, given in zip(indicators, self.outcomes, self.given, strict=True):
            if isinstance(outcome, Decimal):
                outcome = Outcome(points=outcome)
            absent = outcome.state == "not_applicable"
            scored[item.name] = ItemScore(
                name=item.name,
                points=outcome.points,
                full_marks=None if absent else _marks(item.full_marks, outcome.factor, item.places),
                plan_marks=_marks(item.full_marks, Fraction(1), item.places),
                weight=None if item.weight is None or absent else item.weight * outcome.factor,
                state=outcome.state,
                reason=outcome.reason,
                factor=outcome.factor,
                indicator=item,
                fact=given,
            )
        return MappingProxyType(scored)

    @cached_property
    def groups(self) -> tuple[GroupScore, ...]:
        """Every group with its points."""
        pools = {pool.group: pool for pool in self.pools}
        return tuple(self._group(group, pools.get(group.name)) for group in self.groups_read)

    def _group(self, group: Group, pool: PoolLine | None) -> GroupScore:
        members = [self.items[item.name] for item in group.indicators]
        states = {member.state for member in members}
        places = max((item.places for item in group.indicators), default=2)
        plan_marks = _marks(group.marks or None, Fraction(1), places)
        if states == {"not_applicable"}:
            reason = "、".join(dict.fromkeys(member.reason for member in members))
            return GroupScore(
                name=group.name,
                points=None,
                full_marks=None,
                plan_marks=plan_marks,
                state="not_applicable",
                reason=reason,
            )
        factor = max((member.factor for member in members), default=Fraction(1))
        lost = sum(
            (
                item.full_marks or Fraction(0)
                for item in group.indicators
                if self.items[item.name].state == "not_applicable"
            ),
            Fraction(0),
        )
        own = [] if pool is None else [pool.marks, pool.given_back]
        points = [*(member.points for member in members if member.points is not None), *own]
        pending = "pending" in states
        return GroupScore(
            name=group.name,
            points=None if pending else trimmed(sum(points, Decimal(0))),
            full_marks=_marks((group.marks - lost) or None, factor, places),
            plan_marks=plan_marks,
            state="pending" if pending else "scored",
            pool=pool,
        )

    def explain(self) -> SheetExplanation:
        """The sheet in Chinese, group by group."""
        lines = [self.title]
        for group, score in zip(self.groups_read, self.groups, strict=True):
            points = score.reason or ("待定" if score.points is None else f"{score.points} 分")
            lines.append(f"{group.name}{marks_words(score.full_marks, score.plan_marks)}：{points}")
            if score.pool is not None:
                before = "" if score.pool.marks == group.pool else f"（原 {decimal_text(group.pool)} 分）"
                lines.append(f"  可扣分数：{score.pool.marks} 分{before}")
            for item in group.indicators:
                lines += [f"  {line}" for line in str(self.items[item.name].explanation()).splitlines()]
            if score.pool is not None and score.pool.given_back:
                lines.append(f"  扣完为止，退回 {score.pool.given_back} 分")
        lines.append("总分：待定" if self.total is None else f"总分：{self.total} 分")
        if self.grade is not None:
            lines.append(f"等级：{self.grade}")
        if self.coefficient is not None:
            lines.append(f"系数：{self.coefficient}")
        elif self.grade is not None:
            lines.append("系数：待定")
        return SheetExplanation(lines=tuple(lines), sheet=self)

    def __str__(self) -> str:
        return str(self.explain())

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; numbers as text, so that nothing is lost."""
        return {
            "title": self.title,
            "total": _text(self.total),
            "grade": self.grade,
            "coefficient": _text(self.coefficient),
            "items": [
                {
                    "name": item.name,
                    "points": _text(item.points),
                    "full_marks": _text(item.full_marks),
                    "plan_marks": _text(item.plan_marks),
                    "weight": None if item.weight is None else decimal_text(item.weight),
                    "state": item.state,
                    "reason": item.reason,
                }
                for item in self.items.values()
            ],
            "groups": [
                {
                    "name": group.name,
                    "points": _text(group.points),
                    "full_marks": _text(group.full_marks),
                    "plan_marks": _text(group.plan_marks),
                    "state": group.state,
                    "reason": group.reason,
                }
                for group in self.groups
            ],
            "pools": [
                {"group": pool.group, "marks": _text(pool.marks), "given_back": _text(pool.given_back)}
                for pool in self.pools
            ],
            "pending": [list(pending) for pending in self.pending],
            "not_applicable": list(self.not_applicable),
        }


def marks_words(full: Decimal | None, plan: Decimal | None) -> str:
    """The full marks as an explanation shows them: the plan's, and what they came to where weights were spread."""
    if plan is None:
        return ""
    spread = f"，摊入不计分的权重后 {full} 分" if full is not None and full != plan else ""
    return f"（满分 {plan} 分{spread}）"


def _marks(marks: Fraction | None, factor: Fraction, places: int) -> Decimal | None:
    """Marks as they are, or rounded where a weight was spread into them."""
    if marks is None:
        return None
    return to_decimal(marks if factor == 1 else round_half_away(marks * factor, places))


def trimmed(number: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent."""
    whole = number.to_integral_value()
    return whole if whole == number else number.normalize()


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
