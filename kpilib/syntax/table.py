"""The LALR table of grammar/rule.lark, as grammar/table.txt holds it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from zlib import crc32

from kpilib.syntax.lexer import classes, grammar_text, vocabulary


class Rule(NamedTuple):
    """A rule of the grammar, with its helpers."""

    name: str
    symbols: tuple[str, ...]
    alone: bool  # whether a single child stands for the rule's tree


class Table(NamedTuple):
    """What to do in each state before each symbol: go on to a state, or below zero end the rule with number `~action`."""

    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]


def declared() -> str:
    """The rule grammar with every vocabulary terminal declared, since the words come typed from our own lexer."""
    names = sorted({classes().get(name, name) for name, _ in vocabulary()} | {"TEXT"})
    return grammar_text("rule.lark") + "\n%declare " + " ".join(names) + "\n"


def stamp(grammar: str) -> str:
    """The line that says which grammar a table is of."""
    return f"grammar {crc32(grammar.encode('utf-8')):08x}"


def read(text: str) -> Table:
    """The table of a text that `kpilib.syntax.lalr.table_text` wrote."""
    rules: list[Rule] = []
    sets: list[list[str]] = []
    states: list[dict[str, int]] = []
    for line in text.splitlines()[2:]:
        kind, *parts = line.split(" ")
        if kind == "rule":
            rules.append(Rule(parts[0].removeprefix("?"), tuple(parts[1:]), parts[0].startswith("?")))
        elif kind == "set":
            sets.append(parts)
        else:
            actions: dict[str, int] = {}
            for symbol, number in zip(parts[::2], parts[1::2], strict=True):
                if symbol.startswith("@"):
                    actions.update(dict.fromkeys(sets[int(symbol[1:])], ~int(number)))
                else:
                    actions[symbol] = int(number)
            states.append(actions)
    return Table(tuple(rules), tuple(states))


@cache
def table() -> Table:
    """The table of the grammar as it is now: the file's, or Lark's own where the file was made of another grammar."""
    grammar = declared()
    text = grammar_text("table.txt")
    if text.splitlines()[1] != stamp(grammar):
        from kpilib.syntax.lalr import table_text  # and Lark with it, which takes as long as all the rest

        text = table_text(grammar)
    return read(text)
