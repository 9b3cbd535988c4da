"""Rungs that take points: where they meet the rungs that give, and what they leave untold."""

from __future__ import annotations

from fractions import Fraction

from kpilib.meaning.expr import Expr, Guard, Undefined
from kpilib.meaning.ladder import Interval, gaps
from kpilib.meaning.rungs import Rungs
from kpilib.syntax.tree import Award, Between, Comparison, Condition, Either, Rung, conditions


class Taking(Rungs):
    """Holds rungs that take points against all others."""

    def _spared(self, taking: Rung) -> list[Guard]:
        """90分以上得满分，90分以下扣1分: the bound that both name is the better rung's, and nothing is taken there."""
        spared: list[Guard] = []
        for rung in self.rungs:
            leaves = [rung.condition, taking.condition]
            if rung.award == taking.award or not isinstance(rung.award, Award) or rung.award.kind != "set":
                continue
            if rung.award.points.kind == "zero" or not all(isinstance(leaf, (Comparison, Between)) for leaf in leaves):
                continue
            if self.metric(leaves[0]) is not self.metric(leaves[1]):
                continue
            one, other = (self.interval(leaf) for leaf in leaves)
            shared = one.shared(other) if one.relative == other.relative else None
            if shared is None or shared.empty:
                continue
            if not shared.single:
                raise self.refuse(
                    "KPI118",
                    "这一档又给分又扣分",
                    taking.span,
                    hint="让每个值只落在一档里",
                    example="90%以上得10分；80%以上得8分",
                )
            if self.reading.shared_bound == "better":
                spared.append(shared.guard(self.var(taking.condition), self.target() if shared.relative else None))
                self.note("KPI903", "这个界限在两档里都有，归较高的一档", rung.span, "需确认", "shared_bound")
        return spared

    def _nothing_left(self, rung: Rung, group: list[Rung]) -> bool:
        """迟到3次以内扣2分，5次以上不得分: the last rung takes all, so four times is not told."""
        if not isinstance(rung.award, Award) or rung.award.points.kind != "zero" or rung.award.kind != "set":
            return False
        if not isinstance(rung.condition, (Comparison, Between)):
            return False
        one, other = self._stretch(rung.condition), self._stretch(group[0].condition)
        same = self.metric(rung.condition) is self.metric(conditions(group[0].condition)[0])
        return same and one is not None and other is not None and one.relative == other.relative

    def _stretch(self, condition: Condition) -> Interval | None:
        """The inputs of a condition on one metric, 低于95%且高于90% too; None for any other."""
        leaves = conditions(condition)
        if not all(isinstance(leaf, (Comparison, Between)) for leaf in leaves) or isinstance(condition, Either):
            return None
        result: Interval | None = self.interval(leaves[0])
        for leaf in leaves[1:]:
            other = self.interval(leaf)
            if result is None or self.metric(leaf) is not self.metric(leaves[0]) or other.relative != result.relative:
                return None
            result = result.shared(other)
        return result

    def _unsaid(self, group: list[Rung]) -> list[tuple[Guard, Expr]]:
        """迟到1次扣1分，3次扣5分: twice is not told, nor is what is worse than the last rung; better than all takes nothing."""
        taken = [self._worth_at(rung, Fraction(0)) for rung in group]
        zeros = [rung for rung in self.rungs if rung not in group and self._nothing_left(rung, group)]
        group, taken = [*group, *zeros], [*taken, *(min(taken) - 1 for _ in zeros)]
        found = [self._stretch(rung.condition) for rung in group]
        intervals = [interval for interval in found if interval is not None]
        if len(group) < 2 or len(intervals) < len(group) or any(interval.relative for interval in intervals):
            return []
        variable = self.var(conditions(group[0].condition)[0])
        order = sorted(
            range(len(group)),
            key=lambda n: (
                intervals[n].low is not None,
                intervals[n].low or 0,
                intervals[n].high is None,
                intervals[n].high or 0,
            ),
        )
        first, last = taken[order[0]], taken[order[-1]]
        said = [
            self.interval(rung.condition)
            for rung in self.rungs
            if rung not in group
            and isinstance(rung.condition, (Comparison, Between))
            and self.var(rung.condition) is variable
        ]
        result: list[tuple[Guard, Expr]] = []
        holes = gaps(intervals, variable.domain.minimum, variable.domain.kind == "count")
        for number, gap in enumerate(holes):
            start = intervals[order[0]].low
            below = (
                number == 0
                and start is not None
                and (gap.low is None or gap.low < start or (gap.low == start and gap.low_closed))
            )
            better = first >= last if below else gap.high is None and last >= first
            if better or any((shared := one.shared(gap)) is not None and not shared.empty for one in said):
                continue
            result.append((gap.guard(variable, None), Undefined("规则没有写这种情况", group[-1].span)))
            self.note("KPI909", "扣分的各档没有写到所有的情况，遇到时不计分", group[-1].span)
        return result
