"""Ladders and proportional clauses: one rung applies, the tightest that holds."""

from __future__ import annotations

import re
from fractions import Fraction

from kpilib.errors import AmbiguousRuleError
from kpilib.meaning.context import Context, shown
from kpilib.meaning.expr import (
    Case,
    Const,
    Expr,
    Min,
    Ratio,
    Undefined,
    Var,
    add,
    scale,
)  # fmt: skip
from kpilib.meaning.ladder import Interval, gaps
from kpilib.quantity import MARKS, decimal_text
from kpilib.syntax.tree import (
    Award,
    Comparison,
    Either,
    Every,
    Limit,
    Otherwise,
    Proportional,
    Rung,
    conditions,
)  # fmt: skip
from kpilib.text import Span


class Rungs(Context):
    """Lowers rungs, labels' points and ratios."""

    def _scale_check(self, awards: list[Award], span: Span) -> None:
        """Own scale: a ladder's top is the full marks, or 100, or the reading must say."""
        self.factor = Fraction(1)
        values = [
            award.points.amount.value
            for award in awards
            if award.kind == "set"
            and award.points.kind == "marks"
            and award.points.amount is not None
            and award.points.amount.value is not None
        ]
        values += [self.judged[id(one)].high for one in awards if one.kind == "set" and one.points.kind == "judged"]
        if self.full is None or not values or any(award.points.kind in ("full", "share") for award in awards):
            return
        top = max(values)
        if self.reading.ladder == "listed" or (top == self.full and self.reading.ladder == "ask"):
            return
        if top == 100 or self.reading.ladder == "hundred":
            self.factor = self.full / 100
            self._tell_hundred(span)
            return
        if top < self.full and self.goal is not None:
            return  # the rest of the ladder is what the target column says
        self._ask_scale(top, span)

    def _tell_hundred(self, span: Span) -> None:
        assert self.full is not None
        self.note("KPI910", f"分值按百分制乘以 {decimal_text(self.full)}% 的权重", span, "需确认", "ladder")

    def _ask_scale(self, top: Fraction, span: Span) -> None:
        assert self.full is not None
        mine, listed = decimal_text(self.full), decimal_text(top)
        raise self.ambiguous(
            f"最高一档是 {listed} 分，满分是 {mine} 分，标尺不明", span,
            (f"满分{listed}分，按所列分值", "最高一档", listed), (f"最高一档就是满分，折算成 {mine} 分", "最高一档", mine),
            hint="口径写 按所列分值，或把最高一档写成满分", code="KPI202",
        )  # fmt: skip

    def _scaled(self, award: Award) -> Fraction:
        points = self.award_points(award.points, award.span)
        return points * self.factor if award.points.kind == "marks" else points

    def judged_worth(self, award: Award, start: Fraction) -> Expr:
        """What a person gives: as the score, or added to or taken from where the score stands."""
        given = self.judged[id(award)].worth()
        if award.kind == "set":
            return scale(self.factor, given)
        return add(Const(start), scale(Fraction(1 if award.kind == "gain" else -1), given))

    def _ladder(self, rungs: list[Rung], otherwise: list[Otherwise]) -> Expr:
        """One rung applies: the tightest that holds."""
        awards = [rung.award for rung in rungs if isinstance(rung.award, Award)]
        self._scale_check(awards, rungs[0].span if rungs else otherwise[0].span)
        default: Expr = Undefined("规则没有写这种情况", rungs[-1].span if rungs else None)
        if otherwise:
            default = self._worth(otherwise[0].award)
        for award in [clause.award for clause in rungs] + [clause.award for clause in otherwise]:
            if isinstance(award, Proportional):
                self._relative_share(award, rungs)
        ordered = self._ordered(rungs, full_cover=bool(otherwise))
        guards = [self.guard(rung.condition) for rung in ordered]
        self.ladder_spans = tuple((guard, rung.span) for guard, rung in zip(guards, ordered, strict=True))
        branches = tuple((guard, self._worth(rung.award)) for guard, rung in zip(guards, ordered, strict=True))
        return Case(branches, default)

    def _worth(self, award: Award | Proportional) -> Expr:
        if isinstance(award, Proportional):
            return self.share(award)
        if award.points.kind == "judged":
            return self.judged_worth(award, self.full or Fraction(0))
        if award.kind != "set":
            points = self.award_points(award.points, award.span)
            return Const((self.full or Fraction(0)) + (points if award.kind == "gain" else -points))
        return Const(self._scaled(award))

    def _ordered(self, rungs: list[Rung], *, full_cover: bool = False, adjusting: bool = False) -> list[Rung]:
        """The rungs so that the first whose condition holds is the one that applies."""
        single = all(
            len(conditions(rung.condition)) == 1 and not isinstance(rung.condition, (Every, Either)) for rung in rungs
        )
        metrics = {id(self.metric(leaf)) for rung in rungs for leaf in conditions(rung.condition)}
        if not single or len(metrics) != 1:
            return self._by_points(rungs)
        intervals = [self.interval(conditions(rung.condition)[0]) for rung in rungs]
        metric = self.metric(conditions(rungs[0].condition)[0])
        if len({interval.relative for interval in intervals}) > 1:
            raise self.refuse(
                "KPI116",
                "有的档按目标值的百分比，有的按数值，要有目标值才能比较",
                rungs[0].span,
                hint="用 target= 给出目标值",
            )
        if not adjusting:
            intervals = self._reached_tops(rungs, intervals)
        whole = self.vars[id(metric)].domain.kind == "count"
        if whole:
            intervals = [interval.whole() for interval in intervals]
        before: dict[int, set[int]] = {number: set() for number in range(len(rungs))}
        for one in range(len(rungs)):
            if intervals[one].empty:
                raise self.refuse("KPI111", "这一档里没有任何数", rungs[one].span)
            for other in range(one + 1, len(rungs)):
                self._compare(rungs, intervals, one, other, before)
        if not adjusting:
            self._humps(rungs, intervals)
        if not adjusting and not full_cover:
            self._tell_gaps(rungs, intervals, self.vars[id(metric)])
        return _sorted(rungs, before)

    def _reached_tops(self, rungs: list[Rung], intervals: list[Interval]) -> list[Interval]:
        """完成率100%得20分，80%以上得15分: 103 % is worth no less than 100 %, where no rung says otherwise."""
        found = list(intervals)
        for number, (rung, point) in enumerate(zip(rungs, intervals, strict=True)):
            leaf = rung.condition
            if not isinstance(leaf, Comparison) or leaf.amount is None or leaf.amount.unit.kind != "rate":
                continue
            if not point.single or leaf.amount.base != 1 or not re.search(r"完成|达成|实现|^$", self.metric(leaf).name):
                continue  # 及时率 ends at 100 %
            others = [n for n in range(len(rungs)) if n != number]
            beyond = any(
                low is not None and low >= point.low for low in (intervals[n].low for n in others) if point.low
            )
            around = [n for n in others if intervals[n].high is None and intervals[n].low is not None]
            best = all(self._worth_at(rung, Fraction(1)) > self._worth_at(rungs[n], Fraction(1)) for n in around)
            if around and best and not beyond:
                self.tops.add(id(leaf))
                self.note("KPI903", "100% 是最高一档，超过 100% 的也归这一档", rung.span)
                found[number] = self.interval(leaf)
        return found

    def _compare(
        self, rungs: list[Rung], intervals: list[Interval], one: int, other: int, before: dict[int, set[int]]
    ) -> None:
        shared = intervals[one].shared(intervals[other])
        if shared is None or shared.empty:
            return
        first_in, second_in = intervals[one].inside(intervals[other]), intervals[other].inside(intervals[one])
        if first_in and second_in:
            if rungs[one].award == rungs[other].award:
                return
            raise self.refuse("KPI119", "同一个界限写了两个结果", rungs[other].span, hint="每一档只写一次")
        if first_in or second_in:
            inner, outer = (one, other) if first_in else (other, one)
            before[outer].add(inner)
            return
        if not shared.single:
            raise self.refuse(
                "KPI118",
                "两档有一段重叠，结果却不同",
                rungs[other].span,
                hint="让每个值只落在一档里",
                example="90%以上得10分；80%以上得8分",
            )
        assert shared.low is not None
        worths = [self._worth_at(rungs[number], shared.low) for number in (one, other)]
        better = one if worths[0] >= worths[1] else other
        if self.reading.shared_bound == "worse":
            better = one + other - better
        before[one + other - better].add(better)
        unit = self.vars[id(self.metric(conditions(rungs[one].condition)[0]))].unit
        self.note(
            "KPI903",
            f"{decimal_text(shared.low / unit.size)}{unit.symbol} 在两档里都有，归{'较高' if self.reading.shared_bound == 'better' else '较低'}的一档",
            rungs[better].span,
            "需确认",
            "shared_bound",
        )

    def _humps(self, rungs: list[Rung], intervals: list[Interval]) -> None:
        """90%以上得10分，80%以上得20分，80%以下得0分: more is better, the points fall and rise."""
        worths = [self._worth_at(rung, Fraction(1)) for rung in rungs]
        up = [n for n, one in enumerate(intervals) if one.high is None and one.low is not None]
        down = [n for n, one in enumerate(intervals) if one.low is None and one.high is not None]
        for side, other in ((up, down), (down, up)):
            for inner in side:
                for outer in side:
                    nested = inner != outer and intervals[inner].inside(intervals[outer])
                    if nested and worths[inner] < worths[outer] and any(worths[n] < worths[outer] for n in other):
                        raise self.refuse(
                            "KPI118",
                            "更好的一档，得分反而更少",
                            rungs[inner].span,
                            hint="核对分数，或写成范围",
                            example="80%-90%得20分；90%以上得10分",
                        )

    def _worth_at(self, rung: Rung, value: Fraction) -> Fraction:
        if isinstance(rung.award, Award) and rung.award.points.kind == "judged":
            return self.judged[id(rung.award)].high * (-1 if rung.award.kind == "deduct" else 1)
        if isinstance(rung.award, Proportional):
            whole = rung.award.whole.base if rung.award.whole is not None else self.full or Fraction(1)
            return whole * value
        points = self.award_points(rung.award.points, rung.span)
        return -points if rung.award.kind == "deduct" else points

    def _by_points(self, rungs: list[Rung]) -> list[Rung]:
        """Conditions on several inputs: the better for the person first, as the rungs are nested by their points."""
        worths = []
        for rung in rungs:
            if isinstance(rung.award, Proportional):
                raise self.refuse("KPI105", "几个条件里有一个按比例，还不能读", rung.span, hint="分成两个指标写")
            points = self.award_points(rung.award.points, rung.span)
            worths.append(-points if rung.award.kind == "deduct" else points)
        return [rung for _, rung in sorted(zip(worths, rungs, strict=True), key=lambda row: -row[0])]

    def _tell_gaps(self, rungs: list[Rung], intervals: list[Interval], variable: Var) -> None:
        for gap in gaps(intervals, variable.domain.minimum, variable.domain.kind == "count"):
            ends = [
                f"{decimal_text(end / variable.unit.size)}{variable.unit.symbol}"
                for end in (gap.low, gap.high)
                if end is not None and not gap.relative
            ]
            where = (
                "到".join(ends)
                if len(ends) == 2
                else (f"{ends[0]}{'以上' if gap.high is None else '以下'}" if ends else "有的情况")
            )
            self.note("KPI909", f"{where}的情况没有规定，遇到时不计分", rungs[-1].span)

    def share(self, clause: Proportional) -> Expr:
        """X × F, or x / T × F where the metric is an amount with a target."""
        variable = self.var(clause)
        whole = clause.whole.base if clause.whole is not None else self.full
        if whole is None:
            raise self.refuse(
                "KPI117",
                "按比例计分要有满分",
                clause.span,
                hint="用 full_marks= 给出满分，或写 满分20分",
                example="满分20分，按完成比例计分",
            )
        if clause.complement:
            return scale(whole, add(Const(Fraction(1)), scale(Fraction(-1), variable)))
        relative = self.goal is not None and (self.goal.amount.unit.kind != "rate" or clause.by_target)
        if variable.unit is MARKS and not relative:
            ratio: Expr = scale(Fraction(1, 100), variable)
            self.note("KPI910", f"「{clause.metric}」按百分制，100 分得 {decimal_text(whole)} 分", clause.span)
        elif variable.unit.kind != "rate" or relative:
            ratio = Ratio(variable, self.target())
        else:
            ratio = variable
            if (
                self.goal is not None
                and self.goal.amount.base != 1
                and any(word in clause.metric for word in ("比例", "进度"))
                and "率" not in clause.metric
            ):
                raise self._of_what(clause, "比例", shown(self.goal.amount))
        if isinstance(ratio, Ratio) and self.goal is not None:
            ratio = (
                Undefined("目标值必须大于0", self.goal.span, "KPI502")
                if self.goal.amount.base <= 0
                else scale(1 / self.goal.amount.base, variable)
            )
        if self.full is not None and whole == 100 != self.full and self.reading.ladder != "listed":
            whole = self.full  # 得分=100×完成率 of an item of 20: the same scale as a ladder of 100
            self._tell_hundred(clause.span)
        caps = [
            one.points.base
            for one in self.tree.clauses
            if isinstance(one, Limit) and one.kind == "ratio" and one.points
        ]
        if caps:
            return scale(whole, Min((ratio, Const(min(caps)))))
        value = scale(whole, ratio)
        if clause.capped or self.speaks_of_full or self.reading.above_full == "cap":
            return Min((value, Const(whole)))
        if variable.unit is MARKS:
            return value  # marks out of 100 end at 100
        self.note(
            "KPI912",
            "超过 100% 时得分超过满分（没有说封顶）",
            clause.span,
            "需确认",
            "above_full",
            "写 满分N分 就会封顶",
        )
        return value

    def _relative_share(self, share: Proportional, scored: list[Rung]) -> None:
        """90%以上得满分，低于90%按比例得分: a share of 100 %, or of the 90 %?"""
        for rung in scored:
            leaf = rung.condition
            bounded = (
                isinstance(leaf, Comparison)
                and leaf.amount is not None
                and leaf.amount.unit.kind == "rate"
                and leaf.amount.value != 100
            )
            full = isinstance(rung.award, Award) and rung.award.points.kind == "full"
            at_goal = isinstance(leaf, Comparison) and leaf.amount is None and not share.by_target
            goal = self.goal.amount if self.goal is not None else None
            if (
                at_goal
                and goal is not None
                and goal.unit.kind == "rate"
                and goal.base != 1
                and "率" not in share.metric
            ):
                raise self._of_what(share, "按比例", shown(goal))
            if (
                bounded
                and full
                and "率" not in share.metric
                and share.whole is None
                and isinstance(leaf, Comparison)
                and leaf.amount is not None
            ):
                raise self._of_what(share, "按比例", shown(leaf.amount))

    def _of_what(self, clause: Proportional, said: str, goal: str) -> AmbiguousRuleError:
        return self.ambiguous(
            f"{said}，是对100%说的，还是对{goal}说的？", clause.span,
            ("得分=完成率×满分", "80%", "满分×80%"), (f"得分=完成率÷{goal}×满分", "80%", f"满分×80%÷{goal}"),
            hint="写 得分=完成率×满分，或写 按实际值与目标值的比例计分", example="满分20分，得分=完成率×满分",
        )  # fmt: skip

    def _example(self, rung: Rung, share: Proportional) -> bool:
        """完成80%计为80分, after 按完成比例计分: an example, which must agree."""
        leaf = rung.condition
        if (
            not isinstance(leaf, Comparison)
            or leaf.operator != "=="
            or leaf.amount is None
            or leaf.amount.unit.kind != "rate"
            or not isinstance(rung.award, Award)
        ):
            return False
        whole = share.whole.base if share.whole is not None else self.full
        if whole is None or self.award_points(rung.award.points, rung.span) != whole * leaf.amount.base:
            raise self.refuse("KPI118", "这个例子和按比例的算法对不上", rung.span)
        self.note("KPI904", "这是一个例子，和算法相符", rung.span)
        return True


def _sorted(rungs: list[Rung], before: dict[int, set[int]]) -> list[Rung]:
    """Rungs in an order that keeps every "before"; ties stay as written."""
    left = list(range(len(rungs)))
    ordered: list[int] = []
    while left:
        ready = next((number for number in left if not (before[number] & set(left))), left[0])
        ordered.append(ready)
        left.remove(ready)
    return [rungs[number] for number in ordered]
