"""Text in columns for a terminal, where a Chinese character takes two."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import category

from kpilib.output.facts import FactTable
from kpilib.output.results import Result, exact_text
from kpilib.plan import Plan
from kpilib.text import display_width, width

MAX_NAME = 40


def plain(text: str) -> str:
    r"""One line without characters that a terminal would obey.

    >>> plain("张\x1b[31m三\n")
    '张·[31m三·'
    """
    return "".join("·" if category(char) in {"Cc", "Cs", "Cf", "Zl", "Zp"} else char for char in text)


def padded(text: str, columns: int, *, right: bool = False) -> str:
    """The text with blanks up to a number of columns."""
    blanks = " " * max(0, columns - display_width(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns; Chinese breaks anywhere but before a closing sign.

    >>> wrapped("给一句规则打分，例如 85.4%", 14)
    ['给一句规则打', '分，例如 85.4%']
    """
    lines, line, used = [], "", 0
    for word in _words(text):
        size = display_width(word)
        if line and used + size > columns:
            lines.append(line.rstrip())
            word = word.lstrip()
            line, used, size = "", 0, display_width(word)
        line, used = line + word, used + size
    return [*lines, line.rstrip()]


def _words(text: str) -> list[str]:
    """Pieces that must not be broken: a wide character with the signs that close it, or a run of narrow ones."""
    words: list[str] = []
    for char in text:
        joins = bool(words) and (
            char in "，。；：、）」》？！％"
            or words[-1][-1] in "（「《"
            or (width(char) < 2 and char != " " and width(words[-1][-1]) < 2 and words[-1][-1] != " ")
        )
        if joins:
            words[-1] += char
        else:
            words.append(char)
    return words


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: frozenset[int] = frozenset()) -> str:
    """Aligned columns under a header and a rule; columns in `numbers` are aligned to the right."""
    shown = [[plain(cell) for cell in row] for row in [header, *rows]]
    widths = [max(display_width(row[column]) for row in shown) for column in range(len(header))]
    lines = [
        "  ".join(padded(cell, widths[column], right=column in numbers) for column, cell in enumerate(row)).rstrip()
        for row in shown
    ]
    return "\n".join([lines[0], "─" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])


def results_table(plan: Plan, facts: FactTable, results: Sequence[Result]) -> str:
    """Who, the points of each group, the total and what follows from it, in aligned columns."""
    groups = [group.name for group in plan.groups]
    end = ["总分", *(["等级"] if plan.grades else []), *(["系数"] if plan.coefficients else [])]
    header = [*facts.identity, *groups, *end]
    rows = [_row(plan, facts, result, len(end)) for result in results]
    first, last = len(facts.identity), len(facts.identity) + len(groups)
    numbers = frozenset({*range(first, last + 1), *([len(header) - 1] if plan.coefficients else [])})
    return table(header, rows, numbers=numbers)


def _row(plan: Plan, facts: FactTable, result: Result, end: int) -> list[str]:
    """The row of one result in the table that is shown."""
    who = [_short(result.who.get(name, "")) for name in facts.identity]
    sheet = result.sheet
    if sheet is None:
        return [*who, *("" for _ in plan.groups), "有误", *("" for _ in range(end - 1))]
    points = [group.reason or ("待定" if group.points is None else f"{group.points:f}") for group in sheet.groups]
    row = [*who, *points, exact_text(sheet.total) or "待定"]
    row += [sheet.grade or ""] if plan.grades else []
    row += [exact_text(sheet.coefficient) or ""] if plan.coefficients else []
    return row


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"
