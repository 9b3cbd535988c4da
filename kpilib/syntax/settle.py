"""The doubtful shapes of a rule, decided once all of it is known: occurrence or rung, label or event, once or per."""

from __future__ import annotations

from fractions import Fraction

from attrs import evolve

from kpilib.errors import RuleSyntaxError
from kpilib.syntax.labels import NEGATIVE, settle_label
from kpilib.syntax.names import LATE
from kpilib.syntax.parts import Counted, Labelled, Once, Part, once_or_each
from kpilib.syntax.rewrite import bracketed_marks, full_marks, none_of, reached, series, unshared, without_target
from kpilib.syntax.tree import (
    Award,
    Between,
    Clause,
    Comparison,
    Direction,
    Faultless,
    Happens,
    Occurrence,
    Otherwise,
    Rung,
    Step,
    StepPart,
    Target,
    conditions,
)  # fmt: skip


def same_event(one: str, other: str) -> bool:
    """Whether two names can be of one event."""
    return not one or not other or one in other or other in one


def settle(parts: list[Part], source: str, *, target_kind: str = "") -> tuple[Clause, ...]:
    """Decide what waited.

    Raises:
        AmbiguousRuleError: a careful reader could read a clause in two ways.
        RuleSyntaxError: words carry points without saying whose.
    """
    settled: list[Clause] = []
    parts = bracketed_marks(parts)
    for _index, part in enumerate(parts):
        if isinstance(part, Counted):
            settled.append(_counted(part, parts, source, target_kind))
        elif isinstance(part, Once):
            settled.append(_once(part, parts, source, bool(target_kind)))
        elif isinstance(part, Labelled):
            settled.append(settle_label(part, parts, source))
        else:
            settled.append(part)
    settled = [reached(clause, settled, source) for clause in none_of(unshared(settled))]
    return tuple(full_marks(series(without_target(settled, source, bool(target_kind)), source)))


def _counted(part: Counted, parts: list[Part], source: str, target_kind: str) -> Clause:
    amount, award = part.amount, part.award
    if part.bare and (part.marked or not _has_sibling(part, parts)):
        raise RuleSyntaxError(
            "没有说得分还是扣分", code="KPI109", span=award.span, source=source, hint="在分数前写 得、加 或 扣"
        )
    moved = _moved(part, parts, target_kind)
    if moved is not None:
        return moved
    one = amount.value in (1, None) or (amount.value == Fraction(1, 2) and part.marked)
    if part.marked and award.kind != "set":
        return Occurrence(part.event, amount, award, True, part.full_steps, span=part.span)
    exact = Comparison(part.event, "==", amount, False, span=part.span)
    named = {
        leaf.metric
        for other in parts
        if isinstance(other, Rung)
        for leaf in conditions(other.condition)
        if isinstance(leaf, Comparison) and leaf.amount is not None and leaf.amount.unit.kind == amount.unit.kind
    }
    if (
        part.event
        and not part.marked
        and any(named)
        and not any(name and same_event(name, part.event) for name in named)
    ):
        raise RuleSyntaxError(
            f"看不懂这里的「{part.event}」",
            code="KPI105",
            span=part.span,
            source=source,
            hint="写 不足、超过 等，或写指标的名字",
            example="不足3次得0分",
        )
    for other in parts:
        if (
            isinstance(other, Counted)
            and other.event
            and part.event.startswith(other.event)
            and 0 < len(part.event) - len(other.event) <= 2
            and not part.marked
        ):
            raise RuleSyntaxError(
                f"看不懂这里的「{part.event[len(other.event) :]}」",
                code="KPI105",
                span=part.span,
                source=source,
                hint="写 达到、超过 等",
                example="返工达到5次得0分",
            )
    if not part.marked and _has_sibling(part, parts):
        if not amount.unit.is_count:
            raise RuleSyntaxError(
                "是以上、以下，还是正好？",
                code="KPI114",
                span=amount.span,
                source=source,
                hint="在数字后写 以上、以下，或写成范围",
                example="5-10分钟扣3分",
            )
        return Rung(exact, award, part.span)
    stepped = any(
        isinstance(other, Step) and one_part.amount.unit.kind == amount.unit.kind
        for other in parts
        for one_part in getattr(other, "parts", ())
    )
    if award.kind == "set" and award.points.kind in ("full", "marks") and stepped and not part.marked:
        return Rung(exact, award, part.span)  # 5星：满分；每降低1星扣4分
    if award.kind == "set" and amount.value == 0:
        return Rung(exact, award, part.span)
    if award.kind == "set" and award.points.kind == "zero" and one:
        return Rung(Comparison(part.event, ">=", amount, False, span=part.span), award, part.span)
    if one and award.kind == "set" and award.points.kind == "marks":
        return Occurrence(part.event, amount, evolve(award, kind="gain"), False, False, span=part.span)
    if award.kind == "set":
        raise RuleSyntaxError(
            "是以上、以下，还是正好？",
            code="KPI114",
            span=amount.span,
            source=source,
            hint="在数字后写 以上、以下",
            example="3次以上得0分",
        )
    if one:
        return Occurrence(part.event, amount, award, False, False, span=part.span)
    raise once_or_each(source, part.span, award, amount, before=part.event)


_EARLIER, _LATER = ("提前",), ("延迟", "延误", "延期", "推迟", "超期", "逾期", "拖延", "滞后")


def _moved(part: Counted, parts: list[Part], target_kind: str) -> Step | None:
    """以15天为基准，每提前1天加1分: days before or after a target that the text gives."""
    if (
        part.amount.unit.is_count
        and target_kind == part.amount.unit.kind
        and part.event.startswith(("缺少", "少", "缺"))
        and part.award.kind == "deduct"
    ):
        return Step((StepPart("", "down", part.amount),), part.award, part.marked, False, part.span)
    early = any(isinstance(other, Counted) and other.event.endswith(_EARLIER) for other in parts)
    same = target_kind == part.amount.unit.kind and early
    same = same or any(
        (isinstance(other, Target) and other.amount.unit.kind == part.amount.unit.kind)
        or (isinstance(other, Rung) and any(_same_kind(leaf, part) for leaf in conditions(other.condition)))
        for other in parts
    )
    if not same or part.amount.unit.kind not in ("time", "workday", "month") or part.award.kind == "set":
        return None
    for words, direction in ((_EARLIER, "down"), (_LATER, "up")):
        if part.event.endswith(words):
            way: Direction = "down" if direction == "down" else "up"
            return Step((StepPart("", way, part.amount),), part.award, part.marked, False, part.span)
    return None


def _same_kind(leaf: Comparison | Between | Happens | Faultless, part: Counted) -> bool:
    """15分钟内完成得满分，每延迟5分钟扣2分: the rung bounds the time that is late."""
    if not isinstance(leaf, Comparison) or leaf.amount is None or leaf.operator not in ("<", "<="):
        return False
    return leaf.amount.unit.kind == part.amount.unit.kind and LATE.search(leaf.metric) is None


def _has_sibling(part: Counted, parts: list[Part]) -> bool:
    for other in parts:
        if other is part:
            continue
        if (
            isinstance(other, Counted)
            and not other.marked
            and same_event(other.event, part.event)
            and other.amount.value != part.amount.value
        ):
            return other.amount.unit.kind == part.amount.unit.kind
        if isinstance(other, Rung) and any(_same_count(leaf, part) for leaf in conditions(other.condition)):
            zero_only = (
                isinstance(other.award, Award) and other.award.points.kind == "zero" and part.award.kind != "set"
            )
            if not zero_only:
                return True
        if isinstance(other, Otherwise) and part.award.kind == "set":
            return True
        if (
            isinstance(other, Labelled)
            and part.award.kind == "set"
            and part.award.points.kind != "zero"
            and NEGATIVE.match(other.label)
            and other.award.kind == "set"
        ):
            return True
    return False


def _same_count(leaf: Comparison | Between | Happens | Faultless, part: Counted) -> bool:
    """Whether a condition bounds the same count."""
    if isinstance(leaf, (Happens, Faultless)):
        return False
    amount = leaf.amount if isinstance(leaf, Comparison) else leaf.high
    return amount is not None and amount.unit.kind == part.amount.unit.kind and same_event(leaf.metric, part.event)


def _once(part: Once, parts: list[Part], source: str, has_target: bool) -> Clause:
    measure, award = part.measure, part.award
    amount = measure.amount
    assert amount is not None
    others = [other for other in parts if other is not part and isinstance(other, (Once, Rung))]
    ladder = any(
        (
            isinstance(other, Once)
            and other.measure.direction == measure.direction
            and other.measure.kind == measure.kind
        )
        or (
            isinstance(other, Rung)
            and isinstance(other.condition, Comparison)
            and other.condition.operator[0] == ">"
            and measure.kind == "bound"
            and other.condition.amount is not None
            and other.condition.amount.unit.kind == amount.unit.kind
        )
        for other in others
    )
    if measure.beyond and measure.of_target:
        return Step((StepPart(part.metric, measure.beyond, amount, True),), award, False, False, part.span)
    if measure.kind == "bound":
        condition = Comparison(part.metric, measure.operator, amount, measure.of_target, span=part.span)
        if has_target and amount.unit.kind == "rate" and measure.bound_word == "超出":
            condition = evolve(condition, beyond="up")
        if ladder:
            return Rung(condition, award, part.span)
        if amount.value == 1 or amount.value is None:
            return Step((StepPart(part.metric, "up", amount),), award, False, False, part.span)
        if not has_target:
            return Rung(condition, award, part.span)
    else:
        steps = [other for other in parts if isinstance(other, Step) and other.per]
        near = any(one.amount.unit.kind == amount.unit.kind for other in steps for one in other.parts)
        assert measure.direction is not None
        if amount.value in (1, None) or near:
            return Step((StepPart(part.metric, measure.direction, amount),), award, False, False, part.span)
        if ladder:
            name = f"{part.metric}{measure.inside.text if measure.inside else ''}"
            return Rung(Comparison(name, ">=", amount, False, span=part.span), award, part.span)
    way = measure.inside.text if measure.inside and measure.kind == "change" else "超过"
    raise once_or_each(source, part.span, award, amount, before=part.metric, way=way, once=f"{way}幅度")
