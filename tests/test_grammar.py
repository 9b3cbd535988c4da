"""The grammar: LALR(1) without a conflict, and no word, macro or pattern that nothing uses."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lark import logger as lark_logger

import kpilib.syntax
from kpilib.syntax.lalr import built
from kpilib.syntax.lexer import classes, expand, grammar_text, lex, vocabulary
from kpilib.syntax.table import declared

WORDS = grammar_text("words.lark")
RULES = grammar_text("rule.lark")
BODY = re.sub(r"//.*", "", RULES)
SYNTAX = Path(kpilib.syntax.__file__).parent
NAMES = sorted({name for name, _ in vocabulary()})
MACRO = re.compile(r"^// macro (\w+)\s*= (.+)$", re.M)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def _lark_log() -> Iterator[list[str]]:
    handler, level = _Kept(), lark_logger.level
    lark_logger.addHandler(handler)
    lark_logger.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        lark_logger.setLevel(level)
        lark_logger.removeHandler(handler)


def _conflicts(grammar: str) -> list[str]:
    """What lark says of conflicts while it builds the tables, as kpilib builds them."""
    with _lark_log() as lines:
        built(grammar, debug=True)
    return [line for line in lines if "conflict" in line.lower() or "resolving" in line.lower()]


def test_grammar_has_no_conflict() -> None:
    assert _conflicts(declared()) == []


def test_a_conflict_would_be_seen() -> None:
    assert _conflicts("start: a a\na: (MARKS GAIN?)*\n%declare MARKS GAIN\n")


def test_grammar_builds_without_options_that_hide_conflicts() -> None:
    assert "%ignore" not in RULES
    assert not re.search(r"^[a-z_?]+\.\d+:", RULES, re.M), "priorities decide in silence"


@pytest.mark.parametrize("name", NAMES)
def test_word_is_used(name: str) -> None:
    used = re.search(rf"\b{classes().get(name, name)}\b", BODY)
    code = "\n".join(path.read_text(encoding="utf-8") for path in sorted(SYNTAX.glob("*.py")))
    assert used or f'"{name}"' in code, f"{name} is in words.lark and nowhere else"


def test_every_terminal_of_the_grammar_is_a_word() -> None:
    wanted = set(re.findall(r"\b[A-Z][A-Z_]+\b", BODY))
    assert wanted <= {classes().get(name, name) for name in NAMES} | {"TEXT"}


def test_every_class_holds_words_and_is_used() -> None:
    assert set(classes()) <= set(NAMES), "a class of words that no line of words.lark has"
    for name in set(classes().values()):
        assert re.search(rf"\b{name}\b", BODY), name
        assert name not in NAMES, f"{name} is a word and a class"


def test_every_line_of_words_is_read() -> None:
    """A terminal that the table's own pattern does not see would be lost in silence."""
    lines = [line for line in WORDS.splitlines() if line.strip() and not line.startswith("//")]
    assert len(lines) == len(vocabulary())


@pytest.mark.parametrize(("name", "pattern"), vocabulary(), ids=[name for name, _ in vocabulary()])
def test_pattern_does_not_match_nothing(name: str, pattern: str) -> None:
    compiled = re.compile(pattern)
    assert compiled.fullmatch("") is None
    for sample in ("", "Ｍ", "每Ｐ扣Ｍ", "Ｐ以上得Ｍ,Ｃ", "上不封顶", "目标", "(ＰＮＣ)", "满分;"):
        for match in compiled.finditer(sample):
            assert match.group(), f"{name} matches nothing in {sample!r}"


@pytest.mark.parametrize("macro", [name for name, _ in MACRO.findall(WORDS)])
def test_macro_is_used(macro: str) -> None:
    uses = WORDS.count(f"<{macro}>")
    said_in_comments = sum(line.count(f"<{macro}>") for line in WORDS.splitlines() if _is_comment(line))
    assert uses - said_in_comments > 0


def _is_comment(line: str) -> bool:
    return line.startswith("//") and not line.startswith("// macro ")


def test_every_macro_is_defined() -> None:
    expanded = expand(WORDS)
    body = "\n".join(line for line in expanded.splitlines() if not line.startswith("//"))
    # (?<name>…) is not Python's; what is left in angle brackets would be a macro without a definition.
    assert re.findall(r"(?<!\?)(?<!\(\?P)<[A-Z]+>", body) == []


def test_words_hold_every_character_once() -> None:
    for text in ("考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分", "迟到、早退一次扣1分，最多扣5分"):
        covered: list[int] = []
        for word in lex(text):
            covered += range(word.span.start, word.span.end)
        assert covered == list(range(len(text)))


@pytest.mark.checkout
def test_what_is_made_from_the_grammar_is_up_to_date():
    from starts import GRAMMAR, made

    for name, text in made().items():
        assert (GRAMMAR / name).read_text(encoding="utf-8") == text, "run: python tests/starts.py"
