"""A second, slow and obvious reading of a rule tree, written from LANGUAGE.md and kpilib/syntax/tree.py alone.

It shares no code with kpilib.meaning, kpilib.engines or kpilib.rule: where both agree on a score, two independent
readers of the language agree. Inputs and the target are exact numbers with their units; the answer is a Fraction,
or None where no clause covers the case (未规定).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import copy
from fractions import Fraction

from kpilib.quantity import Quantity, Unit, parse_quantity
from kpilib.syntax.tree import (
    Award,
    Between,
    Checklist,
    Choice,
    Comparison,
    Deadline,
    Discretion,
    Either,
    Every,
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
    RuleTree,
    Rung,
    Series,
    Step,
    Target,
)

ZERO = Fraction(0)


class NotNaiveError(Exception):
    """The tree holds something that this evaluator does not read."""


def naive_score(
    tree: RuleTree,
    *,
    full_marks: str | Fraction | None = None,
    target: str | Quantity | None = None,
    reading: Mapping[str, object] | None = None,
    inputs: Mapping[str, object],
) -> Fraction | None:
    """The rounded points of a rule, or None where the rule leaves the case open."""
    return _Naive(tree, full_marks, target, reading or {}, inputs).score()


# --- the small questions --------------------------------------------------------------------------


def holds(x: Fraction, operator: str, bound: Fraction) -> bool:
    """LANGUAGE 2: 以上/以下 include the number, 超过/低于 do not."""
    if operator == ">=":
        return x >= bound
    if operator == ">":
        return x > bound
    if operator == "<=":
        return x <= bound
    if operator == "<":
        return x < bound
    return x == bound


def steps_in(distance: Fraction, width: Fraction, mode: str) -> Fraction:
    """LANGUAGE 3, step: a fraction of a step counts in proportion, not at all, or as a whole step."""
    if distance <= 0:
        return ZERO
    count = distance / width
    whole = Fraction(count.numerator // count.denominator)
    if mode == "floor":
        return whole
    if mode == "ceil":
        return whole if whole == count else whole + 1
    return count


def rounded(value: Fraction, places: int) -> Fraction:
    """LANGUAGE 4: half away from zero."""
    unit = Fraction(1, 10**places)
    size = abs(value)
    below = size // unit * unit
    up = below + unit if size - below >= unit / 2 else below
    return up if value >= 0 else -up


class Interval:
    """The numbers between two ends; None is no end."""

    def __init__(self, low: Fraction | None, low_in: bool, high: Fraction | None, high_in: bool) -> None:
        self.low, self.low_in, self.high, self.high_in = low, low_in, high, high_in

    def has(self, x: Fraction) -> bool:
        if self.low is not None and not holds(x, ">=" if self.low_in else ">", self.low):
            return False
        return self.high is None or holds(x, "<=" if self.high_in else "<", self.high)

    def inside(self, other: Interval) -> bool:
        """Whether every number of this interval is in the other."""
        if other.low is not None:
            if self.low is None or self.low < other.low:
                return False
            if self.low == other.low and self.low_in and not other.low_in:
                return False
        if other.high is not None:
            if self.high is None or self.high > other.high:
                return False
            if self.high == other.high and self.high_in and not other.high_in:
                return False
        return True

    def meet(self, other: Interval) -> Interval:
        low, low_in = self.low, self.low_in
        if low is None or (other.low is not None and (other.low, not other.low_in) > (low, not low_in)):
            low, low_in = other.low, other.low_in
        high, high_in = self.high, self.high_in
        if high is None or (other.high is not None and (other.high, other.high_in) < (high, high_in)):
            high, high_in = other.high, other.high_in
        return Interval(low, low_in, high, high_in)


class Move:
    """What one step or occurrence adds to the score, before and after the cap that binds it."""

    def __init__(self, kind: str, points: Fraction) -> None:
        self.kind, self.points = kind, points


# --- the evaluator --------------------------------------------------------------------------------


class _Naive:
    def __init__(
        self,
        tree: RuleTree,
        full_marks: str | Fraction | None,
        target: str | Quantity | None,
        reading: Mapping[str, object],
        inputs: Mapping[str, object],
    ) -> None:
        self.clauses = tree.clauses
        self.step_mode = str(reading.get("step", "linear"))
        self.places = int(str(reading.get("places", 2)))
        self.shared_bound = reading.get("shared_bound", "better")
        self.ladder_scale = reading.get("ladder", "ask")
        self.above_full = reading.get("above_full", "allow")
        self.raw = dict(inputs)
        self.inputs = {name: _base(value) for name, value in inputs.items()}
        self.full = None if full_marks is None else Fraction(full_marks)
        self.full_in_text = False
        self.target: Fraction | None = None
        self.target_high: Fraction | None = None
        self.target_unit: Unit | None = None
        if target is not None:
            quantity = parse_quantity(target) if isinstance(target, str) else target
            self.target, self.target_high, self.target_unit = quantity.base, quantity.base, quantity.unit
        for clause in self.clauses:
            if isinstance(clause, FullMarks):
                self.full, self.full_in_text = clause.marks.base, True
            elif isinstance(clause, Target):
                self.target, self.target_unit = clause.amount.base, clause.amount.unit
                self.target_high = clause.amount.base if clause.high is None else clause.high.base
            elif isinstance(clause, PartOfStep):
                self.step_mode = clause.mode

    # Which input a name in the text means.

    def metric(self, name: str, kind: str = "") -> Fraction:
        if len(self.inputs) == 1:
            return next(iter(self.inputs.values()))  # type: ignore[return-value]
        if name in self.inputs:
            return self.inputs[name]  # type: ignore[return-value]
        near = [key for key in self.inputs if name and (key.endswith(name) or name.endswith(key))]
        if not name:
            near = [key for key, unit in self.kinds().items() if unit == kind]
        if len(near) != 1:
            raise NotNaiveError(f"which input is {name!r}?")
        return self.inputs[near[0]]  # type: ignore[return-value]

    def kinds(self) -> dict[str, str]:
        """The kind of unit of each named metric."""
        found = {}
        for clause in self.clauses:
            if isinstance(clause, Rung):
                for leaf in _leaves(clause.condition):
                    if isinstance(leaf, Comparison) and leaf.metric and leaf.amount is not None:
                        found[leaf.metric] = leaf.amount.unit.kind
        return found

    # Conditions.

    def bound(self, leaf: Comparison) -> Fraction:
        if leaf.amount is None:
            if self.target is None:
                raise NotNaiveError("no target")
            return self.target
        base = leaf.amount.base
        start = self.earning_bound(leaf) if leaf.beyond and self.target is None else None
        if start is not None:  # 100%得15分，差20%以上不得分: counted from the bound that earns
            far = base if leaf.amount.unit.kind != "rate" or start[1] == "rate" else base * start[0]
            return start[0] + far if leaf.beyond == "up" else start[0] - far
        if self.target is None or not (leaf.of_target or leaf.beyond):
            return base  # without a target, x is itself the share
        rate_target = self.target_unit is not None and self.target_unit.kind == "rate"
        if leaf.beyond:
            distance = base if rate_target else base * self.target
            return self.target + distance if leaf.operator[0] == ">" else self.target - distance
        if leaf.amount.unit.kind in ("rate", "times"):
            return base * self.target
        return base

    def earning_bound(self, leaf: Comparison | Between) -> tuple[Fraction, str] | None:
        """The one bound of that metric that earns marks, with the kind of its unit."""
        found = {
            (one.condition.amount.base, one.condition.amount.unit.kind)
            for one in self.clauses
            if isinstance(one, Rung)
            and isinstance(one.condition, Comparison)
            and one.condition.amount is not None
            and not one.condition.beyond
            and isinstance(one.award, Award)
            and one.award.kind == "set"
            and one.award.points.kind != "zero"
        }
        return found.pop() if len(found) == 1 and len(self.inputs) == 1 else None

    def interval(self, leaf: object) -> Interval:
        if (
            isinstance(leaf, (Comparison, Between))
            and leaf.beyond
            and self.target is None
            and self.earning_bound(leaf) is not None
        ):
            start, kind = self.earning_bound(leaf)  # type: ignore[misc]
            amounts = [leaf.amount] if isinstance(leaf, Comparison) else [leaf.low, leaf.high]
            far = [
                one.base if one.unit.kind != "rate" or kind == "rate" else one.base * start for one in amounts if one
            ]
            up = leaf.beyond == "up"
            if isinstance(leaf, Between):
                ends = (start + far[0], start + far[1]) if up else (start - far[1], start - far[0])
                closed = (leaf.low_operator == ">=", leaf.high_operator == "<=")
                return Interval(ends[0], closed[0] if up else closed[1], ends[1], closed[1] if up else closed[0])
            edge = start + far[0] if up else start - far[0]
            outward = leaf.operator[0] == (">" if up else "<")
            closed_in = "=" in leaf.operator
            if outward:
                return Interval(edge, closed_in, None, False) if up else Interval(None, False, edge, closed_in)
            return Interval(start, False, edge, closed_in) if up else Interval(edge, closed_in, start, False)
        if isinstance(leaf, Between) and leaf.beyond and self.target is not None:
            rate_target = self.target_unit is not None and self.target_unit.kind == "rate"
            near, far = (end.base if rate_target else end.base * self.target for end in (leaf.low, leaf.high))
            if leaf.beyond == "up":
                return Interval(
                    self.target + near, leaf.low_operator == ">=", self.target + far, leaf.high_operator == "<="
                )
            return Interval(
                self.target - far, leaf.high_operator == "<=", self.target - near, leaf.low_operator == ">="
            )
        if isinstance(leaf, Between):
            return Interval(leaf.low.base, leaf.low_operator == ">=", leaf.high.base, leaf.high_operator == "<=")
        if isinstance(leaf, Happens):
            return Interval(Fraction(1), True, None, False) if leaf.occurs else Interval(ZERO, True, ZERO, True)
        if isinstance(leaf, Comparison):
            bound = self.bound(leaf)
            if leaf.operator == "==":
                return Interval(bound, True, bound, True)
            if leaf.operator[0] == ">":
                return Interval(bound, leaf.operator == ">=", None, False)
            return Interval(None, False, bound, leaf.operator == "<=")
        raise NotNaiveError(str(leaf))

    def true(self, condition: object) -> bool:
        if isinstance(condition, Every):
            return all(self.true(part) for part in condition.parts)
        if isinstance(condition, Either):
            return any(self.true(part) for part in condition.parts)
        if isinstance(condition, Happens):
            return self.interval(condition).has(self.metric(condition.event))
        if isinstance(condition, Comparison):
            kind = condition.amount.unit.kind if condition.amount is not None else ""
            return self.interval(condition).has(self.metric(condition.metric, kind))
        if isinstance(condition, Between):
            return self.interval(condition).has(self.metric(condition.metric, condition.low.unit.kind))
        raise NotNaiveError(str(condition))

    # Points.

    def points(self, award: Award) -> Fraction:
        kind, amount = award.points.kind, award.points.amount
        if kind == "zero":
            return ZERO
        if kind == "full":
            if self.full is None:
                raise NotNaiveError("no full marks")
            return self.full
        if kind == "judged":
            return self.given(award, "")
        assert amount is not None
        if kind == "share":
            if self.full is None:
                raise NotNaiveError("no full marks")
            return amount.base * self.full
        return amount.base

    def given(self, award: Award, event: str) -> Fraction:
        """The marks that a person gave."""
        name = event or {"set": "评分", "gain": "加分", "deduct": "扣分"}[award.kind]
        value = self.inputs.get(name, self.inputs.get("x", ZERO))
        return value if isinstance(value, Fraction) else ZERO  # the case does not ask for any

    def start_points(self) -> Fraction:
        return ZERO if self.full is None else self.full

    def worth(self, award: Award | Proportional, scale: Fraction) -> Fraction:
        """The score that a rung, a label or an otherwise gives, before bounds of the score."""
        if isinstance(award, Proportional):
            return self.proportional(award)
        if award.kind == "set":
            return self.points(award) * (scale if award.points.kind in ("marks", "judged") else 1)
        if award.kind == "gain":
            return self.start_points() + self.points(award)
        return self.start_points() - self.points(award)

    def proportional(self, clause: Proportional) -> Fraction:
        x = self.metric(clause.metric)
        if clause.complement:
            return (1 - x) * (self.start_points() if clause.whole is None else clause.whole.base)
        by_rate = self.target_unit is not None and self.target_unit.kind == "rate"
        if self.target is not None and (clause.by_target or not by_rate):
            if self.target <= 0:
                raise NotNaiveError("a target that is not above 0")
            x = x / self.target
        elif re.search("(成绩|分数|考分|评分|总分|平均分)$", clause.metric):
            x = x / 100  # marks out of 100
        whole = self.full if clause.whole is None else clause.whole.base
        if whole == 100 and self.full is not None and self.ladder_scale != "listed":
            whole = self.full  # 百分制
        if whole is None:
            raise NotNaiveError("no full marks")
        for limit in self.clauses:
            if isinstance(limit, Limit) and limit.kind == "ratio":
                assert limit.points is not None
                x = min(x, limit.points.base)
        score = x * whole
        says_full = clause.capped or self.full_in_text or self.above_full == "cap"
        says_full = says_full or any(isinstance(other, Limit) and other.kind == "full" for other in self.clauses)
        if says_full and self.full is not None and score > self.full:
            score = self.full
        return score

    # The whole rule, in the order of LANGUAGE 3.

    def score(self) -> Fraction | None:
        for clause in self.clauses:
            if not isinstance(clause, KNOWN):
                raise NotNaiveError(type(clause).__name__)
        choices = [clause for clause in self.clauses if isinstance(clause, Choice)]
        if choices:
            raw: Fraction | None = self.chosen(choices)
        elif any(isinstance(clause, Checklist) for clause in self.clauses):
            raw = self.ticked(next(clause for clause in self.clauses if isinstance(clause, Checklist)))
        elif any(isinstance(clause, Discretion) and clause.award.kind == "set" for clause in self.clauses):
            raw = next(self.given(clause.award, "") for clause in self.clauses if isinstance(clause, Discretion))
        elif any(isinstance(clause, (Step, Occurrence, Proportional, Discretion)) for clause in self.clauses):
            raw = self.stepped()
        else:
            raw = self.laddered()
        if raw is None:
            return None
        return rounded(self.bounded(raw), self.places)

    def ticked(self, clause: Checklist) -> Fraction:
        """The share of the items met, or what each earns or costs."""
        items = [item for _, group in clause.groups for item in group]
        met = sum(1 for item in items if self.raw[item] == "是")
        if clause.each is None:
            return self.start_points() * met / len(items)
        worth = self.points(clause.each)
        return met * worth if clause.each.kind == "set" else self.start_points() - worth * (len(items) - met)

    def chosen(self, choices: list[Choice]) -> Fraction:
        label = next(iter(self.raw.values()))
        scale = self.scale([choice.award for choice in choices])
        for choice in choices:
            if choice.label == label:
                return self.within_caps(choice.award, self.worth(choice.award, scale))
        if label == "无" and any(isinstance(clause, Highest) for clause in self.clauses):
            return self.start_points()
        raise NotNaiveError(f"no label {label!r}")

    def within_caps(self, award: Award, score: Fraction) -> Fraction:
        """最多加N分 and 最多扣N分 of what a label moves."""
        moved = score - self.start_points()
        for clause in self.clauses:
            if isinstance(clause, Limit) and clause.points is not None and award.kind != "set":
                cap = clause.points.base
                if award.kind == "gain" and clause.kind in ("gain", "any"):
                    moved = min(moved, cap)
                if award.kind == "deduct" and clause.kind in ("loss", "any"):
                    moved = max(moved, -cap)
        return score if award.kind == "set" else self.start_points() + moved

    def scale(self, awards: list[Award | Proportional]) -> Fraction:
        """LANGUAGE 3, own scale: a top of 100 under other full marks is 百分制."""
        marks = [
            one.points.high.base if one.points.high is not None else self.points(one)
            for one in awards
            if isinstance(one, Award) and one.kind == "set"
        ]
        if not marks or self.full is None or max(marks) == self.full or max(marks) == 0:
            return Fraction(1)
        if self.ladder_scale == "listed":
            return Fraction(1)
        if self.ladder_scale == "hundred" or max(marks) == 100:
            return self.full / 100
        raise NotNaiveError("a scale that the rule does not say")

    def laddered(self) -> Fraction | None:
        rungs = [clause for clause in self.clauses if isinstance(clause, Rung)]
        others = [clause for clause in self.clauses if isinstance(clause, Otherwise)]
        awards = [rung.award for rung in rungs] + [other.award for other in others]
        scale = self.scale(awards)
        award = self.rung_that_applies(rungs, scale)
        if award is not None:
            return self.worth(award, scale)
        if others:
            return self.worth(others[0].award, scale)
        if all(isinstance(one, Award) and one.kind != "set" for one in awards):
            return self.start_points()  # a ladder of additions or deductions: nothing is added or taken
        if self.full is not None and all(isinstance(one, Award) and one.points.kind == "zero" for one in awards):
            return self.full  # only a zero rule
        return None

    def rung_that_applies(self, rungs: list[Rung], scale: Fraction) -> Award | Proportional | None:
        """The tightest rung that holds; of two that share a bound, the better for the person."""
        if len(self.inputs) > 1:
            true = [rung.award for rung in rungs if self.true(rung.condition)]
            return max(true, key=lambda award: self.worth(award, scale)) if true else None
        x = next(iter(self.inputs.values()))
        if x == 0:  # 超支5%以内扣2分: no fault at all is not within
            fault = "超支|亏|短款|长款|损"
            rungs = [
                rung
                for rung in rungs
                if not (
                    isinstance(rung.condition, Comparison)
                    and rung.condition.within
                    and isinstance(rung.award, Award)
                    and rung.award.kind == "deduct"
                    and re.search(fault, rung.condition.metric)
                )
            ]
        top = self.top(rungs, scale)
        if top is not None and isinstance(x, Fraction) and x > 1:
            return top.award
        holding: list[tuple[Interval, Award | Proportional]] = []
        for rung in rungs:
            for interval in self.intervals(rung.condition):
                if interval.has(x):  # type: ignore[arg-type]
                    holding.append((interval, rung.award))
        tightest = []
        for interval, award in holding:
            wider = any(other.inside(interval) and not interval.inside(other) for other, _ in holding)
            if not wider:
                tightest.append(award)
        if not tightest:
            return None
        pick = min if self.shared_bound == "worse" else max
        return pick(tightest, key=lambda award: self.worth(award, scale))

    def top(self, rungs: list[Rung], scale: Fraction) -> Rung | None:
        """完成率100%得20分，85%以上得15分: the exact 100 % stands for more as well, where nothing is said of more."""
        for rung in rungs:
            leaf = rung.condition
            if not isinstance(leaf, Comparison) or leaf.operator != "==" or leaf.amount is None:
                continue
            if leaf.amount.unit.kind != "rate" or leaf.amount.base != 1:
                continue
            if leaf.metric and not any(word in leaf.metric for word in ("完成", "达成", "实现")):
                continue
            others = [other for other in rungs if other is not rung]
            ranges = [(other, one) for other in others for one in self.intervals(other.condition)]
            if any(one.low is not None and one.low >= 1 for _, one in ranges):
                continue
            upward = [other for other, one in ranges if one.high is None and one.low is not None]
            mine = self.worth(rung.award, scale)
            if upward and all(self.worth(other.award, scale) < mine for other in upward):
                return rung
        return None

    def intervals(self, condition: object) -> list[Interval]:
        if isinstance(condition, Either):
            return [interval for part in condition.parts for interval in self.intervals(part)]
        if isinstance(condition, Every):
            whole = Interval(None, False, None, False)
            for part in condition.parts:
                (one,) = self.intervals(part)
                whole = whole.meet(one)
            return [whole]
        return [self.interval(condition)]

    def stepped(self) -> Fraction | None:
        """A base, what steps and occurrences move it, their caps, and the zero rule."""
        shared = [one for one in self.clauses if isinstance(one, Rung) and isinstance(one.award, Proportional)]
        if shared:
            return self.shared_then_stepped(shared[0])
        start = self.start_rung()
        base: Fraction | None = ZERO if self.accrues() else self.start_points()
        proportional = [clause for clause in self.clauses if isinstance(clause, Proportional)]
        if proportional:
            base = self.proportional(proportional[0])
        elif start is not None and isinstance(start.award, Award) and start.award.kind == "set":
            base = self.points(start.award)
        assert base is not None
        score = base + self.adjustment(start)
        rules = [clause for clause in self.clauses if isinstance(clause, Rung) and clause is not start]
        adjusting = [rung for rung in rules if isinstance(rung.award, Award) and rung.award.kind != "set"]
        for award in [self.rung_that_applies(adjusting, Fraction(1))] if adjusting else []:
            if award is not None:
                score += self.worth(award, Fraction(1)) - self.start_points()
        for rung in rules:
            sets = isinstance(rung.award, Award) and rung.award.kind == "set" and self.true(rung.condition)
            if sets and not self.left_to_a_better_rung(rung, adjusting):
                score = self.points(rung.award)  # type: ignore[arg-type]
        return score

    def left_to_a_better_rung(self, rung: Rung, adjusting: list[Rung]) -> bool:
        """80%-90%扣5分；80%以下不得分, at 80%: the bound that two rungs name goes to the better one."""
        leaf = rung.condition
        if self.shared_bound == "worse" or not isinstance(leaf, Comparison) or leaf.operator not in ("<=", ">="):
            return False
        assert isinstance(rung.award, Award)
        if leaf.amount is None or leaf.beyond or rung.award.points.kind != "zero" or len(self.inputs) != 1:
            return False
        (x,) = self.inputs.values()
        others = [one for one in adjusting if isinstance(one.award, Award) and one.award.points.kind != "zero"]
        return x == self.bound(leaf) and any(self.true(one.condition) for one in others)

    def shared_then_stepped(self, rung: Rung) -> Fraction | None:
        """60%-100%按比例，超过100%每超1%加1分: the ladder up to the end of the range, the steps from there."""
        ((name, x),) = self.inputs.items()
        end = self.interval(rung.condition).high
        assert isinstance(x, Fraction)
        assert end is not None
        up_to = copy(self)
        up_to.inputs = {name: min(x, end)}
        award = up_to.rung_that_applies([one for one in self.clauses if isinstance(one, Rung)], Fraction(1))
        return None if award is None else up_to.worth(award, Fraction(1)) + self.adjustment(None)

    def accrues(self) -> bool:
        """每完成1项得2分，最高得满分: where only gains are said and the full marks bound them, they count from 0."""
        moves = [one for one in self.clauses if isinstance(one, (Step, Occurrence, Discretion))]
        if (
            not moves
            or any(one.award.kind != "gain" for one in moves)
            or any(isinstance(one, Rung) for one in self.clauses)
        ):
            return False
        return any(
            isinstance(one, Limit)
            and (
                one.kind == "full"
                or (one.kind in ("score", "any") and one.points is not None and one.points.base == self.full)
            )
            for one in self.clauses
        )

    def start_rung(self) -> Rung | None:
        """The rung that earns full marks, from whose bound the steps count."""
        for clause in self.clauses:
            if not isinstance(clause, Rung) or not isinstance(clause.award, Award):
                continue
            award, condition = clause.award, clause.condition
            if isinstance(condition, Faultless):
                return clause
            earns_nothing = award.points.kind == "zero" and award.kind == "set"
            if award.kind == "gain" or earns_nothing or (award.kind == "deduct" and award.points.kind != "zero"):
                continue
            if isinstance(condition, Comparison) and condition.amount is None:
                return clause
            if any(isinstance(other, Target) for other in self.clauses):
                continue
            states = self.target is not None and award.kind == "set" and award.points.kind != "full"
            if states and not any(interval.has(self.target) for interval in self.intervals(condition)):
                continue  # points away from the target, whatever the steps say
            if all(self.leads_to(leaf) for leaf in _leaves(condition)):
                return clause
        return None

    def leads_to(self, leaf: object) -> bool:
        """Whether some step goes away from the numbers of this condition."""
        ways = {part.direction for clause in self.clauses if isinstance(clause, Step) for part in clause.parts}
        if any(isinstance(clause, Occurrence) for clause in self.clauses):
            ways.add("up")
        if isinstance(leaf, Comparison):
            if leaf.operator == "==":
                return True
            return ("down" if leaf.operator[0] == ">" else "up") in ways
        return isinstance(leaf, (Between, Happens))

    def adjustment(self, start: Rung | None) -> Fraction:
        moves: list[Move] = []
        capped_until = {"gain": 0, "deduct": 0}
        lowest: Fraction | None = None
        highest: Fraction | None = None
        for clause in self.clauses:
            if isinstance(clause, Step):
                moves.append(Move(clause.award.kind, self.step(clause, start)))
            elif isinstance(clause, Occurrence):
                mode = "floor" if clause.full_steps else self.step_mode
                x = self.metric(clause.event)
                count = steps_in(x, clause.amount.base, mode)
                moves.append(Move(clause.award.kind, count * self.points(clause.award)))
            elif isinstance(clause, Discretion):
                moves.append(Move(clause.award.kind, self.given(clause.award, clause.event)))
            elif isinstance(clause, Limit):
                kind = {"gain": "gain", "loss": "deduct"}.get(clause.kind)
                amount = None if clause.points is None else clause.points.base
                if self.bounds_adjustment(clause):
                    assert amount is not None
                    if clause.kind == "any_floor":
                        lowest = amount
                    else:
                        highest = amount
                elif kind is not None:
                    assert amount is not None
                    bound = [move for move in moves[capped_until[kind] :] if move.kind == kind]
                    if not bound:  # a second cap: of all that was capped before
                        bound = [move for move in moves if move.kind == kind]
                    total = sum((move.points for move in bound), ZERO)
                    if total > amount:
                        for move in bound:
                            move.points = ZERO
                        bound[0].points = amount
                    capped_until[kind] = len(moves)
        sum_of = sum((move.points if move.kind == "gain" else -move.points for move in moves), ZERO)
        if highest is not None and sum_of > highest:
            sum_of = highest
        if lowest is not None and sum_of < lowest:
            sum_of = lowest
        return sum_of

    def bounds_adjustment(self, limit: Limit) -> bool:
        """最低不低于-5分 and its pair, and 加至5分 under 20 full marks, speak of the adjustment."""
        if limit.points is None:
            return False
        if limit.kind == "any_floor":
            return limit.points.base < 0
        if limit.kind == "any":
            pair = any(
                isinstance(one, Limit) and one.kind == "any_floor" and self.bounds_adjustment(one)
                for one in self.clauses
            )
            return pair or (self.full is not None and limit.points.base < self.full)
        if limit.kind == "score":
            steps = any(isinstance(one, (Step, Occurrence)) for one in self.clauses)
            return steps and self.full is not None and limit.points.base < self.full
        return False

    def step(self, clause: Step, start: Rung | None) -> Fraction:
        mode = "floor" if clause.full_steps else self.step_mode
        branches = []
        for part in clause.parts:
            begin, unit = self.begin(part.metric, part.amount.unit.kind, part.direction, start)
            x = self.metric(part.metric, part.amount.unit.kind)
            width = part.amount.base
            if part.amount.unit.kind == "rate" and unit is not None and unit.kind != "rate":
                width = width * begin  # 1% of an amount is 1% of T
            distance = x - begin if part.direction == "up" else begin - x
            branches.append(steps_in(distance, width, mode) * self.points(clause.award))
        return max(branches) if clause.award.kind == "gain" else min(branches)

    def begin(self, name: str, kind: str, direction: str, start: Rung | None) -> tuple[Fraction, Unit | None]:
        """Where a step counts from, and the unit of the metric."""
        if self.target is not None:
            assert self.target_high is not None
            return (self.target_high if direction == "up" else self.target), self.target_unit
        if start is not None:
            leaves = _leaves(start.condition)
            if len(leaves) > 1 and len(self.inputs) > 1:
                leaves = [
                    leaf
                    for leaf in leaves
                    if isinstance(leaf, Comparison)
                    and leaf.amount is not None
                    and (leaf.metric == name if name else leaf.amount.unit.kind == kind)
                ]
            interval = self.interval(leaves[0])
            for leaf in leaves[1:]:
                interval = interval.meet(self.interval(leaf))
            unit = None
            if isinstance(leaves[0], Comparison) and leaves[0].amount is not None:
                unit = leaves[0].amount.unit
            elif isinstance(leaves[0], Between):
                unit = leaves[0].low.unit
            end = interval.high if direction == "up" else interval.low
            if end is None:
                end = interval.low if direction == "up" else interval.high  # both ways from the one bound that there is
            if end is None:
                raise NotNaiveError("a rung without a bound")
            return end, unit
        return ZERO, None

    # Bounds of the score.

    def bounded(self, score: Fraction) -> Fraction:
        highest: Fraction | None = None
        lowest: Fraction | None = None if self.full is None else ZERO
        last_move = "deduct"
        for clause in self.clauses:
            if isinstance(clause, (Step, Occurrence)):
                last_move = clause.award.kind
            if not isinstance(clause, Limit):
                continue
            if clause.kind == "nothing":
                lowest = ZERO
            elif clause.kind == "unlimited":
                if last_move == "deduct":
                    lowest = None
            elif clause.kind == "full":
                if not any(isinstance(one, Proportional) for one in self.clauses):
                    highest = self.full
            elif clause.kind in ("floor", "any_floor") and not self.bounds_adjustment(clause):
                assert clause.points is not None
                lowest = clause.points.base
            elif clause.kind in ("score", "any") and not self.bounds_adjustment(clause):
                assert clause.points is not None
                highest = clause.points.base
        if highest is not None and score > highest:
            score = highest
        if lowest is not None and score < lowest:
            score = lowest
        return score


KNOWN = (
    Lead,
    FullMarks,
    Target,
    Step,
    Occurrence,
    Rung,
    Proportional,
    Limit,
    PartOfStep,
    Series,
    Choice,
    Otherwise,
    Discretion,
    Checklist,
    Highest,
    Deadline,
)


def _leaves(condition: object) -> list[object]:
    return list(_walk(condition))


def _walk(condition: object) -> Iterator[object]:
    if isinstance(condition, (Every, Either)):
        for part in condition.parts:
            yield from _walk(part)
    else:
        yield condition


def _base(value: object) -> Fraction | str:
    """An input in base units; text that is no quantity is a label."""
    if isinstance(value, Quantity):
        return value.base
    if isinstance(value, str):
        try:
            return parse_quantity(value).base
        except Exception:
            return value
    return Fraction(value)  # type: ignore[arg-type]
