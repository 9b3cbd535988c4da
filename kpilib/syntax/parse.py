"""From words to phrases: the LALR grammar of grammar/rule.lark, built once, on first use."""

from __future__ import annotations

import gc
from functools import cache

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from kpilib.errors import RuleSyntaxError
from kpilib.syntax.lexer import Word, WordLexer, classes, grammar_text, vocabulary
from kpilib.text import Span

# What may stand at a place, in the author's words: the first terminal of a row that the parser accepts names it.
_EXPECTED = (
    ({"WAY"}, "方向（高、低、多、少、增加、减少……）"),
    ({"MARKS", "MARKS_BLANK"}, "分数（例如 2分）"),
    ({"RATE", "QUANTITY"}, "带单位的数（例如 1%、3次、5万元）"),
    ({"VERB"}, "得分或扣分（例如 扣2分）"),
    ({"AFTER"}, "以上、以下、以内"),
    ({"TIMES_SIGN"}, "×"),
)


def declared() -> str:
    """The rule grammar with every vocabulary terminal declared, since the words come typed from our own lexer."""
    names = sorted({classes().get(name, name) for name, _ in vocabulary()} | {"TEXT"})
    return grammar_text("rule.lark") + "\n%declare " + " ".join(names) + "\n"


@cache
def _parser() -> Lark:
    """The parser, built once; the collector waits meanwhile, since nothing that is built here is garbage."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return Lark(declared(), parser="lalr", lexer=WordLexer, maybe_placeholders=False)
    finally:
        if collecting:
            gc.enable()


def parse(words: list[Word], source: str) -> list[Tree[Token] | Token]:
    """The phrases of a rule; each token's `start_pos` is the index of its word.

    Raises:
        RuleSyntaxError: a word stands where none of its kind can stand.
    """
    try:
        tree = _parser().parse(words)
    except UnexpectedInput as error:
        raise _explained(error, words, source) from None
    return list(tree.children)


def _explained(error: UnexpectedInput, words: list[Word], source: str) -> RuleSyntaxError:
    token = getattr(error, "token", None)
    accepted = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    expected = "、".join(text for names, text in _EXPECTED if names & accepted)
    if token is None or token.type == "$END":
        last = words[-1]
        return RuleSyntaxError(
            f"「{last.text}」后面还缺东西",
            code="KPI104",
            span=Span(last.span.end, last.span.end),
            source=source,
            hint=f"这里应当是：{expected}" if expected else "",
        )
    word = words[token.start_pos]
    before = words[token.start_pos - 1].text if token.start_pos else ""
    message = f"读到「{before}」，后面的「{word.text}」接不上" if before else f"「{word.text}」不能在开头"
    return RuleSyntaxError(
        message, code="KPI104", span=word.span, source=source, hint=f"这里应当是：{expected}" if expected else ""
    )
