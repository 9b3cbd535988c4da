"""From the parser's tree to phrases: measures, awards, statements, stretches of text, in the order of the text."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kpilib.syntax.lexer import Word
from kpilib.syntax.tree import Amount, Award, Direction, Highest, Limit, LimitKind, Operator, PartOfStep, Series
from kpilib.text import Span


class Words(NamedTuple):
    """A stretch of text."""

    word: Word
    span: Span


class Gap(NamedTuple):
    """A separator, with its signs."""

    signs: str
    span: Span

    @property
    def hard(self) -> bool:
        """Whether it ends a sentence: 。； or an item number."""
        return any(sign in ";。Ｉ!?" for sign in self.signs)


class Note(NamedTuple):
    """Text in brackets that only comments, or an example (例如…)."""

    text: str
    span: Span


class Joint(NamedTuple):
    """或 or 且 between two conditions."""

    kind: Literal["or", "and"]
    span: Span


class Measure(NamedTuple):
    """A number and how it is held against the metric."""

    kind: Literal["step", "per", "each", "change", "bound", "between", "exact", "target"]
    span: Span
    amount: Amount | None = None
    high: Amount | None = None
    operator: Operator = "=="
    high_operator: Operator = "<="
    direction: Direction | None = None
    of_target: bool = False
    inside: Word | None = None  # the words between 每 or the bound word and the number
    full_steps: bool = False
    absolute: bool = False
    bound_word: str = ""
    plus: bool = False  # +5分
    beyond: Literal["", "up", "down"] = ""  # 超合同工期10%以上: the number is how far beyond the target
    twice: bool = False  # two bound words
    within: bool = False  # 以内


class Given(NamedTuple):
    """An award."""

    award: Award
    per_unit: str = ""
    span: Span = Span(0, 0)
    verbless: bool = False  # 该项2分
    blank: bool = False  # 减分 without any sign of a blank


class Stated(NamedTuple):
    """A statement that needs no condition: a limit, an unfinished step, a series."""

    clause: Limit | PartOfStep | Series | Highest
    span: Span
    amounts: tuple[Amount, ...] = ()  # of 超过120%的按120%计算, which must be the same
    both: bool = False  # 加扣分不超过5分: a limit of what is added and of what is taken


class Targeted(NamedTuple):
    """考核目标值为 …"""

    measure: Measure
    span: Span


class Based(NamedTuple):
    """为基准, after a number."""

    span: Span


class Full(NamedTuple):
    """满分N分."""

    marks: Amount
    span: Span


class LimitHere(NamedTuple):
    """为上限 or 为下限, after points."""

    kind: LimitKind
    span: Span


class Shared(NamedTuple):
    """按 … 比例计分; `factor_only` where × follows instead of 计分."""

    word: Word | None
    span: Span
    factor_only: bool = False


class Factor(NamedTuple):
    """One factor of a formula: words, a number or the full marks; `opens` after 得分=, `scores` before =得分."""

    value: Word | Amount | Literal["full"]
    span: Span
    opens: bool = False
    scores: bool = False
    complement: bool = False  # (1-差错率)


class Defined(NamedTuple):
    """= words: what a metric is computed from; not scored."""

    word: Word
    span: Span


class Else(NamedTuple):
    """否则."""

    text: str
    span: Span


Phrase = (
    Words
    | Gap
    | Note
    | Joint
    | Measure
    | Given
    | Stated
    | Targeted
    | Based
    | Full
    | LimitHere
    | Shared
    | Factor
    | Defined
    | Else
)
