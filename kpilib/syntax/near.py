"""Words of the vocabulary that are misspelt: one character off, where a name or a remark would be read otherwise."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from kpilib.syntax.lexer import grammar_text


class NearWords(NamedTuple):
    """The words of grammar/near.txt."""

    long: frozenset[str]
    edge: frozenset[str]
    kept: frozenset[str]


@cache
def near_words() -> NearWords:
    """The three lists, read once."""
    lists: dict[str, list[str]] = {"long": [], "edge": [], "kept": []}
    current: list[str] = []
    for line in grammar_text("near.txt").splitlines():
        if line.startswith("["):
            current = lists[line.strip("[]")]
        elif not line.startswith("#"):
            current += line.split()
    return NearWords(*(frozenset(lists[name]) for name in ("long", "edge", "kept")))


@cache
def _patterns() -> dict[str, str]:
    """For each way of leaving out one character of a long word, the word: 不低_ and 不_于 for 不低于."""
    table: dict[str, str] = {}
    for word in sorted(near_words().long):
        for position in range(len(word)):
            if word[position] == "的":
                continue  # 未完成省下达的 is no misspelt 未完成的
            table.setdefault(word[:position] + "_" + word[position + 1 :], word)
    return table


def near_miss(text: str) -> tuple[str, str] | None:
    """What stands in the text and the word of the vocabulary that was probably meant (or words, with _)."""
    words = near_words()
    for length in (5, 4, 3):
        for start in range(len(text) - length + 1):
            window = text[start : start + length]
            meant = _off_by_one(window, _patterns())
            if (
                meant is not None
                and "〇" not in window
                and window not in words.long
                and not _holds_kept(window, meant, words.kept)
            ):
                return window, meant
    ending = text[-2:]
    if len(ending) == 2 and f"_{ending[1]}" in words.edge and ending not in words.kept:
        return ending, _MEANT.get(ending[1], ending)
    return None


def short_miss(label: str) -> str | None:
    """The limit word that a label of two characters misspells: 罪多 for 最多."""
    if len(label) != 2:
        return None
    return next(
        (
            word
            for word in ("最多", "最高", "累计", "合计", "至多", "总计")
            if (label[0] == word[0]) != (label[1] == word[1])
        ),
        None,
    )


_MEANT = {
    "于": "低于」「高于」「不低于",
    "过": "超过」「不超过",
    "足": "不足",
    "核": "考核",
    "达": "达到",
    "到": "达到",
    "项": "该项",
}


def _holds_kept(window: str, meant: str, kept: frozenset[str]) -> bool:
    """Whether the character that differs belongs to a word of its own (不通过 is not 不超过)."""
    position = next(index for index in range(len(window)) if window[index] != meant[index])
    return window[max(0, position - 1) : position + 1] in kept or window[position : position + 2] in kept


def _off_by_one(window: str, table: dict[str, str]) -> str | None:
    for position in range(len(window)):
        if "一" <= window[position] <= "鿿" or "㐀" <= window[position] <= "䶿":
            meant = table.get(window[:position] + "_" + window[position + 1 :])
            if meant is not None:
                return meant
    return None
