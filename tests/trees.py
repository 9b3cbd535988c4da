"""Rule trees that make sense, by seed or drawn by Hypothesis, with inputs that lie where it matters."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeVar

from attrs import evolve, frozen
from hypothesis import strategies as st

from kpilib.inputs import read_target
from kpilib.quantity import MARKS, PERCENT, UNITS, Unit, decimal_text
from kpilib.syntax.reader import read_rule
from kpilib.syntax.tree import (
    Amount,
    Award,
    Between,
    Choice,
    Clause,
    Comparison,
    Condition,
    Either,
    Every,
    FullMarks,
    Happens,
    Limit,
    Occurrence,
    Otherwise,
    PartOfStep,
    Points,
    Proportional,
    RuleTree,
    Rung,
    Step,
    StepPart,
    Target,
)

T = TypeVar("T")


class Source:
    """Where choices come from: a seeded random, or Hypothesis."""

    def pick(self, options: Sequence[T]) -> T:
        raise NotImplementedError

    def number(self, low: int, high: int) -> int:
        raise NotImplementedError

    def flag(self, one_in: int = 2) -> bool:
        return self.number(1, one_in) == 1

    def some(self, options: Sequence[T], count: int) -> list[T]:
        left, found = list(options), []
        for _ in range(count):
            found.append(left.pop(self.number(0, len(left) - 1)))
        return found


class Seeded(Source):
    def __init__(self, seed: object) -> None:
        self.random = random.Random(str(seed))

    def pick(self, options: Sequence[T]) -> T:
        return self.random.choice(options)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)


class Drawn(Source):
    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(list(options)))

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))


@frozen
class Scale:
    """A kind of metric: names, units that may be mixed, bounds in the first unit, and steps."""

    names: tuple[str, ...]
    units: tuple[Unit, ...]
    low: int
    high: int
    grain: Fraction
    steps: tuple[str, ...]
    negative: bool = False

    @property
    def unit(self) -> Unit:
        return self.units[0]


def _units(*symbols: str) -> tuple[Unit, ...]:
    return tuple(UNITS[symbol] for symbol in symbols)


RATE = Scale(("完成率", "合格率"), _units("%", "‰"), 40, 110, Fraction(1, 2), ("0.5", "1", "2", "5", "0.4"), True)
SMALL_RATE = Scale(("差错率", "退货率"), _units("‰", "%"), 1, 40, Fraction(1, 2), ("0.5", "1", "2", "10"), True)
MONEY = Scale(("销售额", "回款额"), _units("万元", "元"), 50, 900, Fraction(10), ("1", "5", "10", "20"), True)
COUNT = Scale(("新客户数", "走访企业数"), _units("家"), 3, 40, Fraction(1), ("1", "2", "3"))
TIME = Scale(("修复时间", "响应时间"), _units("小时", "分钟"), 1, 48, Fraction(1, 2), ("0.5", "1", "2"))
DAYS = Scale(("交付周期", "办理时间"), _units("天"), 3, 60, Fraction(1), ("1", "2", "5"))
SCORES = Scale(("平均得分", "考试成绩"), _units("分"), 40, 100, Fraction(1), ("1", "0.5", "2"))
SCALES = (RATE, RATE, SMALL_RATE, MONEY, COUNT, TIME, DAYS, SCORES)
EVENTS = (
    ("迟到", "次"),
    ("早退", "次"),
    ("旷工", "次"),
    ("有责投诉", "起"),
    ("漏检", "项"),
    ("错发", "件"),
    ("串岗", "人次"),
    ("返修", "台"),
)
LABELS = ("优秀", "良好", "合格", "不合格", "服务热情", "服务冷淡", "推诿扯皮", "有轻微差错", "有重大差错", "没有台账")
FULL = ("5", "8", "10", "12.5", "15", "20", "25", "30", "40", "50")


@frozen
class Case:
    """A tree, the options that it is compiled with, and what its inputs are called and measured in."""

    family: str
    tree: RuleTree
    full_marks: str | None
    target: str | None
    reading: tuple[tuple[str, str | int], ...]
    inputs: tuple[tuple[str, Unit], ...]  # no name stands for a single input; labels have no unit
    labels: tuple[str, ...] = ()
    marks: tuple[tuple[Fraction, ...], ...] = ()  # of each input: the numbers that matter, in base units
    negative: bool = False

    @property
    def options(self) -> dict[str, str | int]:
        return dict(self.reading)


# --- pieces ------------------------------------------------------------------------------------------


def _amount(value: Fraction | str, unit: Unit) -> Amount:
    return Amount(Fraction(value), unit)


def _in(source: Source, scale: Scale, value: Fraction) -> Amount:
    """The value, given in the scale's first unit, in one of its units."""
    unit = source.pick(scale.units) if source.flag(5) else scale.unit
    return _amount(value * scale.unit.size / unit.size, unit)


def _marks(value: Fraction | str) -> Points:
    number = Fraction(value)
    return Points("marks", _amount(number, MARKS)) if number else Points("zero")


def _set(value: Fraction | str) -> Award:
    return Award("set", _marks(value))


FULL_AWARD = Award("set", Points("full"))
ZERO_AWARD = Award("set", Points("zero"))


def _price(source: Source, kind: str, full: str | None) -> Award:
    """What a step adds or takes: marks, or now and then a share of the full marks."""
    if full is not None and source.flag(8):
        return Award(kind, Points("share", _amount(source.pick(("1", "2", "5", "10")), PERCENT)))
    return Award(kind, _marks(source.pick(("0.2", "0.5", "1", "1.5", "2", "3", "5"))))


def _bound(source: Source, scale: Scale) -> Fraction:
    steps = int((scale.high - scale.low) / scale.grain)
    return scale.low + scale.grain * source.number(0, steps)


def _full(source: Source) -> tuple[str | None, list[Clause]]:
    """Full marks as an option, in the text, or both."""
    full = source.pick(FULL)
    if source.flag(4):
        clause: list[Clause] = [FullMarks(_amount(full, MARKS))]
        return (full if source.flag() else None), clause
    return full, []


def _reading(source: Source) -> tuple[tuple[str, str | int], ...]:
    found: list[tuple[str, str | int]] = []
    if source.flag(3):
        found.append(("step", source.pick(("floor", "ceil"))))
    if source.flag(5):
        found.append(("places", source.pick((0, 1, 3, 4))))
    if source.flag(6):
        found.append(("shared_bound", "worse"))
    if source.flag(6):
        found.append(("above_full", "cap"))
    return tuple(found)


def _text(amount: Amount) -> str:
    assert amount.value is not None
    return f"{decimal_text(amount.value)}{amount.unit.symbol}"


# --- families ----------------------------------------------------------------------------------------


def target_step(source: Source) -> Case:
    """A target or a bound that earns full marks, steps on one side or both, caps, a part of a step, a zero rule."""
    scale = source.pick(SCALES)
    full, clauses = _full(source)
    if source.flag(6):
        full, clauses = None, []
    worth = full if full is not None else decimal_text(clauses[0].marks.value) if clauses else None  # type: ignore[union-attr,arg-type]
    goal = _bound(source, scale)
    amount = _amount(goal, scale.unit)
    up_is_good = scale not in (TIME, DAYS, SMALL_RATE)
    name = source.pick(scale.names) if source.flag() else ""
    target, marks = None, [goal * scale.unit.size]
    bad, good = ("down", "up") if up_is_good else ("up", "down")
    form = source.pick(("target", "target", "parameter", "parameter", "rung", "exactly", "range"))
    if worth is None and form in ("rung", "exactly"):
        form = "parameter"
    # 刚好达到目标 leaves open what the side without a step earns, so that it always has both.
    two_sided = form == "exactly" or (form != "rung" and source.flag())
    if form == "target":
        clauses.append(Target(name, source.pick(("==", ">=" if up_is_good else "<=")), amount))
    elif form == "range":
        high = goal + scale.grain * source.number(1, 4)
        marks.append(high * scale.unit.size)
        clauses.append(Target(name, "==", amount, _amount(high, scale.unit)))
    elif form == "parameter":
        target = _text(amount)
    elif form == "rung":
        operator = source.pick((">=", ">")) if up_is_good else source.pick(("<=", "<"))
        clauses.append(Rung(Comparison(name, operator, amount), FULL_AWARD))
    else:
        target = _text(amount)
        award = _set(worth) if source.flag() else FULL_AWARD  # type: ignore[arg-type]
        clauses.append(Rung(Comparison("", "==", None, True), award))
    sides = [(bad, "deduct"), (good, "gain")] if two_sided else [(bad, "deduct")]
    if two_sided and source.flag():
        sides.reverse()
    if not two_sided and form in ("target", "parameter") and source.flag(5):
        sides = [(good, "gain")]
    caps_last: list[Clause] = []
    for way, kind in sides:
        width = Fraction(source.pick(scale.steps))
        of_target = False
        unit = scale.unit
        if scale is MONEY and form in ("target", "parameter") and source.flag(3):
            width, unit, of_target = Fraction(source.pick(("1", "2", "5"))), PERCENT, source.flag()
        part = StepPart("", way, _amount(width, unit), of_target)
        clauses.append(Step((part,), _price(source, kind, worth)))
        base = width * unit.size * (goal * scale.unit.size if unit is not scale.unit else 1)
        sign = 1 if way == "up" else -1
        starts = marks[:2] if form == "range" else marks[:1]
        for start in starts:
            marks += [start + sign * base * n for n in (1, 2, 3, source.number(4, 12))]
        if source.flag(3):
            limit = Limit(
                "gain" if kind == "gain" else "loss", _amount(source.pick(("2", "3", "4.5", "6", "10")), MARKS)
            )
            (clauses if source.flag() else caps_last).append(limit)
    clauses += caps_last
    if source.flag(4):
        clauses.append(PartOfStep(source.pick(("floor", "ceil", "linear"))))
    if (bad, "deduct") in sides and worth is not None and source.flag():
        distance = scale.grain * source.number(2, 12)
        edge = goal - distance if up_is_good else goal + distance
        if form == "range" and not up_is_good:
            edge += 4 * scale.grain
        if edge > 0:
            operator = source.pick(("<", "<=")) if up_is_good else source.pick((">", ">="))
            stated = ZERO_AWARD if source.flag(4) is False else _set(source.pick(("1", "2")))
            clauses.append(Rung(Comparison("", operator, _in(source, scale, edge)), stated))
            marks.append(edge * scale.unit.size)
    clauses += _score_bounds(source, clauses, worth)
    return Case(
        "target_step",
        RuleTree(tuple(clauses)),
        full,
        target,
        _reading(source),
        (("", scale.unit),),
        (),
        (tuple(marks),),
        scale.negative,
    )


def _score_bounds(source: Source, clauses: Sequence[Clause], worth: str | None) -> list[Clause]:
    """Bounds of the score, or of the whole adjustment, that fit what the rule does."""
    moves = [clause for clause in clauses if isinstance(clause, (Step, Occurrence))]
    kinds = {move.award.kind for move in moves}
    pick = source.number(1, 12)
    if pick <= 2 and worth is not None and "deduct" in kinds:
        return [Limit("nothing")]
    if pick == 3 and worth is not None and "gain" in kinds:
        return [Limit("score", _amount(Fraction(worth) + source.number(1, 6), MARKS))]
    if pick == 4 and worth is not None and "deduct" in kinds:
        return [Limit("floor", _amount(source.pick(("0", "1", "2", "3")), MARKS))]
    if (
        pick == 5
        and moves
        and moves[-1].award.kind == "deduct"
        and not any(isinstance(clause, Limit) for clause in clauses)
    ):
        return [Limit("unlimited")]
    if pick == 6 and kinds == {"gain", "deduct"} and not any(isinstance(clause, Limit) for clause in clauses):
        size = source.pick(("2", "3", "5"))
        return [Limit("any", _amount(size, MARKS)), Limit("any_floor", _amount(f"-{size}", MARKS))]
    return []


def _rungs(source: Source, scale: Scale, count: int) -> list[Fraction]:
    found: set[Fraction] = set()
    while len(found) < count:
        found.add(_bound(source, scale))
    return sorted(found)


def _falling(source: Source, count: int, top: str) -> list[str]:
    """Falling marks from the top, by tenths of it."""
    tenths = sorted(source.some(range(1, 10), count - 1), reverse=True)
    return [top, *(decimal_text(Fraction(top) * n / 10) for n in tenths)]


def ladder(source: Source) -> Case:
    """Set awards: nested, exact or ranged rungs, bounds that two rungs share, a rung or an 其余 for the rest."""
    scale = source.pick(SCALES)
    full, clauses = _full(source)
    top = full if full is not None else decimal_text(clauses[0].marks.value)  # type: ignore[union-attr,arg-type]
    reading = list(_reading(source))
    free = source.number(1, 8)
    if free == 1:
        full, clauses = None, []
    elif free == 2:
        top = "100"
    elif free == 3:
        top = source.pick(("60", "7", "100"))
        reading.append(("ladder", source.pick(("listed", "hundred"))))
    count = source.number(2, 4)
    bounds = _rungs(source, scale, count)
    awards = [_set(points) for points in _falling(source, count, top)]
    if top == full and source.flag():
        awards[0] = FULL_AWARD
    up_is_good = scale not in (TIME, DAYS, SMALL_RATE)
    if up_is_good:
        bounds.reverse()
    name = source.pick(scale.names) if source.flag() else ""
    form = source.pick(
        ("nested", "nested", "ranges", "half_open", "exact")
        if scale is COUNT
        else ("nested", "nested", "ranges", "half_open")
    )
    rungs: list[tuple[Condition, Award]] = []
    ways = (">=", ">", "<") if up_is_good else ("<=", "<", ">")
    for number, bound in enumerate(bounds):
        amount = _in(source, scale, bound)
        if form == "nested" or number == 0:
            rungs.append(
                (
                    Comparison(
                        "",
                        source.pick(ways[:2])
                        if form == "nested" and scale is not COUNT and source.flag(3)
                        else ways[0],
                        amount,
                    ),
                    awards[number],
                )
            )
        elif form == "exact":
            rungs.append((Comparison("", "==", _amount(bound, scale.unit)), awards[number]))
        else:
            low, high = (bound, bounds[number - 1]) if up_is_good else (bounds[number - 1], bound)
            low_in, high_in = True, True
            if form == "half_open":
                low_in, high_in = (True, False) if up_is_good else (False, True)
            rungs.append((_between(low, high, scale.unit, low_in, high_in), awards[number]))
    if form == "exact":  # 20家以上得…; 15家得…: only the first is open
        rungs[0] = (Comparison("", ways[0], _amount(bounds[0], scale.unit)), awards[0])
    rest = source.number(1, 5)
    if rest == 1:
        rungs.append((Comparison("", ways[2], _in(source, scale, bounds[-1])), ZERO_AWARD))
    elif rest == 2:
        rungs.append((Comparison("", ways[2] + "=", _in(source, scale, bounds[-1])), ZERO_AWARD))
    if source.flag(4):
        rungs.reverse()
    for number, (condition, award) in enumerate(rungs):
        named = evolve(condition, metric=name) if number == 0 else condition  # type: ignore[misc]
        clauses.append(Rung(named, award))
    if rest == 3:
        clauses.append(Otherwise(ZERO_AWARD))
    elif rest == 4:
        clauses.append(Otherwise(_set(decimal_text(Fraction(top) / 20))))
    marks = tuple(bound * scale.unit.size for bound in bounds)
    return Case(
        "ladder",
        RuleTree(tuple(clauses)),
        full,
        None,
        tuple(reading),
        (("", scale.unit),),
        (),
        (marks,),
        scale.negative,
    )


def _between(low: Fraction, high: Fraction, unit: Unit, low_in: bool, high_in: bool) -> Between:
    return Between("", _amount(low, unit), ">=" if low_in else ">", _amount(high, unit), "<=" if high_in else "<")


def adjusting(source: Source) -> Case:
    """A ladder of deductions or additions: one rung applies, beyond the last bound nothing does."""
    scale = source.pick(SCALES)
    full, clauses = _full(source)
    if source.flag(3):
        full, clauses = None, []
    count = source.number(2, 4)
    bounds = _rungs(source, scale, count)
    points = sorted(source.some(range(1, 12), count))
    kind = source.pick(("gain", "deduct"))
    operator = source.pick((">", ">="))
    up_is_good = scale not in (TIME, DAYS, SMALL_RATE)
    if up_is_good is (kind == "deduct"):  # what is better high costs when it is low
        operator = operator.replace(">", "<")
        bounds.reverse()
    # 3天以内扣1分 without a name can be days of delay, of which none is not within; so times are named.
    name = source.pick(scale.names) if scale in (TIME, DAYS) or source.flag() else ""
    for number, (bound, one) in enumerate(zip(bounds, points, strict=True)):
        condition = Comparison(name if number == 0 else "", operator, _in(source, scale, bound))
        clauses.append(Rung(condition, Award(kind, _marks(str(one)))))
    marks = tuple(bound * scale.unit.size for bound in bounds)
    return Case(
        "adjusting",
        RuleTree(tuple(clauses)),
        full,
        None,
        _reading(source),
        (("", scale.unit),),
        (),
        (marks,),
        scale.negative,
    )


def occurrences(source: Source) -> Case:
    """One event or several that each cost or earn, with caps on one, on all, and with an event that zeroes the item."""
    full, clauses = _full(source)
    if source.flag(4):
        full, clauses = None, []
    worth = full if full is not None else decimal_text(clauses[0].marks.value) if clauses else None  # type: ignore[union-attr,arg-type]
    events = source.some(EVENTS, source.number(1, 4))
    single = len(events) == 1
    kinds = [source.pick(("deduct", "deduct", "gain")) for _ in events]
    for (event, word), kind in zip(events, kinds, strict=True):
        amount = _amount("1" if source.flag(5) is False else source.pick(("2", "5")), UNITS[word])
        full_steps = source.flag(6)
        per = full_steps or amount.value != 1 or source.flag()
        clauses.append(Occurrence(event, amount, _price(source, kind, worth), per, full_steps))
        if source.flag(4):
            clauses.append(
                Limit("gain" if kind == "gain" else "loss", _amount(source.pick(("2", "3", "5", "8")), MARKS))
            )
    if not single and not any(isinstance(clause, Limit) for clause in clauses) and source.flag():
        kind = kinds[-1]
        clauses.append(Limit("gain" if kind == "gain" else "loss", _amount(source.pick(("4", "6", "10")), MARKS)))
    if source.flag(6):
        clauses.append(PartOfStep(source.pick(("floor", "ceil"))))
    inputs = [(event, UNITS[word]) for event, word in events]
    if worth is not None and source.flag(4):
        if source.flag():
            clauses.append(Rung(Happens("重大事故", True), ZERO_AWARD))
            inputs.append(("重大事故", UNITS["次"]))
        elif single:
            clauses.append(
                Rung(Comparison(events[0][0], source.pick((">=", ">")), _amount("3", UNITS[events[0][1]])), ZERO_AWARD)
            )
    clauses += _score_bounds(source, clauses, worth)
    if len(inputs) == 1:
        inputs = [("", inputs[0][1])]
    marks = tuple(tuple(Fraction(n) for n in (0, 1, 2, 3, 4, 5)) for _ in inputs)
    return Case("occurrences", RuleTree(tuple(clauses)), full, None, _reading(source), tuple(inputs), (), marks)


def proportional(source: Source) -> Case:
    """得分=完成率×满分 and its kin, with caps, a zero rung, and events that cost."""
    full, clauses = _full(source)
    worth = full if full is not None else decimal_text(clauses[0].marks.value)  # type: ignore[union-attr,arg-type]
    metric, unit, target, marks = "完成率", PERCENT, None, [Fraction(1)]
    form = source.pick(("rate", "whole", "amount", "plain", "rung"))
    clause = Proportional(metric, False, None, source.flag())
    if form == "whole":
        clause = Proportional(metric, False, _amount(worth, MARKS), False)
    elif form == "amount":
        scale = source.pick((MONEY, COUNT))
        goal = _bound(source, scale)
        unit, target, marks = scale.unit, _text(_amount(goal, scale.unit)), [goal * scale.unit.size]
        clause = Proportional("", False, None, False)
    elif form == "plain":
        clause = Proportional("", False, None, False)
    if form == "rung":
        edge = Fraction(source.number(10, 18) * 5)
        marks.append(edge / 100)
        low = Comparison(metric, source.pick(("<", "<=")), _amount(edge, PERCENT))
        pair: list[Clause] = [
            Rung(low, ZERO_AWARD),
            Rung(Comparison("", ">=", _amount(edge, PERCENT)), evolve(clause, metric=metric, capped=False)),
        ]
        if source.flag():
            pair.append(Rung(Comparison("", ">=", _amount("100", PERCENT)), FULL_AWARD))
        clauses += pair
    else:
        clauses.append(clause)
        if form in ("rate", "whole") and source.flag():
            edge = Fraction(source.number(8, 18) * 5)
            marks.append(edge / 100)
            clauses.append(Rung(Comparison("", source.pick(("<", "<=")), _amount(edge, PERCENT)), ZERO_AWARD))
        if source.flag(4):
            clauses.append(Limit("full"))
        elif source.flag(5):
            clauses.append(Limit("score", _amount(Fraction(worth) + source.number(1, 5), MARKS)))
    inputs = [("", unit)]
    all_marks = [tuple(marks)]
    if form in ("rate", "whole") and not any(isinstance(one, (Limit, Rung)) for one in clauses) and source.flag():
        event, word = source.pick(EVENTS)
        clauses.append(Occurrence(event, _amount("1", UNITS[word]), _price(source, "deduct", worth), source.flag()))
        inputs = [(metric, unit), (event, UNITS[word])]
        all_marks.append((Fraction(0), Fraction(1), Fraction(3)))
    return Case(
        "proportional", RuleTree(tuple(clauses)), full, target, _reading(source), tuple(inputs), (), tuple(all_marks)
    )


def choice(source: Source) -> Case:
    """Labels with marks, or with additions and deductions."""
    full, clauses = _full(source)
    count = source.number(2, 5)
    labels = source.some(LABELS, count)
    if source.flag(3):
        full, clauses = None, []
        # The first adds and the last takes: labels that all add or all take could be events, and are refused.
        for number, label in enumerate(labels):
            ends = {0: "gain", count - 1: "deduct"}
            points = source.number(1 if number in ends else 0, 6)
            kind = ends.get(number) or source.pick(("gain", "deduct"))
            clauses.append(
                Choice(label, Award(kind, _marks(str(points))) if points else Award("deduct", Points("zero")))
            )
    else:
        top = full if full is not None else decimal_text(clauses[0].marks.value)  # type: ignore[union-attr,arg-type]
        if source.flag(6):
            top = "100"
        awards = [_set(points) for points in _falling(source, count, top)]
        if source.flag():
            awards[-1] = ZERO_AWARD
        clauses += [Choice(label, award) for label, award in zip(labels, awards, strict=True)]
    return Case(
        "choice", RuleTree(tuple(clauses)), full, None, _reading(source), (("", Unit("label", "")),), tuple(labels)
    )


def otherwise(source: Source) -> Case:
    """A rung and 否则: points, nothing, or in proportion to the target."""
    scale = source.pick((MONEY, COUNT, RATE, TIME))
    full, clauses = _full(source)
    worth = full if full is not None else decimal_text(clauses[0].marks.value)  # type: ignore[union-attr,arg-type]
    goal = _bound(source, scale)
    target: str | None = None
    if scale in (MONEY, COUNT) and source.flag():
        target = _text(_amount(goal, scale.unit))
        clauses.append(Rung(Comparison("", ">=", None, True), FULL_AWARD))
        clauses.append(Otherwise(Proportional("")))
    else:
        operator = source.pick((">=", ">")) if scale is not TIME else source.pick(("<=", "<"))
        clauses.append(
            Rung(
                Comparison(source.pick(scale.names), operator, _in(source, scale, goal)),
                FULL_AWARD if source.flag() else _set(worth),
            )
        )
        clauses.append(Otherwise(source.pick((ZERO_AWARD, _set("1"), _set("2.5")))))
    return Case(
        "otherwise",
        RuleTree(tuple(clauses)),
        full,
        target,
        _reading(source),
        (("", scale.unit),),
        (),
        ((goal * scale.unit.size,),),
        scale.negative,
    )


def composite(source: Source) -> Case:
    """Two metrics joined by 且 or 或 in rungs, or by 或 in a step."""
    full = source.pick(FULL)
    first, second = source.some((RATE, MONEY, COUNT, TIME), 2)
    names = (source.pick(first.names), source.pick(second.names))

    def side(scale: Scale, name: str, bound: Fraction) -> Comparison:
        return Comparison(name, "<=" if scale is TIME else ">=", _amount(bound, scale.unit))

    bounds = [sorted(_rungs(source, scale, 2), reverse=scale is not TIME) for scale in (first, second)]
    joint = source.pick((Every, Either))
    rungs = [joint((side(first, names[0], bounds[0][n]), side(second, names[1], bounds[1][n]))) for n in (0, 1)]
    marks = tuple(
        tuple(bound * scale.unit.size for bound in some) for scale, some in zip((first, second), bounds, strict=True)
    )
    clauses: list[Clause] = [Rung(rungs[0], _set(full))]
    if joint is Either and source.flag():
        ways = ["up" if scale is TIME else "down" for scale in (first, second)]
        parts = [
            StepPart(name, way, _amount(source.pick(scale.steps), scale.unit))
            for scale, name, way in zip((first, second), names, ways, strict=True)
        ]
        clauses.append(Step(tuple(parts), _price(source, "deduct", full)))
    else:
        clauses.append(Rung(rungs[1], _set(decimal_text(Fraction(full) / 2))))
        if source.flag(4) is False:
            clauses.append(Otherwise(ZERO_AWARD))
    inputs = ((names[0], first.unit), (names[1], second.unit))
    reading = tuple(option for option in _reading(source) if option[0] != "shared_bound")
    return Case("composite", RuleTree(tuple(clauses)), full, None, reading, inputs, (), marks)


FAMILIES = (
    target_step,
    target_step,
    target_step,
    ladder,
    ladder,
    adjusting,
    occurrences,
    occurrences,
    proportional,
    choice,
    otherwise,
    composite,
)


def case_from(source: Source) -> Case:
    """Any case."""
    return source.pick(FAMILIES)(source)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any case, for Hypothesis."""
    return case_from(Drawn(draw))


# --- inputs ------------------------------------------------------------------------------------------


def _numbers(source: Source, unit: Unit, marks: Sequence[Fraction], negative: bool) -> list[Fraction]:
    """On every mark, a little off it, between marks, and far out; in base units, within the domain."""
    if unit.is_count:
        near = {mark + n for mark in marks for n in (-2, -1, 0, 1, 2)} | {
            Fraction(0),
            Fraction(10),
            Fraction(source.number(0, 60)),
            Fraction(999),
        }
        return sorted(mark for mark in near if mark >= 0 and mark.denominator == 1)
    tiny = unit.size / 100
    near = {mark + n * tiny for mark in marks for n in (-1, 0, 1)}
    ordered = sorted(marks)
    near |= {(low + high) / 2 for low, high in pairwise(ordered)}
    near |= {Fraction(0), unit.size * 10**6, unit.size * Fraction(source.number(0, 20000), 100)}
    if negative:
        near |= {-unit.size, -unit.size * 10**5}
    return sorted(mark for mark in near if negative or mark >= 0)


def _spelt(value: Fraction, unit: Unit) -> str:
    return f"{decimal_text(value / unit.size)}{unit.symbol}"


def _ends(value: Fraction) -> bool:
    return "/" not in decimal_text(value)


def inputs_of(case: Case, source: Source, count: int | None = None) -> list[dict[str, str]]:
    """Inputs of a case, each name to text with a unit (a single input has no name); `count` of them, or all."""
    if case.labels:
        found: list[dict[str, Any]] = [{"": label} for label in case.labels]
    else:
        columns = []
        for (_, unit), marks in zip(case.inputs, case.marks, strict=True):
            values = [value for value in _numbers(source, unit, marks, case.negative) if _ends(value / unit.size)]
            columns.append([_spelt(value, unit) for value in values])
        if len(columns) == 1:
            found = [{"": value} for value in columns[0]]
        else:
            names = [name for name, _ in case.inputs]
            rows = 4 * max(map(len, columns))
            found = [dict(zip(names, (source.pick(column) for column in columns), strict=True)) for _ in range(rows)]
    if count is None or count >= len(found):
        return found
    return source.some(found, count)


def read(text: str, target: str | None) -> RuleTree:
    """The tree of a text, read as compile_rule reads it for a rule with that target."""
    goal = read_target(target)
    return read_rule(text, target_kind="" if goal is None else goal.amount.unit.kind)


# --- holes -------------------------------------------------------------------------------------------


def punched(source: Source, case: Case) -> Case:
    """The case with one number of its text blank."""
    clauses = list(case.tree.clauses)
    order = source.some(range(len(clauses)), len(clauses))
    for index in order:
        blank = _blanked(clauses[index])
        if blank is not None:
            clauses[index] = blank
            return evolve(case, tree=RuleTree(tuple(clauses)))
    return case


def _blanked(clause: Clause) -> Clause | None:
    """The clause with its first number of marks or its bound blank, where it has one that a form leaves blank."""
    match clause:
        case Step(award=Award(points=Points(kind="marks"))) | Occurrence(award=Award(points=Points(kind="marks"))):
            points = Points("marks", Amount(None, MARKS))
            return evolve(clause, award=evolve(clause.award, points=points))
        case Limit(kind="gain" | "loss", points=Amount()):
            return evolve(clause, points=Amount(None, MARKS))
        case Target(amount=amount, high=None):
            return evolve(clause, amount=evolve(amount, value=None))
        case Rung(condition=Comparison(amount=Amount() as amount)):
            return evolve(clause, condition=evolve(clause.condition, amount=evolve(amount, value=None)))
        case FullMarks():
            return FullMarks(Amount(None, MARKS))
    return None
