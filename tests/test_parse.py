"""The parser runs Lark's table as Lark does, and never a table of another grammar."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from kpilib.errors import RuleSyntaxError
from kpilib.syntax import parse as parser
from kpilib.syntax import table as tables
from kpilib.syntax.lalr import table_text
from kpilib.syntax.lexer import Word, classes, lex, vocabulary
from kpilib.syntax.table import declared
from kpilib.text import Span, later

CASES = Path(__file__).parent / "cases"
KINDS = sorted({name for name, _ in vocabulary()} | {"TEXT"})


class Typed(Lexer):
    """Hands words that are typed already to Lark's own parser."""

    def __init__(self, lexer_conf: object) -> None: ...

    def lex(self, data: list[Word]) -> Iterator[Token]:
        for index, word in enumerate(data):
            yield Token(classes().get(word.kind, word.kind), word.text, start_pos=index)


LARK = Lark(declared(), parser="lalr", lexer=Typed, maybe_placeholders=False)


def sentences() -> list[list[Word]]:
    """The words of the tables' sentences, each followed by its like with a word put in, left out or changed."""
    chance = random.Random(0)
    found = []
    for path in sorted(CASES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                words = lex(json.loads(line)["text"])
            except RuleSyntaxError:
                continue
            found.append(words)
            for _ in range(3):
                place, other = chance.randrange(len(words)), Word(chance.choice(KINDS), "词", Span(0, 1))
                kept = chance.choice((words[place : place + 1], []))
                found.append(words[:place] + chance.choice(([other], [])) + kept + words[place + 1 :])
    return [words for words in found if words]


def shape(tree: object) -> object:
    """A tree of either parser as tuples."""
    if isinstance(tree, (Tree, parser.Tree)):
        return (str(tree.data), *(shape(child) for child in tree.children))
    return (tree.type, tree.start_pos)


def by_lark(words: list[Word]) -> object:
    try:
        return [shape(child) for child in LARK.parse(words).children]
    except UnexpectedToken as error:
        place = len(words) if error.token.type == "$END" else error.token.start_pos
        return place, "、".join(text for names, text in parser._EXPECTED if set(names) & error.accepts)


def by_kpilib(words: list[Word], monkeypatch: pytest.MonkeyPatch) -> object:
    seen = []
    explained = parser._explained
    monkeypatch.setattr(parser, "_explained", lambda *given: seen.append(given[2]) or explained(*given))
    try:
        return [shape(child) for child in parser.parse(words, "")]
    except RuleSyntaxError as error:
        return seen[0], (error.hint or "").removeprefix("这里应当是：")


def test_trees_and_refusals_are_those_of_lark(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = 0
    for words in sentences():
        with monkeypatch.context() as patched:
            found, wanted = by_kpilib(words, patched), by_lark(words)
        assert found == wanted, [word.kind for word in words]
        refused += isinstance(wanted, tuple)
    assert 100 < refused < len(sentences()) / 2


def test_table_of_another_grammar_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edited rule.lark beside an old table.txt: Lark makes the table anew."""
    edited = declared().replace("\ngap: SEPARATOR\n", "\ngap: SEPARATOR SEPARATOR\n")
    monkeypatch.setattr(tables, "declared", lambda: edited)
    tables.table.cache_clear()
    try:
        assert [rule.symbols for rule in tables.table().rules if rule.name == "gap"] == [("SEPARATOR", "SEPARATOR")]
    finally:
        tables.table.cache_clear()


def test_table_is_written_alike_in_every_process() -> None:
    program = "from kpilib.syntax.lalr import table_text; from kpilib.syntax.table import declared"
    program += "; import sys; sys.stdout.buffer.write(table_text(declared()).encode())"
    made = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
    assert made.decode() == table_text(declared())


def test_alias_and_unnamed_terminals_are_refused() -> None:
    for grammar in ('start: A "," A\n%declare A\n', "start: A -> other\n%declare A\n"):
        with pytest.raises(AssertionError, match="the parser knows no"):
            table_text(grammar)


def test_lark_is_not_loaded_by_a_rule() -> None:
    program = "import sys, kpilib; kpilib.compile_rule('每低1%扣2分', full_marks=10); print('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout.strip() == b"False"


def test_a_later_pattern_is_compiled_at_its_first_use_and_is_then_like_any_other() -> None:
    broken = later("(")
    with pytest.raises(re.error):
        broken.search("")
    pattern = later("(?P<word>目标|计划)值")
    for _ in range(2):
        found = pattern.search("考核目标值")
        assert found is not None
        assert found["word"] == "目标"
    assert pattern.sub("", "计划值90") == "90"
