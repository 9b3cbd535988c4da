"""From rule text to its tree: words, phrases, clauses and gates in one place."""

from __future__ import annotations

import re

from kpilib.errors import KpiError, RuleSyntaxError, UnitError, UnsupportedError
from kpilib.syntax.cells import ladder_of_cells, read_cells
from kpilib.syntax.checklist import read_checklist
from kpilib.syntax.clauses import Assembler
from kpilib.syntax.deadline import late_alone, read_deadline, with_deadline
from kpilib.syntax.lexer import MAX_CHARACTERS, Word, lex
from kpilib.syntax.parse import parse
from kpilib.syntax.parts import Part
from kpilib.syntax.phrase_reader import phrases
from kpilib.syntax.settle import settle
from kpilib.syntax.tree import Clause, Deadline, FullMarks, Lead, Limit, PartOfStep, RuleTree, Target
from kpilib.text import Span, unreadable

MAX_CLAUSES = 200

# The kinds of LANGUAGE that are refused by name, and a wording that works today.
_KINDS = {
    "KIND_RANK": ("排名规则", "按名次计分的规则还不能用；可以先写成按数值分档", "90%以上得20分；80%以上得15分"),
    "KIND_DEADLINE": ("这样写的期限", "能读的是 每月25日前、次月3日前、月底前、季度结束后5日内 等；也可以按延误的天数计", "每月25日前提交报表，逾期一天扣1分"),
    "KIND_DISCRETION": ("这样写的酌情", "写明从几分到几分：酌情扣1-5分、得25-30分；或列出几种情况和各自的分数", "配合不力的，酌情扣1-5分"),
    "KIND_MONEY": ("提成和奖金规则", "结果是钱的规则还不能用；这里只能写得分和扣分", "每超10万元加1分"),
    "KIND_VETO": ("一票否决", "一票否决还不能用；可以写成该项不得分", "出现重大事故该项不得分"),
    "KIND_CHECKLIST": ("这样写的清单", "写一行 对下列事项满意：，下面一行一项", "对下列事项满意：着装整洁、工牌佩戴"),
    "KIND_HIGHEST": ("就高、不重复计分的规则", "同项取最高还不能用", "每次扣2分，最多扣10分"),
    "KIND_RATERS": ("评分人权重", "评分人的权重还不能用", "考核得分90分以上得10分"),
    "KIND_SHARE": ("强制分布和系数", "在规则里还不能用；系数写在方案的 奖金系数： 一行", "优秀1.2；良好1.0"),
}  # fmt: skip
_REFUSED = {
    "KIND_SLIDING": ("KPI105", "「{0}」怎么算，这里没有说清", "写出每一档各是多少分", "90%以上得20分；80%以上得15分"),
    "KIND_VAGUE": ("KPI115", "「{0}」是约数，不能计分", "写出确切的界限", "90%以上得满分"),
    "KIND_PART": ("KPI105", "「{0}」会改变前后的意思，还不能读", "把它单独写成一条", "每次扣2分"),
    "KIND_SLOPE": ("KPI105", "「{0}…」没有说每一档多少分", "写出每一档和它的分数", "每低1%扣2分"),
}

# 1.20%以上: item 1 and 20 %, or 1.20 %?
GLUED = re.compile(r"^[ \t]*[1-9][0-9]?[.．][0-9]+", re.M)
_SECOND_ITEM = re.compile(r"^[ \t]*2[.．、)）]", re.M)
# 扣05分: 0.5 or 5?
_LEADING_ZERO = re.compile(r"(?<![0-9.．:：/年月—-])0[0-9]+(?=分(?!钟)|次|%)")
# A word of the vocabulary typed twice: 减减2分, 比例计计分.
_STUTTER = re.compile(r"([扣减減计計得每低])\1")


def read_rule(text: str, *, target_kind: str = "", indicator: str = "", scored: bool = True) -> RuleTree:
    """The tree of a rule text.

    Raises:
        RuleSyntaxError: some stretch is not explained; all findings are in `.diagnostics`.
        AmbiguousRuleError: two readings.
        UnsupportedError: a kind of rule that is not modelled.
    """
    if "\n" in text or ":" in text or "：" in text:
        whole = _by_lines(text)
        if whole:
            return RuleTree(whole, text)
    deadline, undated = read_deadline(ladder_of_cells(text) if "\n" in text else text)
    words = lex(undated)
    glued = GLUED.search(text)
    if glued is not None and _SECOND_ITEM.search(text, glued.end()):
        raise RuleSyntaxError(
            f"「{glued[0].strip()}」是序号加数字，还是小数？", code="KPI111", span=Span(*glued.span()), source=text,
            hint="在序号后面空一格，或去掉序号", example="1. 90%以上得10分",
        )  # fmt: skip
    for damage, said, hint in (
        (_STUTTER, "重复了，文字像是损坏了", "删去重复的字"),
        (_LEADING_ZERO, "开头多了0，还是少了小数点？", "补上小数点，或删去0"),
    ):
        found = damage.search(text)
        if found is not None:
            raise RuleSyntaxError(
                f"「{found[0][:20]}」{said}",
                code="KPI111",
                span=Span(*found.span()),
                source=text,
                hint=hint,
                example="每低1%扣2分",
            )
    errors: list[KpiError] = []
    for word in words:
        error = _by_kind(word, text)
        if error is not None:
            errors.append(error)
    if errors:
        paid = next((word for word in words if word.kind == "KIND_MONEY"), None)
        if paid is not None and any(word.kind in ("SET", "GAIN", "DEDUCT") for word in words):
            raise UnitError(
                "同一条里既有分，又有钱",
                code="KPI402",
                span=paid.span,
                source=text,
                hint="分和钱分开写；这里只能写得分和扣分",
                example="奖励5分",
            )
        raise _all(errors)
    parts: list[Part] = []
    for sentence in _sentences(words):
        try:
            parts += Assembler(text, indicator, tuple(parts)).run(phrases(parse(sentence, text), sentence))
        except KpiError as error:
            errors.append(error)
    if errors:
        raise _all(errors)
    if len(parts) > MAX_CLAUSES:
        raise RuleSyntaxError(f"规则有 {len(parts)} 个分句，最多 {MAX_CLAUSES} 个", code="KPI102", hint="把它分成几条")
    if deadline is not None:
        parts = late_alone(parts)
    clauses = settle(parts, text, target_kind=target_kind)
    if deadline is not None:
        clauses = with_deadline(clauses, deadline)
    if scored and all(isinstance(clause, (Lead, Deadline, Target, FullMarks, Limit, PartOfStep)) for clause in clauses):
        raise RuleSyntaxError(
            "没有计分的规定",
            code="KPI106",
            span=words[0].span.cover(words[-1].span),
            source=text,
            hint="写明什么情况得多少分、扣多少分",
        )
    return RuleTree(clauses, text)


def _by_lines(text: str) -> tuple[Clause, ...]:
    """The clauses of a rule whose lines are items of a list or cells of a table."""
    if len(text) > MAX_CHARACTERS or unreadable(text) is not None:
        return ()
    checklist = read_checklist(text)
    return (checklist,) if checklist is not None else read_cells(text)


def _all(errors: list[KpiError]) -> KpiError:
    """The first error, carrying the findings of all."""
    first = errors[0]
    if len(errors) > 1:
        first.diagnostics = tuple(diagnostic for error in errors for diagnostic in error.diagnostics)
    return first


def _by_kind(word: Word, text: str) -> KpiError | None:
    if word.kind in _KINDS:
        name, hint, example = _KINDS[word.kind]
        return UnsupportedError(
            f"{name}暂不支持", code="KPI601", span=word.span, source=text, hint=hint, example=example
        )
    if word.kind in _REFUSED:
        code, message, hint, example = _REFUSED[word.kind]
        return RuleSyntaxError(
            message.format(word.text), code=code, span=word.span, source=text, hint=hint, example=example
        )
    if word.kind == "BREAK":
        return RuleSyntaxError(
            "两个数字之间断开了", code="KPI111", span=word.span, source=text, hint="两个数连在一起，还是中间少了字？"
        )
    return None


def _sentences(words: list[Word]) -> list[list[Word]]:
    """The words cut at 。； and item numbers; a sentence that only leads to the next stays with it."""
    sentences: list[list[Word]] = [[]]
    for word in words:
        sentences[-1].append(word)
        if (
            word.kind == "SEPARATOR"
            and re.search("[;。Ｉ]", word.text)
            and any(other.kind != "SEPARATOR" and other.kind != "TEXT" for other in sentences[-1])
            and _complete(sentences[-1])
        ):
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


_CLOSING = frozenset(
    [
        "MARKS",
        "MARKS_BLANK",
        "FULL",
        "ZERO",
        "NO_CHANGE",
        "TO_NOTHING",
        "NO_LIMIT",
        "SERIES",
        "SHARE_SCORES",
        "IS_SCORE",
        "AS_BASE",
        "AS_LIMIT",
        "ZERO_NUMBER",
        "PER_UNIT",
        "MARKS_RANGE",
        "JUDGED_SET",
    ]
)


def _complete(sentence: list[Word]) -> bool:
    """Whether an award or statement closes the sentence, so that the next cannot belong to it."""
    return any(word.kind in _CLOSING for word in sentence)
