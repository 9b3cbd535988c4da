"""Writes what is made from the grammar: grammar/starts.txt and grammar/table.txt.

    python tests/starts.py           after a change of grammar/words.lark or grammar/rule.lark

starts.txt holds for each word of the vocabulary the characters that it can begin with, table.txt the LALR table.
The lexer tries only the words that can begin with the character at hand, and compiles their patterns when it first
does; without the file every process would compile the whole vocabulary at its start.
"""

import sys
import warnings
from pathlib import Path

from kpilib.syntax.lalr import table_text
from kpilib.syntax.lexer import vocabulary
from kpilib.syntax.table import declared

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_parse

GRAMMAR = Path(__file__).resolve().parents[1] / "grammar"
ANY = None  # any character


def _class(items: list) -> set[str] | None:
    found: set[str] = set()
    for kind, value in items:
        if str(kind) == "LITERAL":
            found.add(chr(value))
        elif str(kind) == "RANGE" and value[1] - value[0] < 200:
            found |= {chr(code) for code in range(value[0], value[1] + 1)}
        else:
            return ANY  # a wide range, a negated class
    return found


def first(parts: list) -> tuple[set[str] | None, bool]:
    """The characters that a parsed pattern can begin with, and whether it can match nothing."""
    starts: set[str] | None = set()
    for kind, value in parts:
        name = str(kind)
        if name in ("ASSERT", "ASSERT_NOT", "AT"):
            continue
        one: set[str] | None
        empty = False
        if name == "LITERAL":
            one = {chr(value)}
        elif name == "IN":
            one = _class(value)
        elif name == "BRANCH":
            branches = [first(list(branch)) for branch in value[1]]
            one = ANY if any(found is ANY for found, _ in branches) else set().union(*(found for found, _ in branches))
            empty = any(nothing for _, nothing in branches)
        elif name == "SUBPATTERN":
            one, empty = first(list(value[-1]))
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            one, empty = first(list(value[2]))
            empty = empty or value[0] == 0
        else:
            one = ANY
        starts = ANY if one is ANY or starts is ANY else starts | one
        if not empty:
            return starts, False
    return starts, True


def starts_text() -> str:
    """The file's text: a line a word, its name and the characters."""
    lines = ["# Made by tests/starts.py from words.lark: the characters that each word can begin with.\n"]
    for name, pattern in vocabulary():
        found, empty = first(list(sre_parse.parse(pattern)))
        assert not empty, f"{name} can match nothing"
        assert found is not ANY, f"{name} can begin with any character"
        lines.append(f"{name} {''.join(sorted(found))}\n")
    return "".join(lines)


def made() -> dict[str, str]:
    """The texts of the files by their names."""
    return {"starts.txt": starts_text(), "table.txt": table_text(declared())}


def main() -> int:
    for name, text in made().items():
        (GRAMMAR / name).write_text(text, encoding="utf-8")
        print(f"wrote {GRAMMAR / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
