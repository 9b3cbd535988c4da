"""From rule text to typed words: blanks out, numbers to letters, then one ordered table of vocabulary."""

from __future__ import annotations

import os
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from kpilib.errors import RuleSyntaxError
from kpilib.quantity import MAX_DIGITS
from kpilib.syntax import numbers
from kpilib.syntax.numbers import Found
from kpilib.text import Span, normalise, unreadable

MAX_CHARACTERS = 8000
BLANKED = "%‰分次个家项件人天户起例条份台批笔名元万"  # what may follow a blank left for a number
_TOO_LONG = re.compile(rf"[0-9](?:,?[0-9]){{{MAX_DIGITS},}}")
_MACRO = re.compile(r"^// macro (\w+)\s*= (.+)$", re.M)
_TERMINAL = re.compile(r"^([A-Z_]+)(?:\.(\d+))?: /(.*)/$", re.M)


class Word(NamedTuple):
    """One word of a sentence: its terminal, its folded text, its place in the author's text, a number if it is one."""

    kind: str
    text: str
    span: Span
    number: Found | None = None
    parts: tuple[Word, ...] = ()  # of a stretch of text: the free words, idioms and dates that it is made of


def grammar_text(name: str) -> str:
    """The text of a file of grammar/: inside the package where it was installed, beside it in a checkout."""
    try:
        inside = pkgutil.get_data("kpilib", f"_grammar/{name}")
    except FileNotFoundError:
        inside = None
    if inside is not None:
        return inside.decode("utf-8")
    package = os.path.dirname(os.path.dirname(__file__))  # pathlib takes longer to import than this whole module
    with open(os.path.join(os.path.dirname(package), "grammar", name), encoding="utf-8") as file:
        return file.read()


def expand(text: str) -> str:
    """A grammar text with its `<NAME>` macros replaced."""
    macros: dict[str, str] = {}
    for name, pattern in _MACRO.findall(text):
        for known, value in macros.items():
            pattern = pattern.replace(f"<{known}>", value)
        macros[name] = pattern
    for name, pattern in macros.items():
        text = text.replace(f"<{name}>", pattern)
    return text


@cache
def vocabulary() -> tuple[tuple[str, str], ...]:
    """Terminal names and patterns in the order in which they are tried."""
    found = _TERMINAL.findall(expand(grammar_text("words.lark")))
    ordered = sorted(found, key=lambda row: -int(row[1] or 0))
    return tuple((name, pattern) for name, _, pattern in ordered)


@cache
def classes() -> dict[str, str]:
    """The terminal of the grammar that stands for a word, where several words share one."""
    found = re.findall(r"^// class (\w+)\s*= (.+)$", grammar_text("rule.lark"), re.M)
    return {word: name for name, words in found for word in words.split()}


@cache
def _starts() -> dict[str, tuple[int, ...]]:
    """Which words can begin with a character, by their numbers in the vocabulary (grammar/starts.txt)."""
    begins = dict(line.split(" ", 1) for line in grammar_text("starts.txt").splitlines() if not line.startswith("#"))
    found: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(vocabulary()):
        for char in begins[name]:
            found.setdefault(char, []).append(number)
    return {char: tuple(numbers) for char, numbers in found.items()}


@cache
def _pattern(number: int) -> re.Pattern[str]:
    """The pattern of a word, compiled when a text first holds a character that it can begin with."""
    return re.compile(vocabulary()[number][1])


# An item number: at the start of a line or after a full stop; after a blank only where a clause has just ended.
_ITEM = re.compile(
    r"(?:(?:^|(?<=[\n;。]))[ ]*|(?<=[分;。)] )[ ]*)(?:"
    r"\(?[0-9]{1,2}\)[、.]?|[0-9]{1,2}(?:\.[0-9]{1,2}){2,3}(?=[ 、.一-龥])|[0-9]{1,2}[.、,](?![0-9])|[①-⒛㈠-㈩]、?"
    r"|\([一二三四五六七八九十]{1,3}\)、?|[一二三四五六七八九十]{1,3}、|[-•·●➢◆■▪*][ ]+|[A-Fa-f][.、)](?=[^0-9]))|[①-⑳]、?"
)


def squeeze(folded: str) -> tuple[str, list[int]]:
    """The text without blanks and the place of each character; item numbers and breaks become one letter."""
    marks = {match.start(): match.end() for match in _ITEM.finditer(folded)}
    out: list[str] = []
    places: list[int] = []
    position, gap = 0, False
    while position < len(folded):
        if position in marks and marks[position] < len(folded):
            out.append(numbers.ITEM)
            places.append(position)
            position, gap = marks[position], False
            continue
        char = folded[position]
        if char in " \n\"'`":
            gap = True
        else:
            blank = position - 2 >= 0 and folded[position - 2 : position] == "  "
            if blank and out and "一" <= out[-1] <= "鿿" and char in BLANKED:  # 每低  %，减  分
                out.append("_")
                places.append(position - 1)
            if gap and out and out[-1] in "0123456789" and char in "0123456789":
                out.append(numbers.BREAK)
                places.append(position)
            out.append(char)
            places.append(position)
            gap = False
        position += 1
    places.append(len(folded))
    return "".join(out), places


def lex(text: str) -> list[Word]:
    """The words of a rule text; every character but blanks is in exactly one of them.

    Raises:
        RuleSyntaxError: empty, too long, or with characters that no rule can hold.
    """
    if len(text) > MAX_CHARACTERS:
        raise RuleSyntaxError(f"规则有 {len(text)} 个字，最多 {MAX_CHARACTERS} 个", code="KPI102", hint="把它分成几条")
    bad = unreadable(text)
    if bad is not None:
        raise RuleSyntaxError(
            f"有不能读的字符（U+{ord(text[bad.start]):04X}）",
            code="KPI103",
            span=bad,
            source=text,
            hint="删掉它，或从原文件重新复制",
        )
    squeezed, places = squeeze(normalise(text))
    long = _TOO_LONG.search(squeezed)
    if long is not None:
        raise RuleSyntaxError(
            f"这个数超过 {MAX_DIGITS} 位", code="KPI111", span=Span(places[long.start()], places[long.end() - 1] + 1),
            source=text, hint="核对这个数；大数写成 万、亿", example="每低1亿元扣2分",
        )  # fmt: skip
    if not squeezed.strip(numbers.ITEM + ",;。:.、"):
        raise RuleSyntaxError("文字是空的", code="KPI101", hint="写一条计分规则")
    skeleton: list[str] = []
    spots: list[tuple[int, int, Found | None]] = []
    position, pattern = 0, numbers.starts_in(squeezed)
    while position < len(squeezed):
        found = numbers.find(squeezed, position, pattern)
        edge = found.start if found else len(squeezed)
        for index in range(position, edge):
            skeleton.append(squeezed[index])
            spots.append((index, index + 1, None))
        if found is None:
            break
        skeleton.append(found.letter)
        spots.append((found.start, found.end, found))
        position = found.end
    return _joined(_words("".join(skeleton), spots, squeezed, places))


def _words(
    skeleton: str, spots: list[tuple[int, int, Found | None]], squeezed: str, places: list[int]
) -> Iterator[Word]:
    def word(kind: str, start: int, end: int) -> Word:
        first, last = spots[start][0], spots[end - 1][1]
        span = Span(places[first], places[last - 1] + 1)
        return Word(kind, squeezed[first:last], span, spots[start][2] if end == start + 1 else None)

    starts, names = _starts(), vocabulary()
    free = position = 0  # where the text that is no word begins, and where to look next
    while position < len(skeleton):
        for number in starts.get(skeleton[position], ()):
            match = _pattern(number).match(skeleton, position)
            if match is not None:
                if position > free:
                    yield word("TEXT", free, position)
                yield word(names[number][0], position, match.end())
                free = position = match.end()
                break
        else:
            position += 1
    if free < len(skeleton):
        yield word("TEXT", free, len(skeleton))


_TEXTUAL = {"TEXT", "IDIOM", "NAMED", "DATE", "PERIOD", "DENOMINATOR", "DIVIDE", "OF_MARKS"}


def _joined(words: Iterator[Word]) -> list[Word]:
    """Neighbouring stretches of text as one word with parts."""
    joined: list[Word] = []
    sharing = False
    for word in words:
        if word.kind == "BRACKET":
            continue  # around the quotient of a formula: (实际值/目标值)×10
        if word.kind == "BY_SHARE":
            sharing = True
        elif word.kind == "SHARE_SCORES":
            word, sharing = (word if sharing else word._replace(kind="TEXT")), False
        elif word.kind == "SEPARATOR":
            sharing = False
        if word.kind not in _TEXTUAL or (word.kind == "OF_MARKS" and joined and joined[-1].kind == "RATE"):
            joined.append(word)
        elif joined and joined[-1].kind == "TEXT":
            last = joined[-1]
            joined[-1] = Word("TEXT", last.text + word.text, last.span.cover(word.span), None, (*last.parts, word))
        else:
            joined.append(Word("TEXT", word.text, word.span, None, (word,)))
    return joined
