"""口径 lines: the one table of wordings that settle how a plan and its rules are read."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, Literal

from attrs import evolve, field, frozen

from kpilib.errors import CODES, Diagnostic, PlanError
from kpilib.meaning.reading import Reading
from kpilib.text import Span, normalise

MAX_PHRASES = 50
MAX_PLACES = 6


@frozen
class Choice:
    """One wording of 口径: the value it gives, and the words for it, squeezed (the first is printed)."""

    value: Any
    words: tuple[str, ...]


@frozen
class Option:
    """One thing that 口径 settles; the first choice is the default.  `of` says whose option it is."""

    name: str
    of: Literal["rule", "plan"]
    choices: tuple[Choice, ...]


def _places(number: int, digit: str) -> Choice:
    words = (
        f"每项得分保留{number}位小数",
        f"每项得分保留{digit}位小数",
        f"得分保留{number}位小数",
        f"得分保留{digit}位小数",
        f"保留{number}位小数",
        f"保留{digit}位小数",
    )
    return Choice(number, ("每项得分取整", "每项得分保留整数", "得分取整", *words) if number == 0 else words)


OPTIONS: tuple[Option, ...] = (
    Option(
        "scale",
        "plan",
        (
            Choice("weight", ("计分制权重即满分", "权重即满分")),
            Choice("hundred", ("计分制百分制加权", "百分制加权")),
        ),
    ),
    Option(
        "step",
        "rule",
        (
            Choice("linear", ("不足一档按比例", "不足一档按比例计算", "按比例折算")),
            Choice("floor", ("不足一档不计", "满一档才计", "不足一档不计分", "不足一档不计算")),
            Choice("ceil", ("不足一档按一档计", "不足一档按一档计算", "不足一档算一档")),
        ),
    ),
    Option("places", "rule", tuple(_places(number, "零一二三四五六"[number]) for number in (2, 0, 1, 3, 4, 5, 6))),
    Option(
        "shared_bound",
        "rule",
        (
            Choice("better", ("同一界限归较好的一档", "同一界限取较好的一档", "界限重复取较好的一档")),
            Choice("worse", ("同一界限归较差的一档", "同一界限取较差的一档", "界限重复取较差的一档")),
        ),
    ),
    Option(
        "ladder",
        "rule",
        (
            Choice("ask", ("分值与满分不符要写明",)),
            Choice("listed", ("按所列分值", "按所列分值计分")),
            Choice("hundred", ("所列分值按百分制", "所列分值为百分制")),
        ),
    ),
    Option(
        "above_full",
        "rule",
        (
            Choice("allow", ("按比例得分可以超过满分", "按比例得分可超过满分")),
            Choice("cap", ("按比例得分不超过满分", "按比例得分以满分为限")),
        ),
    ),
    Option(
        "rounding",
        "plan",
        (
            Choice("each", ("每项各自舍入", "逐项舍入", "每项舍入")),
            Choice("total", ("总分一次舍入", "只对总分舍入")),
        ),
    ),
    Option(
        "not_applicable",
        "plan",
        (
            Choice("spread", ("不适用权重摊到其余", "不适用摊到其余", "不适用重新分配权重")),
            Choice("full", ("不适用计满分", "不适用记满分", "不适用得满分")),
            Choice("zero", ("不适用计0分", "不适用记0分", "不适用得0分", "不适用不得分")),
        ),
    ),
    Option(
        "missing",
        "plan",
        (
            Choice("pending", ("缺项待定",)),
            Choice("zero", ("缺项记0分", "缺项计0分", "缺项不得分")),
            Choice("spread", ("缺项重新分配权重", "缺项权重摊到其余")),
        ),
    ),
)
# Where the printed words read better with a sign that squeezing takes out.
_PRINTED = {
    "计分制权重即满分": "计分制 权重即满分",
    "计分制百分制加权": "计分制 百分制加权",
    "不适用权重摊到其余": "不适用：权重摊到其余",
    "不适用计满分": "不适用：计满分",
    "不适用计0分": "不适用：计0分",
    "缺项待定": "缺项：待定",
    "缺项记0分": "缺项：记0分",
    "缺项重新分配权重": "缺项：重新分配权重",
}
_CHOICE_OF = {words: (option, choice) for option in OPTIONS for choice in option.choices for words in choice.words}
_RULE_OPTIONS = frozenset(option.name for option in OPTIONS if option.of == "rule")


@frozen(kw_only=True)
class Settings:
    """What the 口径 of a plan settles, for its rules (`reading`) and for the sheet; `stated` is what it names.

    The names and values of options are those of Reading and of this class.
    """

    reading: Reading = field(factory=Reading)
    scale: Literal["weight", "hundred"] = "weight"
    rounding: Literal["each", "total"] = "each"
    not_applicable: Literal["spread", "full", "zero"] = "spread"
    missing: Literal["pending", "zero", "spread"] = "pending"
    stated: frozenset[str] = frozenset()

    @property
    def words(self) -> str:
        """The 口径 in the printed words: what it names, a default too, as naming it settles a doubt."""
        phrases = []
        for option in OPTIONS:
            owner = self.reading if option.of == "rule" else self
            value = getattr(owner, option.name)
            if option.name in owner.stated or value != option.choices[0].value:
                words = next(choice.words[0] for choice in option.choices if choice.value == value)
                phrases.append(_PRINTED.get(words, words))
        return "；".join(phrases)


def read_settings(
    text: str, *, rule_only: bool = False, base: Settings = Settings()
) -> tuple[Settings, tuple[Diagnostic, ...]]:
    """The settings that the words of a 口径 line ask for on top of `base`, and what is wrong with the words."""
    found: list[Diagnostic] = []
    taken: dict[str, Choice] = {}
    for number, match in enumerate(re.finditer(r"[^;,。、\n]+", normalise(text))):
        squeezed = re.sub(r"[ :=\"]", "", match[0])
        if not squeezed:
            continue
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        span = Span(start, match.start() + len(match[0].rstrip()))
        said = text[span.start : span.end]
        if number >= MAX_PHRASES:
            found.append(_wrong(f"口径超过 {MAX_PHRASES} 句", span, text))
            break
        known = _CHOICE_OF.get(squeezed)
        if known is None:
            near = get_close_matches(squeezed[:60], _CHOICE_OF, n=1, cutoff=0.5)
            hint = _near_hint(near[0]) if near else "可以用的口径见文档的口径表"
            found.append(_wrong(f"口径里不认识「{said[:40]}」", span, text, hint))
            continue
        option, choice = known
        if rule_only and option.of == "plan":
            found.append(_wrong(f"「{said}」是整个方案的口径", span, text, "写在方案开头的 口径： 里"))
        elif taken.setdefault(option.name, choice).value != choice.value:
            first = taken[option.name].words[0]
            found.append(_wrong(f"口径前后矛盾：「{_PRINTED.get(first, first)}」和「{said}」", span, text, "留一句"))
    of_rule: dict[str, Any] = {name: choice.value for name, choice in taken.items() if name in _RULE_OPTIONS}
    of_plan: dict[str, Any] = {name: choice.value for name, choice in taken.items() if name not in _RULE_OPTIONS}
    of_rule["stated"] = base.reading.stated.union(of_rule)
    of_plan["stated"] = base.stated.union(of_plan)
    return evolve(base, reading=evolve(base.reading, **of_rule), **of_plan), tuple(found)


def reading_from_words(text: str) -> Reading:
    """The reading that 口径 words ask for, as in 「不足一档不计；每项得分保留1位小数」.

    Raises:
        PlanError: KPI706, words that are not in the table, that contradict, or that speak of a whole plan.
    """
    settings, found = read_settings(text, rule_only=True)
    if found:
        raise PlanError(found[0].message, diagnostics=found)
    return settings.reading


def _near_hint(words: str) -> str:
    option, _ = _CHOICE_OF[words]
    if option.name == "places":
        return f"写成「每项得分保留2位小数」（0～{MAX_PLACES} 位）或「每项得分取整」"
    return f"是不是「{_PRINTED.get(words, words)}」？"


def _wrong(message: str, span: Span, source: str, hint: str = "") -> Diagnostic:
    return Diagnostic(code="KPI706", message=message, span=span, source=source, hint=hint, example=CODES["KPI706"][1])
