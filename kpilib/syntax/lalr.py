"""Makes the LALR table of a grammar with Lark, as the text that grammar/table.txt holds and the parser reads."""

from __future__ import annotations

from lark import Lark
from lark.grammar import Rule
from lark.parsers.lalr_analysis import Shift

from kpilib.syntax.table import stamp

_HEAD = "# Made by tests/starts.py from rule.lark and the names of words.lark: the LALR table of the phrases.\n"


def built(grammar: str, *, debug: bool = False) -> Lark:
    """The grammar with its table; it is only read, so it wants no lexer of its own."""
    return Lark(grammar, parser="lalr", lexer="basic", maybe_placeholders=False, debug=debug)


def table_text(grammar: str) -> str:
    """The table of a grammar, a line each for its rules, sets of terminals and states, in an order of its own.

    A rule is its name, with `?` where a single child stands for it, and its symbols. A state is made of pairs: a symbol
    and the state after it, or `@` with a set and the rule that ends before its terminals. The first state is the first
    line; all are numbered in the order in which they are reached, whatever numbers Lark gave them.
    """
    lark = built(grammar)
    table = lark.parser.parser._parse_table
    written = {rule: _written(rule) for rule in lark.rules}
    rules = sorted(written.values())
    (first,) = table.start_states.values()
    reached, number, sets, states = [first], {first: 0}, dict[str, int](), list[str]()
    for state in reached:  # which grows meanwhile
        pairs, before = [], dict[str, list[str]]()
        for symbol, (action, target) in sorted(table.states[state].items()):
            if action is not Shift:
                before.setdefault(written[target], []).append(symbol)
                continue
            if target not in number:
                number[target] = len(reached)
                reached.append(target)
            pairs.append(f"{symbol} {number[target]}")
        if state in table.end_states.values():
            pairs.append("$END 0")
        for rule, symbols in before.items():
            pairs.append(f"@{sets.setdefault(' '.join(symbols), len(sets))} {rules.index(rule)}")
        states.append(" ".join(pairs))
    lines = [f"rule {rule}" for rule in rules] + [f"set {names}" for names in sets] + [f"state {row}" for row in states]
    return _HEAD + "\n".join([stamp(grammar), *lines]) + "\n"


def _written(rule: Rule) -> str:
    plain = rule.alias is None and not any(getattr(symbol, "filter_out", False) for symbol in rule.expansion)
    assert plain, f"the parser knows no -> and no unnamed terminals: {rule}"
    return " ".join(["?" * rule.options.expand1 + rule.origin.name, *(symbol.name for symbol in rule.expansion)])
