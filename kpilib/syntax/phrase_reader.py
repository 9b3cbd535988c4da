"""From the parser's trees to phrases."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from attrs import evolve

from kpilib.quantity import PLAIN
from kpilib.syntax.lexer import Word
from kpilib.syntax.measure_reader import Measures, amount_of
from kpilib.syntax.numbers import amounts_in
from kpilib.syntax.phrases import (
    Based,
    Defined,
    Else,
    Factor,
    Full,
    Gap,
    Given,
    Joint,
    LimitHere,
    Measure,
    Note,
    Phrase,
    Shared,
    Stated,
    Targeted,
    Words,
)
from kpilib.syntax.tree import Amount, Award, Highest, Limit, LimitKind, PartOfStep, Points, Series
from kpilib.text import Span

_VERBS: dict[str, Literal["set", "gain", "deduct"]] = {"SET": "set", "GAIN": "gain", "DEDUCT": "deduct"}
_OUTCOMES: dict[str, Award] = {
    "FULL": Award("set", Points("full")),
    "ZERO": Award("set", Points("zero")),
    "NO_CHANGE": Award("deduct", Points("zero")),
    "JUDGED_SET": Award("set", Points("judged")),
}
_LIMITS: dict[str, LimitKind] = {
    "LIMIT_GAIN": "gain", "LIMIT_LOSS": "loss", "LIMIT_BOTH": "gain", "LIMIT_SCORE": "score", "LIMIT_ANY": "any", "FLOOR_SCORE": "floor",
    "FLOOR_ZERO": "floor", "LIMIT_FULL": "full", "NO_LIMIT": "unlimited", "TO_NOTHING": "nothing",
}  # fmt: skip
_PARTS: dict[str, Literal["floor", "ceil", "linear"]] = {
    "PART_UP": "ceil",
    "PART_DOWN": "floor",
    "PART_LINEAR": "linear",
}
# What a verb that sets points has in it; 该项2分 has none.
_SETTING = "得记计为评打给按判算定是:=降减获"


class Reader(Measures):
    """Reads the parser's trees with the words at hand."""

    def phrase(self, tree: Any) -> Phrase:
        """The phrase of one tree."""
        span = self.span(tree)
        phrase: Phrase = getattr(self, f"_{tree.data}")(tree, span)
        return phrase

    def _words(self, tree: Any, span: Span) -> Phrase:
        return Words(self.word(tree.children[0]), span)

    def _gap(self, tree: Any, span: Span) -> Phrase:
        return Gap(self.word(tree.children[0]).text, span)

    def _note(self, tree: Any, span: Span) -> Phrase:
        return Note(self.word(tree.children[0]).text, span)

    def _joint(self, tree: Any, span: Span) -> Phrase:
        return Joint("or" if self.word(tree.children[0]).kind == "OR_JOIN" else "and", span)

    def _otherwise(self, tree: Any, span: Span) -> Phrase:
        return Else(self.word(tree.children[0]).text, span)

    def _award(self, tree: Any, span: Span) -> Phrase:
        judged = tree.children[0].type == "JUDGED"
        verb, points_token, *tail = tree.children[1:] if judged else tree.children
        kind = _VERBS[self.word(verb).kind]
        word = self.word(points_token)
        number = word.number
        per_unit = ""
        for token in tail:
            if token.type == "PER_UNIT":
                per_unit = self.word(token).text[1:]
        if word.kind == "MARKS_RANGE" and number is not None:
            ends = sorted(
                (amount_of(number, word.span), amount_of(number, word.span, high=True)), key=lambda end: end.base
            )
            return Given(Award(kind, Points("judged", *ends), span), per_unit, span)
        if judged:
            return Given(Award(kind, Points("judged"), span), per_unit, span)
        if number is None:
            return Given(Award(kind, Points("marks", None), span), per_unit, span)
        amount = amount_of(number, word.span)
        said = self.word(verb).text
        verbless = kind == "set" and amount.value != 0 and not any(sign in said for sign in _SETTING)
        if kind == "set" and amount.value is not None and (amount.value < 0 or number.plus):  # 每低1%：-0.3分
            kind = "gain" if number.plus else "deduct"
            amount = evolve(amount, value=abs(amount.value))
        if amount.unit.kind == "rate":
            points = Points("share", amount)
        elif amount.value == 0:
            points = Points("zero")
        else:
            points = Points("marks", amount)
        return Given(Award(kind, points, span), per_unit, span, blank=word.kind == "MARKS_BLANK", verbless=verbless)

    def _per_each(self, tree: Any, span: Span) -> Phrase:
        """+10分/小时, -5分/次; without a sign there is no verb."""
        word, unit = self.word(tree.children[0]), self.word(tree.children[1]).text[1:]
        assert word.number is not None
        amount = amount_of(word.number, word.span)
        if amount.value is None or not (word.number.plus or amount.value < 0):
            return Given(Award("set", Points("marks", amount), span), unit, span, verbless=True)
        points = Points("marks", evolve(amount, value=abs(amount.value)))
        return Given(Award("gain" if word.number.plus else "deduct", points, span), unit, span)

    def _outcome(self, tree: Any, span: Span) -> Phrase:
        return Given(evolve(_OUTCOMES[self.word(tree.children[0]).kind], span=span), span=span)

    def _target(self, tree: Any, span: Span) -> Phrase:
        measure = self.phrase(tree.children[1])
        assert isinstance(measure, Measure)
        return Targeted(measure, span)

    def _base(self, tree: Any, span: Span) -> Phrase:
        return Based(span)

    def _full_marks(self, tree: Any, span: Span) -> Phrase:
        word = self.word(tree.children[1])
        assert word.number is not None
        return Full(amount_of(word.number, word.span), span)

    def _limit(self, tree: Any, span: Span) -> Phrase:
        word, number = self.word(tree.children[0]), self.word(tree.children[1])
        assert number.number is not None
        amount = amount_of(number.number, number.span)
        kind = _LIMITS[word.kind]
        if kind == "floor" and "不低于" in word.text and (amount.value or 0) < 0:
            kind = "any_floor"
        total = kind in ("gain", "loss", "any") and any(sign in word.text for sign in ("累计", "合计", "总计", "总共"))
        return Stated(Limit(kind, amount, total, span), span, both=word.kind == "LIMIT_BOTH")

    def _stated(self, tree: Any, span: Span) -> Phrase:
        kind = self.word(tree.children[0]).kind
        if kind in _PARTS:
            return Stated(PartOfStep(_PARTS[kind], span, amounts_in(self.word(tree.children[0]).text)), span)
        if kind == "SERIES":
            return Stated(Series(span), span)
        if kind == "HIGHEST":
            return Stated(Highest(span), span)
        if kind in ("AS_LIMIT", "AS_FLOOR"):
            return LimitHere("score" if kind == "AS_LIMIT" else "floor", span)
        if kind == "RATIO_CAP":
            ends = amounts_in(self.word(tree.children[0]).text)
            return Stated(Limit("ratio", ends[-1], span=span), span, ends)
        zero = Amount(Fraction(0), PLAIN, span) if kind == "FLOOR_ZERO" else None
        return Stated(Limit(_LIMITS[kind], zero, span=span), span)

    def _proportional(self, tree: Any, span: Span) -> Phrase:
        word = self.word(tree.children[1].children[0]) if len(tree.children) == 3 else None
        return Shared(word, span)

    def _by_factor(self, tree: Any, span: Span) -> Phrase:
        return Shared(self.word(tree.children[1].children[0]), span, factor_only=True)

    def _factor(self, tree: Any, span: Span, *, opens: bool = False, scores: bool = False) -> Phrase:
        child = tree.children[0]
        if hasattr(child, "start_pos"):
            word = self.word(child)
            if word.kind == "COMPLEMENT":
                return Factor(word, span, opens, scores, complement=True)
            return Factor("full", span, opens, scores)
        if child.data == "words":
            return Factor(self.word(child.children[0]), span, opens, scores)
        return Factor(self.number(child)[0], span, opens, scores)

    def _score_is(self, tree: Any, span: Span) -> Phrase:
        return self._factor(tree.children[1], span, opens=True)

    def _times(self, tree: Any, span: Span) -> Phrase:
        return self._factor(tree.children[1], span, scores=len(tree.children) == 3)

    def _definition(self, tree: Any, span: Span) -> Phrase:
        return Defined(self.word(tree.children[1].children[0]), span)


def phrases(trees: list[Any], words: list[Word]) -> list[Phrase]:
    """The phrases of the parser's trees."""
    reader = Reader(words)
    return [reader.phrase(tree) for tree in trees]
