"""From phrases to clauses: what a condition and its award, or a statement, say together.

The parser reads shapes; here a shape becomes a step, an occurrence, a rung, a choice or a refusal.  Doubtful shapes
(`Counted`, `Labelled`) wait until the whole rule is known; kpilib/syntax/settle.py decides them.
"""

from __future__ import annotations

from attrs import evolve

from kpilib.quantity import MARKS
from kpilib.syntax.awards import Awards
from kpilib.syntax.heads import heads
from kpilib.syntax.names import demand_free, name_of
from kpilib.syntax.parts import Part
from kpilib.syntax.phrases import (
    Based,
    Defined,
    Else,
    Factor,
    Full,
    Gap,
    Given,
    LimitHere,
    Measure,
    Phrase,
    Shared,
    Stated,
    Targeted,
    Words,
)
from kpilib.syntax.tree import (
    Award,
    Clause,
    FullMarks,
    Lead,
    Limit,
    Points,
)
from kpilib.text import Span, normalise


class Assembler(Awards):
    """Walks the phrases of one sentence."""

    def run(self, phrases: list[Phrase]) -> list[Part]:
        """The clauses of one sentence.

        Raises:
            RuleSyntaxError: words or numbers are left that no clause explains.
        """
        for index, phrase in enumerate(phrases):
            if self.factors and not isinstance(phrase, Factor):
                self._formula()
            following = phrases[index + 1] if index + 1 < len(phrases) else None
            self._take(phrase, following, phrases, index)
        if self.factors:
            self._formula()
        self._flush(last=True)
        return self.parts

    def _take(self, phrase: Phrase, following: Phrase | None, phrases: list[Phrase], index: int) -> None:
        match phrase:
            case Given(blank=True) if (
                isinstance(following, Gap) and following.signs[0] in ":(" and not heads(self.pending).items
            ):
                self.pending = []  # 可用性扣分：a heading
                self.parts.append(Lead(self._heading(phrases, index), phrase.span))
            case Given(award=award):
                self._award(phrase, award)
            case Measure() if self._is_bare_award(phrase, phrases, index):
                self._bare(phrase, phrases, index)
            case Stated(amounts=amounts, span=span) if len({amount.base for amount in amounts}) > 1:
                raise self.refuse(
                    "KPI118",
                    "前后两个百分数不同",
                    span,
                    hint="写成一样的数",
                    example="按完成率计分，超过120%的按120%计算",
                )
            case Stated(clause=clause, both=both):
                self._stated(clause)
                if both and isinstance(clause, Limit):
                    self.parts.append(evolve(clause, kind="loss"))
            case Targeted(measure=measure, span=span):
                self._target(measure, span)
            case Based(span=span):
                self._based(span)
            case Full(marks=marks, span=span):
                if heads(self.pending).items:  # 达到100%，基础分70分
                    self._award(None, Award("set", Points("marks", evolve(marks, unit=MARKS)), span))
                    return
                self._flush()
                self.parts.append(FullMarks(evolve(marks, unit=MARKS), span))
            case LimitHere(kind=kind, span=span):
                self._limit_here(kind, span)
            case Shared(factor_only=True) if isinstance(following, Factor):
                self.factors.append(Factor(phrase.word or "full", phrase.span))
            case Shared(word=word, span=span):
                self._proportional(word.text if word else "", span, None)
            case Factor():
                if not self.factors and not phrase.opens:
                    self._first_factor(phrase)
                self.factors.append(phrase)
            case Defined(span=span):
                self._defined(phrase)
            case Else():
                self._flush()
                self.otherwise = phrase
            case _:
                self.pending.append(phrase)

    def _heading(self, phrases: list[Phrase], index: int) -> str:
        """The words of a heading such as 可用性扣分."""
        before = phrases[index - 1] if index else None
        words = before.word.text if isinstance(before, Words) else ""
        if isinstance(before, Words):
            demand_free(before.word, self.source)
        span = phrases[index].span
        return words + normalise(self.source[span.start : span.end])

    def _stated(self, clause: Clause) -> None:
        assert isinstance(clause, Limit) or clause is not None
        head = heads(self.pending)
        if (
            isinstance(clause, Limit)
            and clause.kind == "floor"
            and head.items
            and (clause.points is None or clause.points.value == 0)
        ):
            self._award(None, Award("set", Points("zero"), clause.span))
            return
        self._flush()
        self.parts.append(clause)

    def _target(self, measure: Measure, span: Span) -> None:
        name = ""
        if self.pending and isinstance(self.pending[-1], Words):  # 家访考核目标值为12次
            before = self.pending[-1]
            name = name_of(before.word.text)
            demand_free(before.word, self.source)
            if len(name) == 1:
                raise self.refuse("KPI105", f"看不懂这里的「{name}」", before.span, example="考核目标值为90%")
            self.pending.pop()
        self._flush()
        self.parts.append(self._as_target(name, measure, span))

    def _based(self, span: Span) -> None:
        """以98%为基准: the number just before is the target."""
        head = heads(self.pending)
        if (
            not head.items
            or head.items[-1].measure.kind not in ("exact", "bound", "between")
            or len(head.items) != 1
            or head.tail_segments
        ):
            raise self.refuse("KPI104", "「为基准」前面要有一个带单位的数", span, example="以98%为基准，每低1%扣2分")
        item = head.items[-1]
        self.pending = []
        self._lead(head.leads)
        name = name_of(item.before.text) if item.before else ""
        self._check_name(item)
        self.parts.append(self._as_target(name, item.measure, item.measure.span.cover(span)))

    def _limit_here(self, kind: str, span: Span) -> None:
        head = heads(self.pending)
        if (
            not self.pending
            and self.parts
            and isinstance(self.parts[-1], Limit)
            and self.parts[-1].kind == "score"
            and kind == "score"
        ):
            return  # 加至25分为上限
        if len(head.items) != 1 or head.items[-1].measure.kind != "exact" or head.items[-1].measure.amount is None:
            raise self.refuse("KPI104", "前面要有分数", span, example="最高加5分")
        item = head.items[-1]
        self.pending = []
        self._lead(head.leads)
        if item.before is not None and name_of(item.before.text):
            demand_free(item.before, self.source)
            self.parts.append(Lead(item.before.text, item.before.span))
        self.parts.append(Limit("floor" if kind == "floor" else "score", item.measure.amount, span=span))
