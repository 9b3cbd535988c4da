"""Which input each clause of a rule speaks of."""

from __future__ import annotations

import re
from fractions import Fraction

from attrs import define, field, frozen

from kpilib.errors import AlternativeReading, AmbiguousRuleError, RuleSyntaxError, UnitError
from kpilib.meaning.expr import Domain, Var
from kpilib.quantity import ANY_COUNT, MARKS, PERCENT, PLAIN, Unit
from kpilib.syntax.names import LASTING, LATE, SCORED, name_of
from kpilib.syntax.tree import (
    Amount,
    Between,
    Choice,
    Clause,
    Comparison,
    Condition,
    Either,
    Every,
    Happens,
    Occurrence,
    Otherwise,
    Proportional,
    Rung,
    Step,
    StepPart,
    Target,
)  # fmt: skip
from kpilib.text import Span

LABEL = Unit("label", "")
# Names that any rate of completion goes by.
_GENERIC = {
    "完成比例",
    "完成率",
    "达成率",
    "完成进度",
    "完成百分比",
    "完成度",
    "完成情况",
    "实际完成比例",
    "实际完成率",
    "实际完成百分比",
    "实际完成",
}
# What any fault is: 无差错 beside 漏一处扣1分.
_FAULT = r"差错|错误|失误|违规|违纪|违反|问题|缺陷|异常|过失|上述|以上|此类|情况|情形|现象|不良"
_MEANS = ("平均", "人均", "均")


@frozen
class Goal:
    """The target: its number, the bound word that came with it, and its other end where it is a range."""

    amount: Amount
    operator: str = "=="
    high: Amount | None = None
    in_text: bool = False
    span: Span | None = None


@define
class Metric:
    """One input while it is being found: its name, and its unit as soon as a clause tells."""

    name: str
    unit: Unit | None = None
    aliases: list[str] = field(factory=list)
    negative: bool = False

    def takes(self, name: str) -> bool:
        """Whether a name can be of this metric."""
        if self.unit is not None and self.unit.kind == "rate" and (name in _GENERIC or self.name in _GENERIC):
            return True
        if (
            self.unit is not None
            and self.unit.kind in ("time", "workday", "month")
            and LATE.search(name)
            and LATE.search(self.name)
        ):
            return True
        return not name or not self.name or any(name in known or known in name for known in [self.name, *self.aliases])


class Metrics:
    """The inputs of a rule and who speaks of which."""

    def __init__(self, source: str, goal: Goal | None, indicator: str = "", due: str = "") -> None:
        self.due = due
        self.source = source
        self.goal = goal
        self.found: list[Metric] = []
        self.of: dict[int, Metric] = {}
        self.indicator = indicator

    # ---- finding ----------------------------------------------------------------------------------------------------
    def read(self, clauses: tuple[Clause, ...]) -> None:
        """Assign every clause to its inputs.

        Raises:
            UnitError: one input is held against two units that do not fit.
        """
        for clause in clauses:
            match clause:
                case Target(metric=name, amount=amount):
                    self._mention(clause, name, amount.unit, amount.span)
                case Rung(condition=condition, award=award):
                    self._condition(condition)
                    if isinstance(award, Proportional):
                        self._proportional(award)
                case Occurrence(event=event, amount=amount):
                    self._mention(clause, event, amount.unit, amount.span, event=True)
                case Proportional():
                    self._proportional(clause)
                case Otherwise(award=Proportional() as share):
                    self._proportional(share)
                case Choice():
                    self.of[id(clause)] = self._label()
                case _:
                    pass
        for clause in clauses:
            if isinstance(clause, Rung) and isinstance(clause.condition, Happens) and not clause.condition.occurs:
                self._absent(clause.condition)
        for clause in clauses:  # steps last: their 1% is a share of the target where the metric is an amount
            if isinstance(clause, Step):
                for part in clause.parts:
                    unit: Unit | None = part.amount.unit
                    if part.of_target or (unit is not None and unit.kind == "rate"):
                        unit = None
                    if unit is not None and self._is_shortage(clause, part, clauses):
                        self.found.append(Metric("少" if self.goal is None else "", unit))
                        self.of[id(part)] = self.found[-1]
                        continue
                    self._mention(part, part.metric, unit, part.amount.span, rate=part.amount.unit.kind == "rate")
        for metric in self.found:
            if metric.unit is None and metric.name.endswith("率"):
                metric.unit = PERCENT  # whatever the target of another metric is
            if metric.unit is None or metric.unit is PLAIN:
                metric.unit = (
                    self.goal.amount.unit
                    if self.goal is not None and (metric.unit is None or self.goal.amount.unit.kind == "money")
                    else metric.unit or PERCENT
                )

    def _is_shortage(self, step: Step, part: StepPart, clauses: tuple[Clause, ...]) -> bool:
        """每少一份扣1分 beside 每有一份不合格扣2分: what is short is not what is faulty."""
        if part.metric or part.direction != "down" or step.award.kind != "deduct" or not part.amount.unit.is_count:
            return False
        same = [metric for metric in self._counts() if metric.unit is ANY_COUNT or metric.unit == part.amount.unit]
        faults = {
            id(self.of[id(clause)])
            for clause in clauses
            if isinstance(clause, Occurrence) and clause.event and clause.award.kind == "deduct"
        }
        return bool(same) and all(id(metric) in faults for metric in same)

    def _condition(self, condition: Condition) -> None:
        match condition:
            case Every(parts=parts) | Either(parts=parts):
                for part in parts:
                    self._condition(part)
            case Happens(event=event, occurs=True):
                self._happens(condition, event)
            case Comparison(metric=name, amount=amount, of_target=of_target, beyond=beyond, span=span):
                if amount is None or ((of_target or beyond) and self.goal is not None):
                    self._mention(condition, name, self.goal.amount.unit if self.goal else None, span)
                else:
                    self._mention(condition, name, amount.unit, amount.span)
                    if amount.value is not None and amount.value < 0:
                        self.of[id(condition)].negative = True
            case Between(metric=name, low=low, high=high, beyond=beyond):
                far = bool(beyond) and self.goal is not None
                self._mention(condition, name, self.goal.amount.unit if far and self.goal else high.unit, high.span)
                if low.unit.kind != high.unit.kind:
                    raise UnitError(
                        "范围的两头单位不同", span=low.span.cover(high.span), source=self.source, example="80%-90%得8分"
                    )

    def _happens(self, clause: Happens, event: str) -> None:
        """An event without a number is how often it happens."""
        same = [metric for metric in self._counts() if metric.name == event]
        if not same:
            self.found.append(Metric(event, ANY_COUNT))
        self.of[id(clause)] = same[0] if same else self.found[-1]

    def _absent(self, clause: Happens) -> None:
        """无投诉 speaks of the count that the other clauses speak of, if there is one."""
        counts = self._counts()
        fitting = [metric for metric in counts if metric.takes(clause.event)]
        if not fitting:
            fitting = [metric for metric in counts if _akin(clause.event, metric.name)]
        if not fitting and counts and not re.search(_FAULT, clause.event):
            other = counts[0].name
            at = f"有{clause.event}，{other}是0"
            raise AmbiguousRuleError(
                f"没有「{clause.event}」和后面的「{other}」是什么关系？",
                readings=(
                    AlternativeReading(text=f"没有{clause.event}就是没有{other}", at=at, points="不会有这种情况"),
                    AlternativeReading(text=f"{clause.event}和{other}是两件事", at=at, points="「没有」这一档不成立"),
                ),
                code="KPI203", span=clause.span, source=self.source, hint="写成同一件事，或写 无差错",
                example="无迟到得满分，迟到一次扣1分",
            )  # fmt: skip
        fitting = fitting or counts
        if not fitting:
            self.found.append(Metric(clause.event, ANY_COUNT))
        self.of[id(clause)] = fitting[0] if fitting else self.found[-1]

    def _counts(self) -> list[Metric]:
        return [metric for metric in self.found if metric.unit is not None and metric.unit.is_count]

    def _proportional(self, clause: Proportional) -> None:
        goal = self.goal.amount.unit if self.goal is not None else None
        relative = (goal is not None and goal.kind != "rate") or (clause.by_target and goal is not None)
        name = "" if relative and clause.metric in _GENERIC else clause.metric
        self._mention(clause, name, goal if relative else MARKS if SCORED.search(name) else PERCENT, clause.span)

    def _label(self) -> Metric:
        for metric in self.found:
            if metric.unit is LABEL:
                return metric
        metric = Metric("", LABEL)
        self.found.append(metric)
        return metric

    def _mention(
        self, clause: object, name: str, unit: Unit | None, span: Span, *, event: bool = False, rate: bool = False
    ) -> None:
        name = name_of(name) if not event else name
        metric = self._fitting(name, unit, event, rate, span)
        if metric is None:
            metric = Metric(name, unit)
            self.found.append(metric)
        else:
            if name and name != metric.name and name not in metric.aliases:
                metric.aliases.append(name)
                metric.name = metric.name or name
            if metric.unit is None or (metric.unit is PLAIN and unit is not None and unit.kind == "money"):
                metric.unit = unit
        self.of[id(clause)] = metric

    def _fitting(self, name: str, unit: Unit | None, event: bool, rate: bool, span: Span) -> Metric | None:
        named = [metric for metric in self.found if metric.unit is not LABEL and metric.takes(name)]
        if not name and unit is not None and unit.is_count and not event:
            alike = [metric for metric in named if metric.unit == unit] or [
                metric for metric in named if metric.unit is not None and _comparable(metric.unit, unit)
            ]
            if len(alike) > 1:
                names = [metric.name or "前面的次数" for metric in alike[:3]]
                at = f"{names[0]}2{unit.symbol}、{names[1]}1{unit.symbol}"
                raise AmbiguousRuleError(
                    f"这里说的是{'、'.join(names)}中的哪一个，还是合计？",
                    readings=(
                        AlternativeReading(text=f"只看{names[0]}", at=at, points=f"算2{unit.symbol}"),
                        AlternativeReading(text=f"只看{names[1]}", at=at, points=f"算1{unit.symbol}"),
                        AlternativeReading(text="看合计", at=at, points=f"算3{unit.symbol}"),
                    ),
                    code="KPI203", span=span, source=self.source, hint="写出是什么的次数",
                )  # fmt: skip
            if alike:
                return alike[0]
        exact = [metric for metric in named if name and (metric.name == name or name in metric.aliases)]
        for metric in [*exact, *named]:
            if unit is None and (metric.unit is None or not metric.unit.is_count or not rate or self.goal is not None):
                return metric
            if unit is not None and (metric.unit is None or _comparable(metric.unit, unit)):
                counter = re.sub(r"(?:总)?(?:次数|个数|件数|起数|数量|数)$", "", metric.name)
                if (
                    event
                    and metric.name
                    and name
                    and metric.name != name
                    and not (counter != metric.name and name in counter)
                ):
                    continue
                return metric
        if exact and unit is not None and exact[0].unit is not None:
            raise UnitError(
                f"「{name}」前面用「{exact[0].unit.symbol or '没有单位的数'}」，这里用「{unit.symbol or '没有单位的数'}」，单位对不上",
                span=span, source=self.source, hint="一个指标前后用同一种单位",
            )  # fmt: skip
        nameless = [metric for metric in named if metric.unit is not None]
        if not event and unit is not None and nameless and not name:
            other = nameless[0]
            assert other.unit is not None
            raise UnitError(
                f"前面用「{other.unit.symbol or '没有单位的数'}」，这里用「{unit.symbol or '没有单位的数'}」，单位对不上",
                span=span, source=self.source, hint="一个指标前后用同一种单位",
            )  # fmt: skip
        return None

    # ---- the result ----------------------------------------------------------------------------------------------------
    def variables(self, renames: dict[str, str], labels: tuple[str, ...], *, alone: bool = True) -> dict[int, Var]:
        """The variable of each metric, by the metric's identity; a single input is called x."""
        chosen: dict[int, Var] = {}
        used: set[str] = set()
        for metric in self.found:
            name = metric.name if len(self.found) > 1 or not alone else "x"
            if not name:
                name = "x" if "x" not in used else f"x{len(used) + 1}"
            name = renames.get(name, name)
            if name in used:
                raise RuleSyntaxError(
                    f"两个输入都叫「{name}」", code="KPI118", source=self.source, hint="给它们不同的名字"
                )
            used.add(name)
            chosen[id(metric)] = Var(name, metric.unit or PLAIN, self._domain(metric, labels))
        return chosen

    def _domain(self, metric: Metric, labels: tuple[str, ...]) -> Domain:
        unit = metric.unit or PLAIN
        if unit is LABEL:
            return Domain("label", labels=labels)
        if unit.is_count and not any(
            word in name for word in _MEANS for name in (metric.name, self.indicator, *metric.aliases)
        ):
            return Domain("count", Fraction(0), None, Fraction(1))
        if self.due and unit.kind in ("time", "workday", "month") and (not metric.name or LASTING.search(metric.name)):
            return Domain("real", Fraction(0), None, unit.size, due=self.due, early="提前" in metric.name)
        lowest = Fraction(0) if unit.is_count or unit.kind in ("time", "month", "workday") else None
        return Domain("real", lowest, None, unit.size / 100 if unit.kind != "rate" else Fraction(1, 10000))


def _akin(event: str, name: str) -> bool:
    """Whether two events can be the same: 重大生产延误 and 生产延误的事件, not 投诉 and 迟到."""
    return not name_of(name) or bool((set(event) & set(name)) - set("的不未无有发生出现次事件一重大"))


def _comparable(one: Unit, other: Unit) -> bool:
    if one.is_count and other.is_count and ANY_COUNT in (one, other):
        return True
    return one.kind == other.kind or {one.kind, other.kind} == {"number", "money"}


def target_share(metric: Metric, amount: Amount, of_target: bool, goal: Goal | None) -> bool:
    """Whether an amount held against the metric is a share of the target (每低于目标值3% of an amount)."""
    if amount.unit.kind == "times":
        return goal is not None
    unit = metric.unit or PLAIN
    if amount.unit.kind == "rate" and unit.kind != "rate":
        return True
    return of_target and amount.unit.kind == "rate" and goal is not None and goal.amount.unit.kind != "rate"
