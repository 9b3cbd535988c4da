"""The doubtful shapes of a rule, decided once all of it is known: occurrence or rung, label or event, once or per."""

from __future__ import annotations

import re
from fractions import Fraction

from attrs import evolve

from kpilib.errors import AlternativeReading, AmbiguousRuleError, RuleSyntaxError
from kpilib.quantity import ANY_COUNT, decimal_text
from kpilib.syntax.clauses import Counted, Labelled, Once, Part
from kpilib.syntax.names import name_of
from kpilib.syntax.near import short_miss
from kpilib.syntax.tree import (
    Amount, Award, Between, Choice, Clause, Comparison, Direction, Faultless, FullMarks, Happens, Lead, Limit, Occurrence, Otherwise, PartOfStep, Proportional, Rung,
    Series, Step, StepPart, Target, conditions,
)  # fmt: skip
from kpilib.text import normalise

_NEGATIVE = re.compile(r"^(?:全年|本月|当月|考核期内|期内|本季度|年度内|当年|每月)?(?:无|未(?:发生|出现|发现|产生|有|造成|受到|接到|收到)|没有(?:发生|出现|发现|产生|收到|接到)?|零(?=[一-龥]{1,4}$)|全部(?:通过|合格|完成|达标)$|不存在)")
_EVENT = re.compile(r"^(?:如果|如|若|凡|因|一旦|有|若有|如有)?(?:发生|出现|存在|造成|产生|有(?!效|序|关)|违反|未|没有|不|漏|瞒|弄虚|伪造|泄露|泄密|丢失|遗失|私自|擅自|拒)")
_DONE = {"完成", "全部完成", "达成", "达标", "按时完成", "按期完成", "完成的"}
_EVENT_LEAD = re.compile(r"^(?:如果|如|若|凡|每|有发生|发生|出现|发现|查出|接到|收到)+")
_HAPPENING = re.compile(r"^(?:如果|如|若|凡|有|每)?(?:发生|出现|发现|查出|接到|收到)")
_EVENT_WORDS = re.compile(r"严重|重大|事故|违规|违纪|投诉|造假|泄密|死亡|违法")


def same_event(one: str, other: str) -> bool:
    """Whether two names can be of one event."""
    return not one or not other or one in other or other in one


def settle(parts: list[Part], source: str, *, has_target: bool) -> tuple[Clause, ...]:
    """Decide what waited.

    Raises:
        AmbiguousRuleError: a careful reader could read a clause in two ways.
        RuleSyntaxError: words carry points without saying whose.
    """
    settled: list[Clause] = []
    parts = _bracketed_marks(parts)
    for index, part in enumerate(parts):
        if isinstance(part, Counted):
            settled.append(_counted(part, parts, source))
        elif isinstance(part, Once):
            settled.append(_once(part, parts, source, has_target))
        elif isinstance(part, Labelled):
            settled.append(_labelled(part, parts[:index], parts, settled, source))
        else:
            settled.append(part)
    return tuple(_full_marks(_series(_without_target(settled, source, has_target), source)))


def _bracketed_marks(parts: list[Part]) -> list[Part]:
    """服务投诉（2分，每次扣0.1分）: marks in brackets before clauses of another kind are the full marks."""
    scoring = [part for part in parts if not isinstance(part, (Lead, FullMarks, Limit, PartOfStep, Target))]
    if len(scoring) < 2 or not isinstance(scoring[0], Labelled) or not scoring[0].bracketed or any(isinstance(part, Labelled) and part.bracketed for part in scoring[1:]):
        return parts
    first = scoring[0]
    if first.award.kind != "set" or first.award.points.amount is None:
        return parts
    index = parts.index(first)
    return [*parts[:index], Lead(first.label, first.span), FullMarks(first.award.points.amount, first.award.span), *parts[index + 1 :]]


def _counted(part: Counted, parts: list[Part], source: str) -> Clause:
    amount, award = part.amount, part.award
    if part.bare and (part.marked or not _has_sibling(part, parts)):
        raise RuleSyntaxError("没有说得分还是扣分", code="KPI109", span=award.span, source=source, hint="在分数前写 得、加 或 扣")
    moved = _moved(part, parts)
    if moved is not None:
        return moved
    one = amount.value in (1, None) or (amount.value == Fraction(1, 2) and part.marked)
    if part.marked and award.kind != "set":
        return Occurrence(part.event, amount, award, True, part.full_steps, part.span)
    exact = Comparison(part.event, "==", amount, False, span=part.span)
    if not part.marked and _has_sibling(part, parts):
        if not amount.unit.is_count:
            raise RuleSyntaxError("是以上、以下，还是正好？", code="KPI114", span=amount.span, source=source, hint="在数字后写 以上、以下，或写成范围", example="5-10分钟扣3分")
        return Rung(exact, award, part.span)
    stepped = any(isinstance(other, Step) and one_part.amount.unit.kind == amount.unit.kind for other in parts for one_part in getattr(other, "parts", ()))
    if award.kind == "set" and award.points.kind in ("full", "marks") and stepped and not part.marked:
        return Rung(exact, award, part.span)  # 5星：满分；每降低1星扣4分
    if award.kind == "set" and amount.value == 0:
        return Rung(exact, award, part.span)
    if award.kind == "set" and award.points.kind == "zero" and one:
        return Rung(Comparison(part.event, ">=", amount, False, span=part.span), award, part.span)
    if one and award.kind == "set" and award.points.kind == "marks":
        return Occurrence(part.event, amount, evolve(award, kind="gain"), False, False, part.span)
    if award.kind == "set":
        raise RuleSyntaxError("是以上、以下，还是正好？", code="KPI114", span=amount.span, source=source, hint="在数字后写 以上、以下", example="3次以上得0分")
    if one:
        return Occurrence(part.event, amount, award, False, False, part.span)
    text, points = f"{decimal_text(amount.value or Fraction(0))}{amount.unit.symbol}", _points(award)
    verb = "加" if award.kind == "gain" else "扣"
    sign = "" if award.kind == "gain" else "-"
    twice = f"{decimal_text(2 * (amount.value or 0))}{amount.unit.symbol}"
    readings = (
        AlternativeReading(text=f"{part.event}每{text}{verb}{points}分", at=twice, points=f"{sign}{_double(award)}"),
        AlternativeReading(text=f"{part.event}{text}以上{verb}{points}分", at=twice, points=f"{sign}{points}"),
    )
    raise AmbiguousRuleError(f"「{text}{verb}{points}分」是{verb}一次，还是每{text}{verb}一次？", readings=readings, code="KPI201", span=part.span, source=source, hint="写 每… 或 …以上")


_EARLIER, _LATER = ("提前",), ("延迟", "延误", "延期", "推迟", "超期", "逾期", "拖延", "滞后")


def _moved(part: Counted, parts: list[Part]) -> Step | None:
    """以15天为基准，每提前1天加1分: days before or after a target that the text gives."""
    same = any(isinstance(other, Target) and other.amount.unit.kind == part.amount.unit.kind for other in parts)
    if not same or part.amount.unit.kind not in ("time", "workday", "month") or part.award.kind == "set":
        return None
    for words, direction in ((_EARLIER, "down"), (_LATER, "up")):
        if part.event.endswith(words):
            way: Direction = "down" if direction == "down" else "up"
            return Step((StepPart("", way, part.amount),), part.award, part.marked, False, part.span)
    return None


def _has_sibling(part: Counted, parts: list[Part]) -> bool:
    for other in parts:
        if other is part:
            continue
        if isinstance(other, Counted) and not other.marked and same_event(other.event, part.event) and other.amount.value != part.amount.value:
            return other.amount.unit.kind == part.amount.unit.kind
        if isinstance(other, Rung) and any(_same_count(leaf, part) for leaf in conditions(other.condition)):
            zero_only = isinstance(other.award, Award) and other.award.points.kind == "zero" and part.award.kind != "set"
            if not zero_only:
                return True
        if isinstance(other, Otherwise) and part.award.kind == "set":
            return True
        if isinstance(other, Labelled) and part.award.kind == "set" and _NEGATIVE.match(other.label) and other.award.kind == "set":
            return True
    return False


def _same_count(leaf: Comparison | Between | Happens | Faultless, part: Counted) -> bool:
    """Whether a condition bounds the same count."""
    if isinstance(leaf, (Happens, Faultless)):
        return False
    amount = leaf.amount if isinstance(leaf, Comparison) else leaf.high
    return amount is not None and amount.unit.kind == part.amount.unit.kind and same_event(leaf.metric, part.event)


def _points(award: Award) -> str:
    amount = award.points.amount
    return decimal_text(amount.value) if amount is not None and amount.value is not None else "?"


def _double(award: Award) -> str:
    amount = award.points.amount
    return decimal_text(2 * amount.value) if amount is not None and amount.value is not None else "?"


def _once(part: Once, parts: list[Part], source: str, has_target: bool) -> Clause:
    measure, award = part.measure, part.award
    amount = measure.amount
    assert amount is not None
    others = [other for other in parts if other is not part and isinstance(other, (Once, Rung))]
    ladder = any(
        (isinstance(other, Once) and other.measure.direction == measure.direction and other.measure.kind == measure.kind)
        or (isinstance(other, Rung) and isinstance(other.condition, Comparison) and other.condition.operator[0] == ">" and measure.kind == "bound" and other.condition.amount is not None and other.condition.amount.unit.kind == amount.unit.kind)
        for other in others
    )
    if measure.kind == "bound":
        condition = Comparison(part.metric, measure.operator, amount, measure.of_target, span=part.span)
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
    text, points = f"{decimal_text(amount.value or Fraction(0))}{amount.unit.symbol}", _points(award)
    verb = "加" if award.kind == "gain" else "扣"
    sign = "" if award.kind == "gain" else "-"
    way = measure.inside.text if measure.inside and measure.kind == "change" else "超过"
    at = f"{way}{decimal_text(2 * (amount.value or 0))}{amount.unit.symbol}"
    readings = (
        AlternativeReading(text=f"每{way}{text}{verb}{points}分", at=at, points=f"{sign}{_double(award)}"),
        AlternativeReading(text=f"{way}幅度{text}以上{verb}{points}分", at=at, points=f"{sign}{points}"),
    )
    raise AmbiguousRuleError(f"「{way}{text}{verb}{points}分」是{verb}一次，还是每{text}{verb}一次？", readings=readings, code="KPI201", span=part.span, source=source, hint="写 每… 或 …以上")


def _labelled(part: Labelled, before: list[Part], parts: list[Part], settled: list[Clause], source: str) -> Clause:
    scoring = [other for other in parts if not isinstance(other, (Lead, FullMarks, Limit, PartOfStep))]
    labels = [other for other in scoring if isinstance(other, Labelled)]
    if any(isinstance(other, Otherwise) and isinstance(other.award, Proportional) for other in scoring) and part.label in _DONE:
        return Rung(Comparison("", ">=", None, True, span=part.span), part.award, part.span)
    only_labels = all(isinstance(other, (Labelled, Otherwise)) for other in scoring)
    negative = _NEGATIVE.match(part.label)
    if not only_labels and part.award.kind == "set" and negative:
        return Rung(Happens(_event_of(part.label, negative), False, part.span), part.award, part.span)
    listed = any(isinstance(other, Limit) and other.kind in ("nothing", "loss") for other in parts) and all(other.award.kind == "deduct" for other in labels)
    happening = any(other.award.kind == "deduct" for other in labels) and all(
        _NEGATIVE.match(other.label) if other.award.points.kind == "full" else _HAPPENING.match(other.label) for other in labels
    )
    if happening and part.award.kind == "set" and negative:
        return Rung(Happens(_event_of(part.label, negative), False, part.span), part.award, part.span)
    if only_labels and len(scoring) >= 2 and not listed and not happening:
        return _choice(part, labels, source)
    if part.award.kind == "set" and part.award.points.kind == "zero" and (_EVENT.match(part.label) or _EVENT_WORDS.search(part.label)) and not part.bare:
        return Rung(Happens(name_of(part.label) or part.label, True, part.span), part.award, part.span)
    if part.award.kind == "deduct" and part.award.points.kind == "zero":
        return Lead(f"{part.label}不扣分", part.span)
    if re.search(r"(?:目标值?|计划|任务|指标)$", part.label) and part.award.kind == "set":
        raise RuleSyntaxError(f"看不懂「{part.label}」", code="KPI105", span=part.span, source=source, hint="您是不是想写「完成目标」？", example="完成目标得满分")
    taking = [other for other in scoring if _takes(other)]
    if part.award.kind == "set" and part.award.points.kind in ("full", "marks") and taking and len(labels) == 1 + sum(1 for other in labels if other.award.kind != "set") and not part.bare:
        return Rung(Faultless(part.label, part.span), part.award, part.span)
    if part.award.kind != "set" and part.award.points.kind == "marks":
        counted = [other for other in parts if isinstance(other, (Counted, Occurrence)) and other.award.kind == part.award.kind and other.amount.unit.is_count]
        unit = counted[0].amount.unit if counted else ANY_COUNT
        listed = part.award.kind == "deduct" and any(isinstance(other, Limit) and other.kind in ("nothing", "loss") for other in parts)
        near = short_miss(part.label)
        if near is not None:
            raise RuleSyntaxError(f"看不懂这里的「{part.label}」", code="KPI105", span=part.span, source=source, hint=f"您是不是想写「{near}」？")
        if counted or listed or _HAPPENING.match(part.label):
            return Occurrence(_EVENT_LEAD.sub("", part.label).rstrip("的者") or part.label, Amount(Fraction(1), unit, part.span), part.award, False, False, part.span)
        verb = "加" if part.award.kind == "gain" else "扣"
        points, sign = _points(part.award), "" if part.award.kind == "gain" else "-"
        name = name_of(part.label) or part.label
        raise AmbiguousRuleError(
            f"「{part.label}」{verb}{points}分，是只{verb}一次，还是每次都{verb}？",
            readings=(
                AlternativeReading(text=f"{name}一次{verb}{points}分", at="2次", points=f"{sign}{_double(part.award)}"),
                AlternativeReading(text=f"{name}1次以上{verb}{points}分", at="2次", points=f"{sign}{points}"),
            ),
            code="KPI201", span=part.span, source=source, hint="写 一次扣…分",
        )  # fmt: skip
    if part.bare:
        raise RuleSyntaxError("没有说得分还是扣分", code="KPI109", span=part.award.span, source=source, hint="在分数前写 得、加 或 扣")
    raise RuleSyntaxError(f"看不懂「{part.label}」是什么情况", code="KPI105", span=part.span, source=source, hint="写出数字和单位，或把各种情况都列成选项", example="完成得10分；未完成得0分")


def _takes(part: Part) -> bool:
    """Whether a clause takes points for something."""
    if isinstance(part, (Counted, Occurrence, Step, Once, Labelled)):
        return part.award.kind == "deduct"
    return isinstance(part, Rung) and isinstance(part.award, Award) and part.award.kind == "deduct"


def _event_of(label: str, match: re.Match[str]) -> str:
    rest = label[match.end() :]
    return name_of(rest) or ""


def _choice(part: Labelled, labels: list[Labelled], source: str) -> Clause:
    names = [other.label for other in labels]
    if names.count(part.label) > 1:
        raise RuleSyntaxError(f"「{part.label}」写了两次", code="KPI119", span=part.span, source=source, hint="每个选项只写一次", example="优秀得10分；良好得8分")
    if part.bare and not part.bracketed:
        zero = any(other.award.points.kind in ("zero", "full") for other in labels)
        if not zero:
            raise RuleSyntaxError("没有说得分还是扣分", code="KPI109", span=part.award.span, source=source, hint="在分数前写 得、加 或 扣")
    if all(other.award.kind == "deduct" for other in labels) or all(other.award.kind == "gain" for other in labels):
        verb = "扣" if part.award.kind == "deduct" else "加"
        first, second = labels[0], labels[1]
        sign = "-" if part.award.kind == "deduct" else ""
        raise AmbiguousRuleError(
            f"这几种情况各{verb}各的，还是只取一种？",
            readings=(
                AlternativeReading(text=f"{first.label}一次{verb}{_points(first.award)}分；{second.label}一次{verb}{_points(second.award)}分", at="两种情况各一次", points=f"{sign}{_sum(first.award, second.award)}"),
                AlternativeReading(text=f"{first.label}（…分）；{second.label}（…分）", at=first.label, points=f"{sign}{_points(first.award)}"),
            ),
            code="KPI203", span=part.span, source=source, hint="各扣各的，写 …一次扣…分；只取一种，写 …得…分",
        )  # fmt: skip
    return Choice(part.label, part.award, part.span)


def _sum(one: Award, other: Award) -> str:
    a, b = one.points.amount, other.points.amount
    return decimal_text(a.value + b.value) if a is not None and b is not None and a.value is not None and b.value is not None else "?"


def _without_target(clauses: list[Clause], source: str, has_target: bool) -> list[Clause]:
    """按时完成工作计划得满分: where nothing is held against a target, reaching it is just the faultless case."""
    if has_target or any(isinstance(clause, (Target, Step, Proportional, Otherwise)) for clause in clauses):
        return clauses
    result: list[Clause] = []
    for clause in clauses:
        if isinstance(clause, Rung) and isinstance(clause.condition, Comparison) and clause.condition.amount is None and isinstance(clause.award, Award) and clause.award.kind == "set":
            said = clause.condition.span
            words = normalise(source[said.start : said.end]).replace(" ", "").replace("\n", "")
            clause = evolve(clause, condition=Faultless(words, said))
        result.append(clause)
    return result


def _series(clauses: list[Clause], source: str) -> list[Clause]:
    """1次扣2分，2次扣4分，以此类推: equal steps from nothing are an occurrence."""
    if not any(isinstance(clause, Series) for clause in clauses):
        return clauses
    rungs = [clause for clause in clauses if isinstance(clause, Rung) and isinstance(clause.condition, Comparison) and clause.condition.operator == "=="]
    if not rungs:
        return clauses
    rates = set()
    for rung in rungs:
        assert isinstance(rung.condition, Comparison)
        amount, award = rung.condition.amount, rung.award
        if not isinstance(award, Award) or award.points.amount is None or award.points.amount.value is None or amount is None or not amount.value:
            return clauses
        rates.add((award.kind, award.points.amount.value / amount.value))
    first = rungs[0]
    assert isinstance(first.condition, Comparison) and first.condition.amount is not None and isinstance(first.award, Award)
    if len(rates) != 1 or len(rungs) < 2 or first.award.kind == "set":
        raise RuleSyntaxError("「以此类推」前面各档的差不一样，推不下去", code="KPI203", span=rungs[-1].span, source=source, hint="写成 每次扣…分", example="每次扣2分")
    assert first.award.points.amount is not None
    points = evolve(first.award.points.amount, value=next(iter(rates))[1])
    occurrence = Occurrence(
        first.condition.metric, evolve(first.condition.amount, value=Fraction(1)), evolve(first.award, points=evolve(first.award.points, amount=points)), True, False, first.span
    )
    return [occurrence if clause is first else clause for clause in clauses if clause is first or clause not in rungs]


def _full_marks(clauses: list[Clause]) -> list[Clause]:
    """代码覆盖率（30分）≥80%得满分: one bracketed mark before clauses of another kind is the full marks."""
    scoring = [clause for clause in clauses if not isinstance(clause, (Lead, FullMarks, Limit, PartOfStep, Target))]
    choices = [clause for clause in scoring if isinstance(clause, Choice)]
    if len(choices) == 1 and len(scoring) > 1 and scoring[0] is choices[0] and choices[0].award.points.amount is not None:
        index = clauses.index(choices[0])
        return [*clauses[:index], Lead(choices[0].label, choices[0].span), FullMarks(choices[0].award.points.amount, choices[0].span), *clauses[index + 1 :]]
    return clauses


