"""The tree of a rule: clauses with the words they come from.

Spans stand outside equality, so that a tree equals the tree of its own canonical sentence.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from kpilib.quantity import PLAIN, Unit
from kpilib.text import Node, Span

Operator = Literal["<", "<=", ">", ">=", "=="]
Direction = Literal["up", "down"]
NOWHERE = Span(0, 0)


def _span() -> Span:
    return field(default=NOWHERE, eq=False, repr=False)


@frozen(repr=False)
class Amount(Node):
    """A number with its unit as the author wrote it; `value` is None where the number is blank (a hole)."""

    value: Fraction | None
    unit: Unit = PLAIN
    span: Span = _span()

    @property
    def base(self) -> Fraction:
        """The value in base units; only of a number that is not blank."""
        assert self.value is not None
        return self.value * self.unit.size


@frozen(repr=False)
class Points(Node):
    """What an award is worth: marks, a share of the full marks (扣2%权重分), all of them, none, or what a person gives.

    Of judged marks (得25-30分, 酌情扣分) `amount` and `high` are the bounds, None where the text has none.
    """

    kind: Literal["marks", "share", "full", "zero", "judged"]
    amount: Amount | None = None
    high: Amount | None = None


@frozen(repr=False)
class Award(Node):
    """Set the score (得N分), add to it (加) or take from it (扣)."""

    kind: Literal["set", "gain", "deduct"]
    points: Points
    span: Span = _span()


@frozen(repr=False)
class Comparison(Node):
    """A metric against a number; `of_target` makes the number a share of the target, no number the target itself."""

    metric: str
    operator: Operator
    amount: Amount | None
    of_target: bool = False
    beyond: Literal["", "up", "down"] = ""  # the number is how far beyond the target, above it or below it
    within: bool = False  # 以内: of a deduction, not at all is not within
    span: Span = _span()


@frozen(repr=False)
class Between(Node):
    """A metric between two numbers."""

    metric: str
    low: Amount
    low_operator: Operator  # ">" or ">="
    high: Amount
    high_operator: Operator  # "<" or "<="
    beyond: Literal["", "up", "down"] = ""  # 超5%-10%: how far beyond the target
    span: Span = _span()


@frozen(repr=False)
class Every(Node):
    """且: all parts hold."""

    parts: tuple[Condition, ...]
    span: Span = _span()


@frozen(repr=False)
class Either(Node):
    """或: some part holds."""

    parts: tuple[Condition, ...]
    span: Span = _span()


@frozen(repr=False)
class Happens(Node):
    """An event that is named without a number occurs (出现严重违规), or does not (无差错)."""

    event: str
    occurs: bool = True
    span: Span = _span()


@frozen(repr=False)
class Faultless(Node):
    """按时完成得满分, before 每延误1天扣2分: the case that nothing is taken from."""

    label: str
    span: Span = _span()


Condition = Comparison | Between | Every | Either | Happens | Faultless


@frozen(repr=False)
class Lead(Node):
    """Words that carry no clause; they are kept, printed back and noted."""

    text: str
    span: Span = _span()


@frozen(repr=False)
class Deadline(Node):
    """每月25日前: what lateness is counted from, in the canonical words that kpilib.period reads."""

    due: str
    span: Span = _span()


@frozen(repr=False)
class FullMarks(Node):
    """满分N分."""

    marks: Amount
    span: Span = _span()


@frozen(repr=False)
class Target(Node):
    """考核目标值为T, with a bound word or a range where the text has one; `earns` where it says what T earns."""

    metric: str
    operator: Operator
    amount: Amount
    high: Amount | None = None
    span: Span = _span()


@frozen(repr=False)
class StepPart(Node):
    """One way of moving a step: 每减少一家 … 或潜在值降低15万."""

    metric: str
    direction: Direction
    amount: Amount
    of_target: bool = False


@frozen(repr=False)
class Step(Node):
    """每低1%减2分: for each amount away from the start."""

    parts: tuple[StepPart, ...]
    award: Award
    per: bool = True  # whether 每 is written
    full_steps: bool = False  # 每满
    span: Span = _span()


@frozen(repr=False)
class Occurrence(Node):
    """迟到一次扣1分: for each time that something happens."""

    event: str
    amount: Amount
    award: Award
    per: bool = True
    full_steps: bool = False
    single: bool = False  # a name alone (未戴安全帽扣2分): what a second time costs is not said
    span: Span = _span()


@frozen(repr=False)
class Discretion(Node):
    """执行不到位的酌情扣1-5分: marks that a person adds or takes within bounds."""

    event: str
    award: Award
    span: Span = _span()


@frozen(repr=False)
class Checklist(Node):
    """主管对下列事项满意：…: items to tick off under their leads, and what each earns or costs (None: their share)."""

    groups: tuple[tuple[str, tuple[str, ...]], ...]
    each: Award | None = None
    shared: bool = field(default=False, eq=False)  # whether the words say that the share counts (按比例计分)
    span: Span = _span()


@frozen(repr=False)
class Rung(Node):
    """A condition and what it earns: a rung of a ladder, or a zero rule."""

    condition: Condition
    award: Award | Proportional
    span: Span = _span()


@frozen(repr=False)
class Proportional(Node):
    """按完成比例计分, 得分=完成率×50分; `whole` is what a ratio of 1 earns (None: the full marks)."""

    metric: str
    by_target: bool = False
    whole: Amount | None = None
    computed: bool = field(default=False, eq=False)  # 计算, without 得分: may tell how the rate is found
    capped: bool = False  # the words speak of 满分 or 标准分, not just of a weight
    complement: bool = False  # 得分=(1-差错率)×N分
    span: Span = _span()


LimitKind = Literal["gain", "loss", "score", "floor", "any", "any_floor", "full", "unlimited", "nothing", "ratio"]


@frozen(repr=False)
class Limit(Node):
    """最高加N分 (gain), 最多扣N分 (loss), 加至N分 (score), 扣至N分 (floor), 不超过满分 (full), 最高不超过 (any).

    不封顶 is unlimited, 扣完为止 is nothing, 超过120%的按120%计算 is a bound of the ratio.
    """

    kind: LimitKind
    points: Amount | None = None
    total: bool = False  # 累计, 合计: binds all adjustments of its sign, whatever binds them already
    span: Span = _span()


@frozen(repr=False)
class PartOfStep(Node):
    """What an unfinished step counts: 不足1%不计 (floor), 按1%计 (ceil), 按比例 (linear)."""

    mode: Literal["floor", "ceil", "linear"]
    span: Span = _span()
    amounts: tuple[Amount, ...] = field(default=(), eq=False)  # as written; they must repeat the size of a step


@frozen(repr=False)
class Series(Node):
    """以此类推."""

    span: Span = _span()


@frozen(repr=False)
class Highest(Node):
    """同项按最高级别计一次分: of the labels of one matter only the highest counts, so they are a choice."""

    span: Span = _span()


@frozen(repr=False)
class Choice(Node):
    """A label that a person picks, and what it earns."""

    label: str
    award: Award
    span: Span = _span()


@frozen(repr=False)
class Otherwise(Node):
    """否则: what every case that no other clause covers earns."""

    award: Award | Proportional
    span: Span = _span()


Clause = (
    Lead
    | Deadline
    | FullMarks
    | Target
    | Step
    | Occurrence
    | Discretion
    | Checklist
    | Rung
    | Proportional
    | Limit
    | PartOfStep
    | Series
    | Highest
    | Choice
    | Otherwise
)


@frozen(repr=False)
class RuleTree(Node):
    """All clauses of one rule in the order of the text."""

    clauses: tuple[Clause, ...]
    source: str = field(default="", eq=False, repr=False)


def conditions(condition: Condition) -> tuple[Comparison | Between | Happens | Faultless, ...]:
    """The single comparisons of a condition."""
    if isinstance(condition, (Every, Either)):
        return tuple(leaf for part in condition.parts for leaf in conditions(part))
    return (condition,)
