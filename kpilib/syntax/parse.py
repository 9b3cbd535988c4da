"""From words to phrases: the LALR table of the grammar run over the words of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from kpilib.errors import RuleSyntaxError
from kpilib.syntax.lexer import Word, classes
from kpilib.syntax.table import table
from kpilib.text import Span

_END = "$END"

# What may stand at a place, in the author's words: the first terminal of a row that the parser accepts names it.
_EXPECTED = (
    (("WAY",), "方向（高、低、多、少、增加、减少……）"),
    (("MARKS", "MARKS_BLANK"), "分数（例如 2分）"),
    (("RATE", "QUANTITY"), "带单位的数（例如 1%、3次、5万元）"),
    (("VERB",), "得分或扣分（例如 扣2分）"),
    (("AFTER",), "以上、以下、以内"),
    (("TIMES_SIGN",), "×"),
)


class Token(NamedTuple):
    """A word in a tree: its terminal, and its index among the words of the rule."""

    type: str
    start_pos: int


class Tree:
    """A phrase or a part of one: the name of its rule and what it is made of."""

    __slots__ = ("children", "data")

    def __init__(self, data: str, children: list[Tree | Token]) -> None:
        self.data = data
        self.children = children

    def scan_values(self, wanted: Callable[[Token], bool]) -> Iterator[Token]:
        """The wanted tokens at any depth, in their order."""
        for child in self.children:
            if isinstance(child, Tree):
                yield from child.scan_values(wanted)
            elif wanted(child):
                yield child


def parse(words: list[Word], source: str) -> list[Tree | Token]:
    """The phrases of a rule; each token's `start_pos` is the index of its word.

    Raises:
        RuleSyntaxError: a word stands where none of its kind can stand.
    """
    shared = classes()
    states, values = [0], list[Tree | Token]()
    for place, kind in enumerate([*(shared.get(word.kind, word.kind) for word in words), _END]):
        state = _next(states, values, kind)
        if state is None:
            raise _explained(states, values, place, words, source)
        states.append(state)
        values.append(Token(kind, place))
    whole = values[0]
    assert isinstance(whole, Tree)
    return whole.children


def _next(states: list[int], values: list[Tree | Token], terminal: str) -> int | None:
    """The state after a terminal, once each rule that ends before it is a tree; none where it cannot stand."""
    rules, actions = table()
    while (action := actions[states[-1]].get(terminal)) is not None and action < 0:
        rule = rules[~action]
        first = len(values) - len(rule.symbols)
        children: list[Tree | Token] = []
        for symbol, value in zip(rule.symbols, values[first:], strict=True):
            if not (isinstance(value, Tree) and symbol.startswith("_")):
                children.append(value)
            elif children:
                children += value.children
            else:
                children = value.children  # a helper's list grows: a long text is not copied at each phrase
        del values[first:], states[first + 1 :]
        values.append(children[0] if rule.alone and len(children) == 1 else Tree(rule.name, children))
        states.append(actions[states[-1]][rule.name])
    return action


def _explained(
    states: list[int], values: list[Tree | Token], place: int, words: list[Word], source: str
) -> RuleSyntaxError:
    def fits(terminal: str) -> bool:
        return _next([*states], [*values], terminal) is not None

    expected = "、".join(text for names, text in _EXPECTED if any(fits(name) for name in names))
    if place == len(words):
        last = words[-1]
        return RuleSyntaxError(
            f"「{last.text}」后面还缺东西",
            code="KPI104",
            span=Span(last.span.end, last.span.end),
            source=source,
            hint=f"这里应当是：{expected}" if expected else "",
        )
    word = words[place]
    before = words[place - 1].text if place else ""
    message = f"读到「{before}」，后面的「{word.text}」接不上" if before else f"「{word.text}」不能在开头"
    return RuleSyntaxError(
        message, code="KPI104", span=word.span, source=source, hint=f"这里应当是：{expected}" if expected else ""
    )
