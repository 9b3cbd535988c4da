"""Words that carry points without a number: a label to pick, an event, the faultless case, or a refusal."""

from __future__ import annotations

import re
from fractions import Fraction

from kpilib.errors import AlternativeReading, AmbiguousRuleError, RuleSyntaxError
from kpilib.quantity import ANY_COUNT, decimal_text
from kpilib.syntax.names import name_of
from kpilib.syntax.near import short_miss
from kpilib.syntax.parts import Counted, Labelled, Once, Part, points_text
from kpilib.syntax.tree import (
    Amount,
    Award,
    Choice,
    Clause,
    Comparison,
    Discretion,
    Faultless,
    FullMarks,
    Happens,
    Highest,
    Lead,
    Limit,
    Occurrence,
    Otherwise,
    PartOfStep,
    Proportional,
    Rung,
    Step,
)  # fmt: skip
from kpilib.text import later

NEGATIVE = later(
    r"^(?:全年|本月|当月|考核期内|期内|本季度|年度内|当年|每月)?(?:无|未(?:发生|出现|发现|产生|有|造成|受到|接到|收到)|没有(?:发生|出现|发现|产生|收到|接到)?|零(?=[一-龥]{1,4}$)|[一-龥]{1,8}(?:未(?:发生|出现|发现)|没有(?:发生|出现))|全部(?:通过|合格|完成|达标)$|不存在)"
)
_EVENT = later(
    r"^(?:如果|如|若|凡|因|一旦|有|若有|如有)?(?:发生|出现|存在|造成|产生|有(?!效|序|关)|违反|未|没有|不|漏|瞒|弄虚|伪造|泄露|泄密|丢失|遗失|私自|擅自|拒)"
)
_DONE = {"完成", "全部完成", "达成", "达标", "按时完成", "按期完成", "完成的"}
_NOT_DONE = {
    "不达标",
    "未达到目标",
    "未完成目标",
    "没有完成目标",
    "未完成",
    "没有完成",
    "没完成",
    "未达成",
    "未达标",
    "未完成的",
    "没有完成的",
}
_EVENT_LEAD = re.compile(r"^(?:(?:如果|如|若|凡|每|有发生|发生|出现|发现|查出|接到|收到)+(?:[一1][次起例件])?)")
_HAPPENING = re.compile(r"^(?:如果|如|若|凡|有|每)?(?:发生|出现|发现|查出|接到|收到)")
_EVENT_WORDS = re.compile(r"严重|重大|事故|违规|违纪|投诉|造假|泄密|死亡|违法|(?:现象|行为|情形)$")


def settle_label(part: Labelled, parts: list[Part], source: str) -> Clause:
    """The clause of a label, by what else the rule says."""
    scoring = [other for other in parts if not isinstance(other, (Lead, FullMarks, Limit, PartOfStep, Highest))]
    labels = [other for other in scoring if isinstance(other, Labelled)]
    kinds = {other.award.kind for other in labels}
    if (
        len(labels) == len(scoring) > 1
        and kinds in ({"gain"}, {"deduct"})
        and any(isinstance(other, Highest) for other in parts)
    ):
        return Choice(part.label, part.award, part.span)
    if part.award.points.kind == "judged" and part.award.kind != "set":
        listed = len(labels) == len(scoring) and any(other.award.kind == "set" for other in labels)
        if not listed:
            return Discretion(_event(part.label), part.award, part.span)
    if (
        any(isinstance(other, Otherwise) and isinstance(other.award, Proportional) for other in scoring)
        and part.label in _DONE
    ):
        return Rung(Comparison("", ">=", None, True, span=part.span), part.award, part.span)
    only_labels = all(isinstance(other, (Labelled, Otherwise)) for other in scoring)
    at_goal = any(
        isinstance(other, Rung) and isinstance(other.condition, Comparison) and other.condition.amount is None
        for other in scoring
    )
    if part.label in _NOT_DONE and part.award.points.kind == "zero" and part.award.kind == "set" and at_goal:
        return Rung(Comparison("", "<", None, True, span=part.span), part.award, part.span)
    negative = NEGATIVE.match(part.label)
    if negative and part.bare and not part.bracketed and any(map(_takes, scoring)):
        raise RuleSyntaxError(
            "没有说得分还是扣分", code="KPI109", span=part.award.span, source=source, hint="在分数前写 得、加 或 扣"
        )
    if negative and part.award.kind == "set" and part.award.points.kind == "zero" and any(map(_takes, scoring)):
        negative = None  # 无台账不得分，每缺一项扣1分: what is missing is itself the fault
        if not only_labels:
            return Rung(Happens(part.label, True, part.span), part.award, part.span)
    alone = len(scoring) == 1 and not part.bare and negative is not None and not negative[0].startswith("全部")
    if negative and part.award.kind == "gain" and (alone or (any(map(_takes, scoring)) and not only_labels)):
        return Rung(Happens(_event_of(part.label, negative), False, part.span), part.award, part.span)
    if not only_labels and part.award.kind == "set" and negative:
        return Rung(Happens(_event_of(part.label, negative), False, part.span), part.award, part.span)
    listed = any(isinstance(other, Limit) and other.kind in ("nothing", "loss") for other in parts) and all(
        other.award.kind == "deduct" for other in labels
    )
    happening = any(other.award.kind == "deduct" for other in labels) and all(
        NEGATIVE.match(other.label) if other.award.points.kind == "full" else _HAPPENING.match(other.label)
        for other in labels
    )
    if happening and part.award.kind == "set" and negative:
        return Rung(Happens(_event_of(part.label, negative), False, part.span), part.award, part.span)
    taken = len(labels) == len(scoring) and all(
        other.award.kind == "deduct" and other.award.points.kind != "zero" for other in labels
    )
    zeroed = any(_takes(other) for other in labels) and all(
        other.award.points.kind == "zero"
        if other.award.kind == "set"
        else _takes(other) and other.award.points.kind != "zero"
        for other in labels
    )
    if only_labels and len(scoring) >= 2 and not listed and not happening and not taken and not zeroed:
        return _choice(part, labels, source)
    if (
        part.award.kind == "set"
        and part.award.points.kind == "zero"
        and (zeroed or _EVENT.match(part.label) or _EVENT_WORDS.search(part.label))
        and (not part.bare or _EVENT_WORDS.search(part.label))
    ):
        return Rung(Happens(_event(part.label), True, part.span), part.award, part.span)
    if part.award.kind == "deduct" and part.award.points.kind == "zero":
        return Lead(f"{part.label}不扣分", part.span)
    if re.search(r"(?:目标值?|计划|任务|指标)$", part.label) and part.award.kind == "set":
        raise RuleSyntaxError(
            f"看不懂「{part.label}」",
            code="KPI105",
            span=part.span,
            source=source,
            hint="您是不是想写「完成目标」？",
            example="完成目标得满分",
        )
    taking = [other for other in scoring if _takes(other)]
    if (
        part.award.kind == "set"
        and part.award.points.kind in ("full", "marks")
        and taking
        and len(labels) == 1 + sum(1 for other in labels if other.award.kind != "set")
        and not part.bare
    ):
        return Rung(Faultless(part.label, part.span), part.award, part.span)
    if part.award.kind != "set" and part.award.points.kind == "marks":
        counted = [
            other
            for other in parts
            if isinstance(other, (Counted, Occurrence))
            and other.award.kind == part.award.kind
            and other.amount.unit.is_count
        ]
        unit = ANY_COUNT
        listed = part.award.kind == "deduct" and any(
            isinstance(other, Limit) and other.kind in ("nothing", "loss") for other in parts
        )
        near = short_miss(part.label)
        if re.search(r"(?<![逐多几首每])(?:次|起|例|笔|册|件|份|处|家|条|辆|台|批|户|篇)$", part.label):
            near = f"每{part.label[-1]}"  # 海次扣3分
        elif re.match(r"累计|合计|总计|最|.计.多", part.label):
            near = "累计最多"
        if near is not None:
            raise RuleSyntaxError(
                f"看不懂这里的「{part.label}」",
                code="KPI105",
                span=part.span,
                source=source,
                hint=f"您是不是想写「{near}」？",
            )
        several = bool(counted) or listed or _HAPPENING.match(part.label) is not None
        return Occurrence(
            _event(part.label), Amount(Fraction(1), unit, part.span), part.award, False, False, not several, part.span
        )
    if part.bare:
        raise RuleSyntaxError(
            "没有说得分还是扣分", code="KPI109", span=part.award.span, source=source, hint="在分数前写 得、加 或 扣"
        )
    raise RuleSyntaxError(
        f"看不懂「{part.label}」是什么情况",
        code="KPI105",
        span=part.span,
        source=source,
        hint="写出数字和单位，或把各种情况都列成选项",
        example="完成得10分；未完成得0分",
    )


def _takes(part: Part) -> bool:
    """Whether a clause takes points for something."""
    if isinstance(part, (Counted, Occurrence, Step, Once, Labelled)):
        return part.award.kind == "deduct"
    return isinstance(part, Rung) and isinstance(part.award, Award) and part.award.kind == "deduct"


def _event(label: str) -> str:
    """The event that a label names: 发生一般事故的 is 一般事故."""
    return _EVENT_LEAD.sub("", label).rstrip("的者时") or label


def _event_of(label: str, match: re.Match[str]) -> str:
    rest = label[match.end() :]
    return name_of(rest) or ""


def _choice(part: Labelled, labels: list[Labelled], source: str) -> Clause:
    names = [other.label for other in labels]
    if names.count(part.label) > 1:
        raise RuleSyntaxError(
            f"「{part.label}」写了两次",
            code="KPI119",
            span=part.span,
            source=source,
            hint="每个选项只写一次",
            example="优秀得10分；良好得8分",
        )
    if part.bare and not part.bracketed:
        zero = any(other.award.points.kind in ("zero", "full") for other in labels)
        if not zero:
            raise RuleSyntaxError(
                "没有说得分还是扣分", code="KPI109", span=part.award.span, source=source, hint="在分数前写 得、加 或 扣"
            )
    same = all(other.award.kind == "deduct" for other in labels) or all(other.award.kind == "gain" for other in labels)
    if same and len(labels) > 1:
        verb = "扣" if part.award.kind == "deduct" else "加"
        first, second = labels[0], labels[1]
        sign = "-" if part.award.kind == "deduct" else ""
        raise AmbiguousRuleError(
            f"这几种情况各{verb}各的，还是只取一种？",
            readings=(
                AlternativeReading(
                    text="；".join(f"{one.label}一次{verb}{points_text(one.award)}分" for one in (first, second)),
                    at="两种情况各一次", points=f"{sign}{_sum(first.award, second.award)}",
                ),
                AlternativeReading(text=f"{first.label}（…分）；{second.label}（…分）", at=first.label, points=f"{sign}{points_text(first.award)}"),
            ),
            code="KPI203", span=part.span, source=source, hint="各扣各的，写 …一次扣…分；只取一种，写 …得…分",
        )  # fmt: skip
    return Choice(part.label, part.award, part.span)


def _sum(one: Award, other: Award) -> str:
    a, b = one.points.amount, other.points.amount
    return (
        decimal_text(a.value + b.value)
        if a is not None and b is not None and a.value is not None and b.value is not None
        else "?"
    )
