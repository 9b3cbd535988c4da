"""What a score is before anything is added or taken."""

from __future__ import annotations

from fractions import Fraction

from kpilib.meaning.checklists import checklist_score
from kpilib.meaning.context import ZERO
from kpilib.meaning.expr import (
    Case,
    Compare,
    Const,
    Expr,
    Guard,
    LabelIs,
    Undefined,
)  # fmt: skip
from kpilib.meaning.ladder import Interval
from kpilib.meaning.taking import Taking
from kpilib.quantity import decimal_text
from kpilib.syntax.tree import (
    Award,
    Between,
    Checklist,
    Choice,
    Comparison,
    Discretion,
    Faultless,
    Happens,
    Highest,
    Limit,
    Occurrence,
    Otherwise,
    Proportional,
    Rung,
    conditions,
)  # fmt: skip
from kpilib.text import Span


class Bases(Taking):
    """Finds the base of a rule, what overrides it, and the rung from which its steps count."""

    def _base(self) -> tuple[Expr, str, Span | None, list[tuple[Guard, Fraction, Span]], Rung | None]:
        """What the score is before anything is added or taken, and what overrides it."""
        for clause in self.tree.clauses:
            if isinstance(clause, Checklist):
                expr = checklist_score(clause, self.items, self.full, self.refuse)
                if clause.each is None and not clause.shared:
                    self.note(
                        "KPI909", "没有写只满足一部分得多少，读作按满足项数的比例", clause.span, "需确认",
                        hint="写 按满足项数的比例计分，或 每满足一项得…分",
                    )  # fmt: skip
                return expr, f"满足的项，共 {len(self.items)} 项", clause.span, [], None
        given = [one for one in self.tree.clauses if isinstance(one, Discretion) and one.award.kind == "set"]
        if given:
            if (
                len(given) > 1
                or self.rungs
                or any(isinstance(one, (Choice, Proportional)) for one in self.tree.clauses)
            ):
                raise self.refuse("KPI118", "由人给分，又写了别的得分", given[0].span, hint="只留一种")
            return self.judged[id(given[0].award)].worth(), "评分人给的分", given[0].span, [], None
        choices = [clause for clause in self.tree.clauses if isinstance(clause, Choice)]
        if choices:
            expr = self._choices(choices)
            return expr, "所选的一项", choices[0].span, [], None
        setting = [rung for rung in self.rungs if not isinstance(rung.award, Award) or rung.award.kind == "set"]
        shares = [clause for clause in self.tree.clauses if isinstance(clause, Proportional)]
        otherwise = [clause for clause in self.tree.clauses if isinstance(clause, Otherwise)]
        adjusting = (
            bool(self.steps)
            or any(isinstance(clause, (Discretion, Occurrence)) for clause in self.tree.clauses)
            or len(setting) < len(self.rungs)
        )
        scored = [rung for rung in setting if not (isinstance(rung.award, Award) and rung.award.points.kind == "zero")]
        zeros = [rung for rung in setting if rung not in scored]
        quiet = [rung for rung in scored if self._no_event(rung)]
        named = [rung for rung in quiet if isinstance(rung.condition, Faultless)]
        if named and len(scored) > len(quiet):
            raise self.refuse(
                "KPI105", f"看不懂「{self._label(named[0])}」是什么情况", named[0].span, hint="写出数字和单位"
            )
        if (
            otherwise
            and adjusting
            and not scored
            and isinstance(otherwise[0].award, Award)
            and otherwise[0].award.kind != "set"
            and otherwise[0].award.points.kind == "zero"
        ):
            otherwise = []  # 否则不加分
        if len(otherwise) > 1 or (otherwise and (not setting or (adjusting and not scored))):
            raise self.refuse("KPI118", "「否则」在这里说的是什么情况？", otherwise[-1].span)
        if shares:
            return self._shared_base(shares, scored, zeros, otherwise)
        ladder = not self._steps_of(scored) and len(scored) > len(quiet) and not self._taken_from(scored)
        if (not adjusting or ladder) and (scored or otherwise):
            expr = self._ladder(setting, otherwise)
            return expr, "所在的一档", scored[0].span if scored else otherwise[0].span, [], None
        overrides = [
            (self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span)
            for rung in zeros
            if isinstance(rung.award, Award)
        ]
        base_rung: Rung | None = None
        loose = [rung for rung in scored if rung not in quiet]
        start = self._unchanged()
        if start is not None and not loose:
            return self._covered(start, Const(self.full or Fraction(0)), zeros), "起点", start.span, overrides, start
        if loose:
            base_rung = self._pick_base(loose)
            for rung in loose:
                if rung is not base_rung and isinstance(rung.award, Award):
                    overrides.append(
                        (self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span)
                    )
        if base_rung is not None and isinstance(base_rung.award, Proportional):
            return (
                self._share_and_steps(base_rung, base_rung.award, zeros),
                "起点",
                base_rung.span,
                [],
                base_rung,
            )
        if any(isinstance(rung.award, Proportional) for rung in loose):
            raise self.refuse("KPI118", "同一个指标又按比例又按档加减", loose[0].span, hint="只留一种算法")
        if base_rung is not None and isinstance(base_rung.award, Award):
            points = self.award_points(base_rung.award.points, base_rung.span)
            overrides += [
                (self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span)
                for rung in quiet
                if isinstance(rung.award, Award) and isinstance(rung.condition, Happens)
            ]
            return self._covered(base_rung, Const(points), zeros), "起点", base_rung.span, overrides, base_rung
        if quiet and isinstance(quiet[0].award, Award):
            points = self.award_points(quiet[0].award.points, quiet[0].span)
            if self.full is not None and points != self.full and isinstance(quiet[0].condition, Faultless):
                raise self.refuse(
                    "KPI118",
                    f"无差错得 {decimal_text(points)} 分，满分却是 {decimal_text(self.full)} 分",
                    quiet[0].span,
                    hint="两处写成一样",
                )
            return Const(points), "起点", quiet[0].span, overrides, None
        if self.full is None:
            if not adjusting:
                raise self.refuse(
                    "KPI117",
                    "没有满分，不知道其余情况得多少",
                    zeros[0].span if zeros else None,
                    hint="用 full_marks= 给出满分",
                )
            if zeros:
                raise self.refuse(
                    "KPI117", "记0分要有满分才有意义", zeros[0].span, hint="用 full_marks= 给出满分，或写 满分20分"
                )
            return ZERO, "从 0 开始加减", None, overrides, None
        if self.accrues:
            return ZERO, "从 0 分起累计", None, overrides, None
        if zeros and not adjusting:
            self.note("KPI913", f"其余情况没有写，读作满分 {decimal_text(self.full)} 分", zeros[0].span, "需确认")
        return Const(self.full), "满分", None, overrides, None

    @staticmethod
    def _label(rung: Rung) -> str:
        return rung.condition.label if isinstance(rung.condition, Faultless) else ""

    def _unchanged(self) -> Rung | None:
        """3次以内不扣分，每超1次扣2分: the bound from which the steps count."""
        rungs = [rung for rung in self.rungs if isinstance(rung.award, Award) and rung.award.kind != "set"]
        if (
            len(rungs) == 1
            and isinstance(rungs[0].award, Award)
            and rungs[0].award.points.kind == "zero"
            and self._steps_of(rungs)
        ):
            return rungs[0]
        return None

    def _no_event(self, rung: Rung) -> bool:
        return isinstance(rung.condition, Faultless) or (
            isinstance(rung.condition, Happens) and not rung.condition.occurs
        )

    def _steps_of(self, scored: list[Rung]) -> bool:
        """Whether the steps of the rule belong to the metric of its rungs."""
        metrics = {
            id(self.metric(leaf))
            for rung in scored
            for leaf in conditions(rung.condition)
            if not isinstance(leaf, Faultless)
        }
        return any(id(self.metric(part)) in metrics for step in self.steps for part in step.parts) or any(
            id(self.metric(clause)) in metrics for clause in self.tree.clauses if isinstance(clause, Occurrence)
        )

    def _pick_base(self, scored: list[Rung]) -> Rung | None:
        """The rung from which steps are counted: the full one, the one at the target, or the only one."""
        if len(scored) == 1:
            rung = scored[0]
            leaf = conditions(rung.condition)[0]
            at_goal = isinstance(leaf, Comparison) and leaf.amount is None
            full = isinstance(rung.award, Award) and self.award_points(rung.award.points, rung.span) == self.full
            if self.goal is None or at_goal or full:
                return rung
            interval = self.interval(leaf)
            if isinstance(rung.award, Proportional) and self.goal.amount.base in (interval.low, interval.high):
                return rung  # 60%-100%按比例，超过100%每超1%加1分
            point = Interval.of("==", self.goal.amount.base, False)
            if not interval.relative and point.shared(interval) is None:
                return None
            if not self.goal.in_text:
                return rung
            raise self.refuse(
                "KPI118",
                "目标值和这一档，哪个是加减分的起点？",
                rung.span,
                hint="只留一个起点，例如 90%以上得满分，每低1%扣2分",
            )
        full_rungs = [
            rung
            for rung in scored
            if isinstance(rung.award, Award)
            and (
                rung.award.points.kind == "full"
                or (
                    self.full is not None
                    and rung.award.points.amount is not None
                    and rung.award.points.amount.value == self.full
                )
            )
        ]
        if len(full_rungs) == 1:
            return full_rungs[0]
        raise self.two_bases(scored[0], scored[-1])

    def _share_and_steps(self, rung: Rung, award: Proportional, zeros: list[Rung]) -> Expr:
        """60%-100%按比例，超过100%每超1%加1分: past the range the share stays what it is at its end."""
        leaf = conditions(rung.condition)[0]
        interval = self.interval(leaf)
        metric = self.metric(leaf)
        ways = {part.direction for step in self.steps for part in step.parts if self.metric(part) is metric}
        lows = [self.interval(one) for zero in zeros for one in conditions(zero.condition)]
        below = all(one.high is not None and interval.low is not None and one.high <= interval.low for one in lows)
        if ways != {"up"} or interval.high is None or interval.relative or award.by_target or not below:
            raise self.refuse("KPI118", "同一个指标又按比例又按档加减", rung.span, hint="只留一种算法")
        end = Const(self._worth_at(rung, interval.high))
        variable = self.vars[id(metric)]
        return Case(((Compare(variable, ">", Const(interval.high)), end),), self._ladder([rung, *zeros], []))

    def _takes_from(self, rung: Rung, other: Rung) -> bool:
        """90分以上得满分，90分以下扣1分: the second takes from what the first gives."""
        taking = isinstance(other.award, Award) and other.award.kind == "deduct" and other.award.points.kind != "zero"
        bounded = all(isinstance(one.condition, (Comparison, Between)) for one in (rung, other))
        return taking and bounded and self.metric(rung.condition) is self.metric(other.condition)

    def _taken_from(self, scored: list[Rung]) -> bool:
        full = len(scored) == 1 and self._worth_at(scored[0], Fraction(1)) == self.full
        return full and any(self._takes_from(scored[0], other) for other in self.rungs)

    def _covered(self, rung: Rung, points: Expr, zeros: list[Rung]) -> Expr:
        """The base where the rung, the steps or a zero rule say something; elsewhere there is a gap."""
        leaves = conditions(rung.condition)
        if len(leaves) != 1 or isinstance(leaves[0], (Happens, Faultless)):
            return points
        metric = self.metric(leaves[0])
        moving = [step for step in self.steps if any(self.metric(part) is metric for part in step.parts)]
        sides = {part.direction for step in moving for part in step.parts if self.metric(part) is metric}
        rises = sides == {"up"} and all(step.award.kind == "gain" for step in moving)
        at_target = isinstance(leaves[0], Comparison) and leaves[0].amount is None and leaves[0].operator == ">="
        if at_target and not rises:
            return points  # 达标得满分: the steps tell which side is better
        interval = self.interval(leaves[0])
        occurs = any(self.metric(clause) is metric for clause in self.tree.clauses if isinstance(clause, Occurrence))
        both = interval.low is not None and interval.high is not None and interval.low == -interval.high
        if both and len(sides) == 1:
            step = next(step for step in self.steps if any(self.metric(part) is metric for part in step.parts))
            raise self.ambiguous(
                "±范围以外有两边，这里只管一边，还是两边都管？", step.span,
                ("只管这一边", "另一边以外", "没有规定"), ("两边都管", "另一边以外", "一样加减"),
                hint="两边各写一句：每高…扣…分，每低…扣…分", example="偏差率在±5%以内得满分，每高1%扣1分，每低1%扣1分",
            )  # fmt: skip
        open_sides = []
        if interval.low is not None and "down" not in sides and not occurs:
            open_sides.append("low")
        if interval.high is not None and "up" not in sides and not occurs:
            open_sides.append("high")
        if not open_sides:
            return points
        self.note("KPI909", "这一档以外，没有规定的一边不计分", rung.span)
        said = [*zeros, *(other for other in self.rungs if self._takes_from(rung, other))]
        guards: list[tuple[Guard, Expr]] = [(self.guard(other.condition), points) for other in said]
        outside = "这个值在规则规定的范围之外"
        low = interval.low if "low" in open_sides else None
        high = interval.high if "high" in open_sides else None
        kept = Interval(low, interval.low_closed, high, interval.high_closed, interval.relative)
        guards.append((kept.guard(self.vars[id(metric)], self.target() if interval.relative else None), points))
        return Case(tuple(guards), Undefined(outside, rung.span))

    def _choices(self, choices: list[Choice]) -> Expr:
        variable = self.var(choices[0])
        start = (
            self.full
            if self.full is not None and any(choice.award.kind != "set" for choice in choices)
            else Fraction(0)
        )
        branches: list[tuple[Guard, Expr]] = []
        self._scale_check([choice.award for choice in choices], choices[0].span)
        for choice in choices:
            if choice.award.points.kind == "judged":
                branches.append((LabelIs(variable, choice.label), self.judged_worth(choice.award, start)))
                continue
            points = self._within_limits(self._scaled(choice.award), choice.award.kind)
            worth = {"set": points, "gain": start + points, "deduct": start - points}[choice.award.kind]
            branches.append((LabelIs(variable, choice.label), Const(worth)))
        default: Expr = Undefined("没有这个选项")
        if any(isinstance(clause, Highest) for clause in self.tree.clauses):
            default = Const(start)
        for clause in self.tree.clauses:
            if isinstance(clause, Otherwise):
                if not isinstance(clause.award, Award):
                    raise self.refuse("KPI104", "选项里的「否则」要写明分数", clause.span)
                points = self._scaled(clause.award)
                default = Const({"set": points, "gain": start + points, "deduct": start - points}[clause.award.kind])
        self.ladder_spans = tuple((guard, choice.span) for (guard, _), choice in zip(branches, choices, strict=True))
        return Case(tuple(branches), default)

    def _within_limits(self, points: Fraction, kind: str) -> Fraction:
        """What a label adds or takes, within 最多加N分 and 最多扣N分."""
        bound = {"gain": ("gain", "any"), "deduct": ("loss", "any"), "set": ()}[kind]
        limits = [
            one.points.base
            for one in self.tree.clauses
            if isinstance(one, Limit) and one.kind in bound and one.points is not None
        ]
        return min([points, *limits])

    def _shared_base(
        self, shares: list[Proportional], scored: list[Rung], zeros: list[Rung], otherwise: list[Otherwise]
    ) -> tuple[Expr, str, Span | None, list[tuple[Guard, Fraction, Span]], Rung | None]:
        if (
            len({(share.whole, id(self.metric(share))) for share in shares}) > 1
            and len({id(self.metric(share)) for share in shares}) > 1
        ):
            raise self.refuse("KPI118", "按比例计分写了两种算法", shares[-1].span)
        if otherwise:
            raise self.refuse("KPI118", "「否则」在这里说的是什么情况？", otherwise[-1].span)
        share = next((one for one in shares if one.whole is not None), shares[0])
        self._relative_share(share, scored)
        if any(isinstance(rung.award, Proportional) for rung in scored):
            expr = self._ladder([*scored, *zeros], [])
            return expr, "所在的一档", scored[0].span, [], None
        if self.steps and any(self.metric(part) is self.metric(share) for step in self.steps for part in step.parts):
            raise self.refuse("KPI118", "同一个指标又按比例又按档加减", share.span, hint="只留一种算法")
        scored = [rung for rung in scored if not self._example(rung, share)]
        overrides = [
            (self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span)
            for rung in [*zeros, *scored]
            if isinstance(rung.award, Award)
        ]
        return self.share(share), "按比例", share.span, overrides, None
