"""Measures: what is compared with, or counted in, a number, from the parser's trees."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from kpilib.syntax.lexer import Word
from kpilib.syntax.numbers import Found
from kpilib.syntax.phrases import Measure, Phrase
from kpilib.syntax.tree import Amount, Direction, Operator
from kpilib.text import Span

_OPERATORS: dict[str, Operator] = {"ABOVE": ">", "BELOW": "<", "AT_LEAST": ">=", "AT_MOST": "<="}


def amount_of(found: Found, span: Span, *, high: bool = False) -> Amount:
    """The tree's amount for a number of the text."""
    source = found.high if high and found.high is not None else found.low
    return evolve(source, span=span)


MIRRORED: dict[Operator, Operator] = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "==": "=="}


class Measures:
    """Reads the trees of measures with the words at hand."""

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
        if twice and inside is None and not of_target and word in ("超出", "高出", "多出"):
            return Measure(
                "bound",
                span,
                amount,
                operator=self._beyond(after, "up"),
                absolute=absolute,
                bound_word=word,
                beyond="up",
            )  # 超出5个百分点以上: 5 or more above it
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
