"""From the parser's trees to phrases."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from attrs import evolve

from kpilib.quantity import PLAIN
from kpilib.syntax.lexer import Word
from kpilib.syntax.numbers import Found, amounts_in
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
from kpilib.syntax.tree import Amount, Award, Direction, Limit, LimitKind, Operator, PartOfStep, Points, Series
from kpilib.text import Span

_OPERATORS: dict[str, Operator] = {"ABOVE": ">", "BELOW": "<", "AT_LEAST": ">=", "AT_MOST": "<="}


def amount_of(found: Found, span: Span, *, high: bool = False) -> Amount:
    """The tree's amount for a number of the text."""
    source = found.high if high and found.high is not None else found.low
    return evolve(source, span=span)


MIRRORED: dict[Operator, Operator] = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}
_VERBS: dict[str, Literal["set", "gain", "deduct"]] = {"SET": "set", "GAIN": "gain", "DEDUCT": "deduct"}
_OUTCOMES: dict[str, Award] = {
    "FULL": Award("set", Points("full")),
    "ZERO": Award("set", Points("zero")),
    "NO_CHANGE": Award("deduct", Points("zero")),
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


class Reader:
    """Reads the parser's trees with the words at hand."""

    def __init__(self, words: list[Word]) -> None:
        self.words = words
        self.of_the = False  # whether the last reference to the target ended in 的: 目标值的95%

    def word(self, token: Any) -> Word:
        """The word behind a token."""
        word: Word = self.words[token.start_pos]
        return word

    def span(self, tree: Any) -> Span:
        """The place of a tree in the author's text."""
        tokens = [token for token in tree.scan_values(lambda value: hasattr(value, "start_pos"))]
        return self.word(tokens[0]).span.cover(self.word(tokens[-1]).span)

    def number(self, tree: Any) -> tuple[Amount, bool, Found]:
        """Amount, whether it is a share of the target, and the raw number, of an `amount` in the grammar."""
        if tree.data == "share_of_target":
            amount, _, found = self.number(tree.children[1])
            return amount, True, found
        word = self.word(tree.children[0])
        assert word.number is not None
        return amount_of(word.number, word.span), False, word.number

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

    def _step(self, tree: Any, span: Span) -> Phrase:
        direction: Direction = "up"
        inside: Word | None = None
        of_target = False
        for child in tree.children:
            kind = self.word(child).kind if hasattr(child, "start_pos") else child.data
            if kind in ("DOWN", "_below") or (kind == "BELOW"):
                direction = "down"
            if kind == "words":
                inside = self.word(child.children[0])
            if kind == "reference":
                inside, of_target = self._reference(child)
        amount, _, found = self.number(tree.children[-1])
        return Measure(
            "step", span, amount, direction=direction, inside=inside, of_target=of_target, absolute=found.absolute
        )

    def _reference(self, tree: Any) -> tuple[Word | None, bool]:
        """The words before the number, and whether it is held against the target."""
        inside: Word | None = None
        of_target = False
        for child in tree.children:
            if hasattr(child, "start_pos"):
                of_target = True
                self.of_the = self.word(child).text.endswith("的")
            else:
                inside = self.word(child.children[0])
        return inside, of_target

    def _per_amount(self, tree: Any, span: Span) -> Phrase:
        amount, _, found = self.number(tree.children[-1])
        inside = self.word(tree.children[1].children[0]) if len(tree.children) == 3 else None
        return Measure(
            "per", span, amount, inside=inside, full_steps=tree.children[0].type == "PER_FULL", absolute=found.absolute
        )

    def _change(self, tree: Any, span: Span) -> Phrase:
        amount, _, found = self.number(tree.children[1])
        direction: Direction = "up" if self.word(tree.children[0]).kind == "UP" else "down"
        word = self.word(tree.children[0])
        if len(tree.children) == 3:
            operator = self._beyond(tree.children[2], direction)
            return Measure(
                "bound", span, amount, operator=operator, inside=word, absolute=found.absolute, beyond=direction
            )
        return Measure("change", span, amount, direction=direction, inside=word, absolute=found.absolute)

    def _each(self, tree: Any, span: Span) -> Phrase:
        word = self.word(tree.children[0])
        return Measure("each", span, inside=word)

    def _after(self, token: Any) -> Operator:
        text = self.word(token).text
        strict = "不含" in text or "不包" in text or "以外" in text
        if "上" in text or "外" in text:
            return ">" if strict else ">="
        return "<" if strict else "<="

    def _bounded(self, tree: Any, span: Span) -> Phrase:
        amount, share, found = self.number(tree.children[0])
        word, operator = self.word(tree.children[1]).text, self._after(tree.children[1])
        within = "内" in word and not share
        return Measure(
            "bound", span, amount, operator=operator, of_target=share, absolute=found.absolute, bound_word=word, within=within
        )  # fmt: skip

    def _before(self, tree: Any, span: Span) -> Phrase:
        first = tree.children[0]
        if first.type == "EQUALS":
            exact, _, found = self.number(tree.children[1])
            return Measure("exact", span, exact, bound_word="=", absolute=found.absolute)
        operator = _OPERATORS[self.word(first).kind]
        inside: Word | None = None
        of_target = False
        amount: Amount | None = None
        absolute = False
        twice = False
        after: Any = None
        for child in tree.children[1:]:
            if hasattr(child, "start_pos") and child.type == "AFTER":
                twice, after = True, child
            elif hasattr(child, "start_pos"):
                operator = self._included(operator, self.word(child).text)
            elif child.data == "reference":
                inside, of_target = self._reference(child)
            else:
                amount, _, found = self.number(child)
                absolute = found.absolute
        word = self.word(first).text
        side: Direction = "up" if operator[0] == ">" else "down"
        if twice and of_target and not self.of_the:  # 低于目标值20%以上: at least 20% below it
            operator = self._beyond(after, side)
        return Measure(
            "bound",
            span,
            amount,
            operator=operator,
            inside=inside,
            of_target=of_target,
            absolute=absolute,
            bound_word=word,
            twice=twice,
            beyond=side if of_target and not self.of_the else "",
        )

    def _excess(self, tree: Any, span: Span) -> Phrase:
        amount, _, found = self.number(tree.children[2])
        direction: Direction = "up" if self.word(tree.children[0]).kind == "UP" else "down"
        operator = self._beyond(tree.children[3], direction)
        way = self.word(tree.children[0]).text
        return Measure(
            "bound",
            span,
            amount,
            operator=operator,
            of_target=True,
            absolute=found.absolute,
            bound_word=way,
            beyond=direction,
        )

    def _beyond(self, token: Any, direction: Direction) -> Operator:
        """低5%以上 is 5% or more below: the further, the smaller."""
        after = self._after(token)
        return after if direction == "up" else MIRRORED[after]

    def _included(self, operator: Operator, text: str) -> Operator:
        """(含) and (不含) override the bound word."""
        widened: dict[str, Operator] = {">": ">=", "<": "<="}
        narrowed: dict[str, Operator] = {">": ">", "<": "<"}
        return (narrowed if "不" in text else widened)[operator[0]]

    def _reach(self, tree: Any, span: Span) -> Phrase:
        if hasattr(tree.children[1], "start_pos"):
            return self._range(type(tree)(tree.data, tree.children[1:]), span)
        amount, share, found = self.number(tree.children[1])
        operator: Operator = ">="
        if len(tree.children) == 3:
            operator = self._after(tree.children[2])
        return Measure(
            "bound",
            span,
            amount,
            operator=operator,
            of_target=share,
            absolute=found.absolute,
            bound_word=self.word(tree.children[0]).text,
        )

    def _chain(self, tree: Any, span: Span) -> Phrase:
        first, _, _ = self.number(tree.children[0])
        last, _, _ = self.number(tree.children[4])
        left = self.word(tree.children[1]).text
        right = _OPERATORS[self.word(tree.children[3]).kind]
        inside = self.word(tree.children[2].children[0])
        ascending = left in ("<", "<=", "≤")
        if ascending != (right in ("<", "<=")):
            return Measure("between", span, first, last, operator="==", inside=inside, bound_word="damaged")
        if ascending:
            return Measure(
                "between", span, first, last, operator=">" if left == "<" else ">=", high_operator=right, inside=inside
            )
        return Measure(
            "between", span, last, first, operator=right, high_operator="<" if left == ">" else "<=", inside=inside
        )

    def _range(self, tree: Any, span: Span) -> Phrase:
        word = self.word(tree.children[0])
        assert word.number is not None
        low, high = amount_of(word.number, word.span), amount_of(word.number, word.span, high=True)
        after = self.word(tree.children[1]).text if len(tree.children) == 2 else ""
        strict = "不" in after
        return Measure(
            "between", span, low, high, operator=">=", high_operator="<" if strict else "<=", bound_word=after
        )

    def _plain(self, tree: Any, span: Span) -> Phrase:
        amount, share, found = self.number(tree.children[0])
        return Measure("exact", span, amount, of_target=share, absolute=found.absolute, plus=found.plus)

    def _at_target(self, tree: Any, span: Span) -> Phrase:
        operators: dict[str, Operator] = {
            "AT_TARGET": ">=", "ABOVE_TARGET": ">", "BELOW_TARGET": "<", "AT_MOST_TARGET": "<=", "AT_LEAST_TARGET": ">=",
        }  # fmt: skip
        word = self.word(tree.children[0])
        operator = operators[self.word(tree.children[0]).kind]
        if word.text[:2] in ("刚好", "正好", "恰好", "等于"):
            operator = "=="
        return Measure("target", span, None, operator=operator, of_target=True, bound_word=word.text)

    def _award(self, tree: Any, span: Span) -> Phrase:
        kind = _VERBS[self.word(tree.children[0]).kind]
        word = self.word(tree.children[1])
        number = word.number
        per_unit = ""
        for token in tree.children[2:]:
            if token.type == "PER_UNIT":
                per_unit = self.word(token).text[1:]
        if number is None or word.kind == "MARKS_RANGE":
            return Given(Award(kind, Points("marks", None), span), per_unit, span)
        amount = amount_of(number, word.span)
        said = self.word(tree.children[0]).text
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
        if kind in ("AS_LIMIT", "AS_FLOOR"):
            return LimitHere("score" if kind == "AS_LIMIT" else "floor", span)
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
