"""From facts to a sheet: each item rounded once, pools, weights that are spread, the total and its grade.

Two ways to the same sheet.  The straight one is for facts that are all there and plain: ask each rule, add.  Whatever
is out of the ordinary (待定, 不适用, a pool that runs dry, one rounding for the total) takes the other, in Fractions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from kpilib.errors import Diagnostic, InputError, KpiError, UncoveredError
from kpilib.plan.facts import NOT_APPLICABLE, PENDING, Given, Names, default_unit, gather, named, special
from kpilib.plan.grades import GradeTable
from kpilib.plan.parts import Group, Indicator
from kpilib.plan.settings import Settings
from kpilib.plan.sheet import Outcome, Pending, PoolLine, Scoresheet, trimmed
from kpilib.quantity import round_half_away, to_decimal

# Wide enough that adding points never rounds: they have at most 36 digits before the point and 6 behind.
_EXACT = Context(prec=100)
_ADD = _EXACT.add
_PLAIN = frozenset((int, float, Decimal))
# What one item is asked with, and what was asked: value, unit of bare numbers, target of one's own.
Asked = tuple[Any, str | Mapping[str, str] | None, Any]
Row = tuple[str, Callable[..., Decimal], str | dict[str, str] | None, tuple[tuple[str, str], ...]]
_NOTHING: Mapping[str, Any] = {}


def _dotted(item: Indicator) -> tuple[tuple[str, str], ...]:
    """「指标.输入」 and the input, where an indicator has several."""
    inputs = item.rule.inputs
    return tuple((f"{item.name}.{put.name}", put.name) for put in inputs) if len(inputs) > 1 else ()


class Scorer:
    """A plan made ready for scoring, once."""

    def __init__(self, title: str, groups: tuple[Group, ...], settings: Settings, grades: GradeTable) -> None:
        self.title = title
        self.groups = groups
        self.settings = settings
        self.grades = grades
        self.indicators = tuple(item for group in groups for item in group.indicators)
        self.names = Names(self.indicators)
        self.ready = not any(item.rule.holes for item in self.indicators)
        self.coefficients = {name: to_decimal(value) for name, value in grades.coefficients}
        self.plain = settings.rounding == "each" and all(item.scale == 1 for item in self.indicators)
        # Name, the rule's score, the unit of bare numbers, and the dotted names of several inputs.
        self.rows: tuple[Row, ...] = tuple(
            (item.name, item.rule.score, default_unit(item), _dotted(item)) for item in self.indicators
        )
        # Groups whose adjustments draw from a pool: where its items stand, its marks, and which of them stop at 0.
        self.pools: list[tuple[str, Decimal, tuple[int, ...], tuple[int, ...]]] = []
        if not self.ready:
            return
        number = 0
        for group in groups:
            places = [number + index for index, item in enumerate(group.indicators) if item.full_marks is None]
            number += len(group.indicators)
            if places and group.full_marks is not None:
                loose = tuple(index for index in places if self.indicators[index].rule.unbounded_below)
                bound = tuple(index for index in places if index not in loose)
                marks = to_decimal(round_half_away(group.pool, settings.reading.places))
                self.pools.append((group.name, marks, bound, loose))

    def score(
        self, facts: Mapping[str, Any], units: Mapping[str, Any] | None, targets: Mapping[str, Any] | None
    ) -> Scoresheet:
        """The sheet for one person's facts."""
        if self.plain:
            try:
                sheet = self.plainly(facts, units or _NOTHING, targets or _NOTHING)
            except (KeyError, KpiError):
                sheet = None  # The other way says what is missing or wrong, of all items at once.
            if sheet is not None:
                return sheet
        return self.careful(facts, units, targets)

    def plainly(
        self, facts: Mapping[str, Any], units: Mapping[str, Any], targets: Mapping[str, Any]
    ) -> Scoresheet | None:
        """The sheet where every fact is a plain value under its own name; None where one is not."""
        points: list[Decimal] = []
        given: list[Asked] = []
        used = 0
        for name, rule_score, unit, dotted in self.rows:
            if dotted and name not in facts:
                value = {put: facts[key] for key, put in dotted}
                used += len(dotted)
            else:
                value = facts[name]
                used += 1
                if type(value) not in _PLAIN:
                    if isinstance(value, Mapping):
                        value = dict(value)
                    elif special(value) is not None:
                        return None
            unit = units.get(name, unit)
            target = targets.get(name) if targets else None
            if target is None:
                points.append(rule_score(value, unit=unit))
            else:
                rule, open_target = self.names.of_indicator[name].rule_for(target)
                points.append(rule.score(value, unit=unit, target=open_target))
            given.append((value, unit, target))
        known = self.names.of_indicator.keys()
        if used != len(facts) or (units and not known >= units.keys()) or (targets and not known >= targets.keys()):
            return None
        return self.straight(points, given, facts)

    def straight(self, points: list[Decimal], given: list[Asked], facts: Mapping[str, Any]) -> Scoresheet:
        """The sheet where every item has its points."""
        total = Decimal(0)
        for value in points:
            total = _ADD(total, value)
        pools = []
        for name, marks, bound, loose in self.pools:
            pool = self.drawn(name, marks, points, bound, loose)
            total = _ADD(_ADD(total, pool.marks), pool.given_back)
            pools.append(pool)
        total = trimmed(total)
        grade, coefficient = self.graded(total)
        return Scoresheet(
            title=self.title,
            total=total,
            grade=grade,
            coefficient=coefficient,
            outcomes=tuple(points),
            pools=tuple(pools),
            groups_read=self.groups,
            facts=dict(facts),
            given=tuple(given),
        )

    @staticmethod
    def drawn(
        name: str, marks: Decimal, points: list[Decimal], bound: tuple[int, ...], loose: tuple[int, ...]
    ) -> PoolLine:
        """A pool after its deductions: those 上不封顶 may take it below 0, the others give back what they would."""
        after_loose = marks
        for index in loose:
            after_loose = _ADD(after_loose, points[index])
        after = after_loose
        for index in bound:
            after = _ADD(after, points[index])
        lowest = min(Decimal(0), after_loose)
        back = trimmed(lowest - after) if after < lowest else Decimal(0)
        return PoolLine(group=name, marks=marks, given_back=back)

    def graded(self, total: Decimal | None) -> tuple[str | None, Decimal | None]:
        """Grade and coefficient of a total; None where the plan names none."""
        if total is None or not self.grades.grades:
            return None, None
        grade = self.grades.grade_of(total)
        return grade, self.coefficients.get(grade)

    # ---- the careful way ---------------------------------------------------------------------------------------------

    def careful(
        self, facts: Mapping[str, Any], units: Mapping[str, Any] | None, targets: Mapping[str, Any] | None
    ) -> Scoresheet:
        """The sheet where something is missing, not applicable, spread, or rounded only at the end.

        Raises:
            InputError: every wrong name and value, in one error.
        """
        known, found = gather(self.names, facts, units, targets)
        errors: list[KpiError] = []
        exact: list[Fraction | None] = []
        states: list[Given] = []
        for item, given in zip(self.indicators, known, strict=True):
            points, given = self.asked(item, given, found, errors)
            exact.append(points)
            states.append(given)
        if found:
            kinds = {type(error) for error in errors}
            kind = kinds.pop() if len(kinds) == 1 and len(errors) == len(found) else InputError
            raise kind(found[0].message, code=found[0].code, diagnostics=tuple(found))
        return self.assembled(exact, states, facts)

    def asked(
        self, item: Indicator, given: Given, found: list[Diagnostic], errors: list[KpiError]
    ) -> tuple[Fraction | None, Given]:
        """The exact points of one item in the total, None where it has none, with what stands instead."""
        if given.state is NOT_APPLICABLE:
            return self.instead(item, self.settings.not_applicable, Given(state=NOT_APPLICABLE, reason="不适用"))
        if given.state is PENDING:
            return self.instead(item, self.settings.missing, Given(state=PENDING, reason=given.reason))
        try:
            rule, target = item.rule_for(given.target)
            return rule.exact_score(given.value, unit=given.unit, target=target) * item.scale, given
        except UncoveredError as error:
            return None, Given(state=PENDING, reason=error.message)
        except KpiError as error:
            errors.append(error)
            found += named(item.name, error)
            return None, given

    @staticmethod
    def instead(item: Indicator, choice: str, given: Given) -> tuple[Fraction | None, Given]:
        """What 口径 puts in the place of a value that is not there."""
        what = "不适用" if given.state is NOT_APPLICABLE else "缺项"
        if choice == "full":
            return item.full_marks or Fraction(0), Given(reason=f"{what}，计满分")
        if choice == "zero":
            return Fraction(0), Given(reason=f"{what}，计0分")
        if choice == "spread":
            return None, Given(state=NOT_APPLICABLE, reason=what)
        return None, given

    def assembled(self, exact: list[Fraction | None], states: list[Given], facts: Mapping[str, Any]) -> Scoresheet:
        """The sheet of exact points: weights spread, items rounded, pools drawn, the total added."""
        factors = self.factors([state.state is NOT_APPLICABLE for state in states])
        outcomes: list[Outcome] = []
        pending = []
        for item, points, state, factor in zip(self.indicators, exact, states, factors, strict=True):
            if points is not None:
                rounded = to_decimal(round_half_away(points * factor, item.places))
                outcomes.append(Outcome(points=rounded, reason=state.reason, factor=factor))
            elif state.state is NOT_APPLICABLE:
                outcomes.append(Outcome(points=None, state="not_applicable", reason=state.reason, factor=Fraction(0)))
            else:
                pending.append(Pending(item.name, state.reason))
                outcomes.append(Outcome(points=None, state="pending", reason=state.reason, factor=factor))
        if not any(factors):
            pending.append(Pending(self.title, "有分值的指标都不适用"))
        added, pools = self.added(exact, outcomes, factors)
        total = None if pending else added
        grade, coefficient = self.graded(total)
        return Scoresheet(
            title=self.title,
            total=total,
            grade=grade,
            coefficient=coefficient,
            pending=tuple(pending),
            not_applicable=tuple(
                item.name
                for item, outcome in zip(self.indicators, outcomes, strict=True)
                if outcome.state == "not_applicable"
            ),
            outcomes=tuple(outcomes),
            pools=pools,
            groups_read=self.groups,
            facts=dict(facts),
            given=tuple((state.value, state.unit, state.target) for state in states),
        )

    def factors(self, absent: list[bool]) -> list[Fraction]:
        """By what each item's marks grow where others are 不适用; 0 for those, and for all where nothing is left.

        An item's weight goes to the rest of its own group; a group's, where nothing of it is left, to the other groups.
        """
        of_item: list[Fraction] = []
        kept_marks = all_marks = Fraction(0)
        number = 0
        for group in self.groups:
            out = absent[number : number + len(group.indicators)]
            number += len(group.indicators)
            lost = sum(
                (
                    item.full_marks
                    for item, gone in zip(group.indicators, out, strict=True)
                    if gone and item.full_marks is not None
                ),
                Fraction(0),
            )
            all_marks += group.marks
            whole = all(out) or (group.marks > 0 and lost >= group.marks)
            factor = Fraction(0) if whole else group.marks / (group.marks - lost) if group.marks else Fraction(1)
            if not whole:
                kept_marks += group.marks
            of_item += [Fraction(0) if gone else factor for gone in out]
        if all_marks and not kept_marks:
            return [Fraction(0)] * len(absent)
        spread = all_marks / kept_marks if kept_marks else Fraction(1)
        number = 0
        for group in self.groups:
            for _ in group.indicators:
                of_item[number] *= spread if group.marks else 1
                number += 1
        return of_item

    def added(
        self, exact: list[Fraction | None], outcomes: list[Outcome], factors: list[Fraction]
    ) -> tuple[Decimal, tuple[PoolLine, ...]]:
        """What has points, added up, and the pools of the groups that are complete; one wholly 不适用 has none."""
        once = self.settings.rounding == "total"
        places = self.settings.reading.places
        values = [
            Fraction(0) if points is None else points * factor if once else Fraction(outcome.points or 0)
            for points, outcome, factor in zip(exact, outcomes, factors, strict=True)
        ]
        total = sum(values, Fraction(0))
        pools = []
        by_name = {group.name: group for group in self.groups}
        for name, _, bound, loose in self.pools:
            group = by_name[name]
            states = {outcomes[index].state for index in self.places_of(group)}
            if "pending" in states or states == {"not_applicable"}:
                continue
            factor = max((factors[index] for index in self.places_of(group)), default=Fraction(0))
            marks = group.pool * factor if once else round_half_away(group.pool * factor, places)
            after_loose = marks + sum((values[index] for index in loose), Fraction(0))
            after = after_loose + sum((values[index] for index in bound), Fraction(0))
            back = max(Fraction(0), min(Fraction(0), after_loose) - after)
            total += marks + back
            pools.append(
                PoolLine(
                    group=name,
                    marks=to_decimal(round_half_away(marks, places)),
                    given_back=to_decimal(round_half_away(back, places)),
                )
            )
        if once:
            total = round_half_away(total, places)
        return to_decimal(total), tuple(pools)

    def places_of(self, group: Group) -> range:
        """Where a group's items stand among all."""
        start = 0
        for other in self.groups:
            if other is group:
                break
            start += len(other.indicators)
        return range(start, start + len(group.indicators))
