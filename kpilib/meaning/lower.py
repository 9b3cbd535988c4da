"""From a tree to its score expression, under a reading; every choice that the text leaves open leaves a note."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpilib.errors import AlternativeReading, AmbiguousRuleError, Diagnostic, Level, RuleSyntaxError, UnsupportedError
from kpilib.meaning.expr import (
    And, Case, Compare, Const, Expr, Floor, Guard, LabelIs, Max, Min, Or, Param, Ratio, Round, Sum, Undefined, Var, add, scale,
)  # fmt: skip
from kpilib.meaning.ladder import Interval, gaps
from kpilib.meaning.metrics import Goal, Metric, Metrics, target_share
from kpilib.meaning.reading import Reading
from kpilib.quantity import decimal_text
from kpilib.syntax.names import LASTING
from kpilib.syntax.tree import (
    Amount, Award, Between, Choice, Clause, Comparison, Condition, Either, Every, Faultless, FullMarks, Happens, Lead, Limit, Occurrence, Otherwise,
    PartOfStep, Points, Proportional, RuleTree, Rung, Series, Step, StepPart, Target, conditions,
)  # fmt: skip
from kpilib.text import Span

ZERO = Const(Fraction(0))
OTHERWISE_LABEL = "否则"


@frozen
class Stage:
    """One step of the computation: what it is, the words that ask for it, and the expression of its worth."""

    kind: str
    title: str
    span: Span | None
    expr: Expr


@frozen
class Lowered:
    """A rule as one expression, with the stages that explain it."""

    expr: Expr
    variables: tuple[Var, ...]
    stages: tuple[Stage, ...]
    notes: tuple[Diagnostic, ...]
    full_marks: Fraction | None
    target: Param | None
    unbounded_below: bool
    pure_adjustment: bool


@frozen
class Adjustment:
    """A step, an occurrence or an adjusting ladder: its worth (signed), and where it stands."""

    sign: int
    expr: Expr
    index: int
    span: Span
    capped: bool = False


def lower(
    tree: RuleTree, *, full_marks: Fraction | None, goal: Goal | None, reading: Reading, renames: dict[str, str], indicator: str = ""
) -> Lowered:
    """The expression of a rule.

    Raises:
        RuleSyntaxError: clauses contradict each other, or one lacks what it needs.
        AmbiguousRuleError: two readings that no option settles.
        UnitError: units that do not fit.
    """
    return _Lowering(tree, full_marks, goal, reading, renames, indicator).run()


class _Lowering:
    def __init__(self, tree: RuleTree, full_marks: Fraction | None, goal: Goal | None, reading: Reading, renames: dict[str, str], indicator: str) -> None:
        self.tree = tree
        self.source = tree.source
        self.reading = reading
        self.notes: list[Diagnostic] = []
        self.full = self._full(full_marks)
        self.goal = self._goal(goal)
        self.metrics = Metrics(self.source, self.goal, indicator)
        self.metrics.read(tree.clauses)
        labels = tuple(clause.label for clause in tree.clauses if isinstance(clause, Choice))
        if labels and any(isinstance(clause, Otherwise) for clause in tree.clauses):
            labels = (*labels, OTHERWISE_LABEL)
        if labels and len(self.metrics.found) > 1:
            raise self.refuse("KPI105", "选项和数字混在一条里，还不能读", self._span_of(Choice), hint="分成两个指标写")
        self.vars = self.metrics.variables(renames, labels)
        self.steps = [clause for clause in tree.clauses if isinstance(clause, Step)]
        self.rungs = [clause for clause in tree.clauses if isinstance(clause, Rung)]
        self.speaks_of_full = any(isinstance(clause, FullMarks) for clause in tree.clauses) or any(
            isinstance(clause, Rung) and isinstance(clause.award, Award) and clause.award.points.kind == "full" for clause in tree.clauses
        )
        self.target_used = False
        self.deducting = {
            id(rung.condition) for rung in self.rungs if isinstance(rung.award, Award) and rung.award.kind == "deduct" and rung.award.points.kind != "zero"
        }
        modes = [clause.mode for clause in tree.clauses if isinstance(clause, PartOfStep)]
        if len(set(modes)) > 1:
            raise self.refuse("KPI118", "不足一档的算法写了两种", self._span_of(PartOfStep))
        self.mode = modes[0] if modes else None

    # ---- helpers -------------------------------------------------------------------------------------------------------
    def refuse(self, code: str, message: str, span: Span | None, hint: str = "", example: str | None = None) -> RuleSyntaxError:
        return RuleSyntaxError(message, code=code, span=span, source=self.source, hint=hint, example=example)

    def note(self, code: str, message: str, span: Span | None, level: Level = "info", option: str = "", hint: str = "") -> None:
        if option and self.reading.settles(option):
            level = "info"
        found = Diagnostic(code=code, message=message, level=level, span=span, source=self.source, hint=hint)
        if found not in self.notes:
            self.notes.append(found)

    def _span_of(self, kind: type) -> Span | None:
        return next((clause.span for clause in self.tree.clauses if isinstance(clause, kind)), None)

    def metric(self, node: object) -> Metric:
        return self.metrics.of[id(node)]

    def var(self, node: object) -> Var:
        return self.vars[id(self.metric(node))]

    def target(self) -> Expr:
        self.target_used = True
        if self.goal is not None:
            return Const(self.goal.amount.base)
        return Param("T")

    def award_points(self, points: Points, span: Span) -> Fraction:
        """The marks of an award."""
        if points.kind == "zero":
            return Fraction(0)
        if points.kind == "full" or points.kind == "share":
            if self.full is None:
                raise self.refuse("KPI117", "这里说到满分，但没有给满分", span, hint="用 full_marks= 给出满分，或写 满分20分", example="满分20分，90%以上得满分")
            if points.kind == "full":
                return self.full
            assert points.amount is not None
            return self.full * points.amount.base
        assert points.amount is not None
        return points.amount.base

    # ---- full marks and target ---------------------------------------------------------------------------------------------
    def _full(self, given: Fraction | None) -> Fraction | None:
        said = [clause for clause in self.tree.clauses if isinstance(clause, FullMarks)]
        values = {clause.marks.value for clause in said}
        if len(values) > 1:
            raise self.refuse("KPI118", "满分写了两个不同的数", said[1].span)
        if not said:
            return given
        value = said[0].marks.value
        if given is not None and value != given:
            raise self.refuse("KPI118", f"这里的满分是 {decimal_text(value or Fraction(0))} 分，给定的满分是 {decimal_text(given)} 分", said[0].span, hint="两处写成一样")
        return value

    def _goal(self, given: Goal | None) -> Goal | None:
        said = [clause for clause in self.tree.clauses if isinstance(clause, Target)]
        if len({(clause.amount.base, clause.high) for clause in said}) > 1:
            raise self.refuse("KPI118", "目标值写了两个不同的数", said[1].span)
        if not said:
            return given
        own = Goal(said[0].amount, said[0].operator, said[0].high, True, said[0].span)
        if given is not None and (given.amount.unit.kind, given.amount.base) != (own.amount.unit.kind, own.amount.base):
            raise self.refuse("KPI118", f"这里的目标值是 {_shown(own.amount)}，给定的目标值是 {_shown(given.amount)}", own.span, hint="两处写成一样")
        return own

    # ---- the whole --------------------------------------------------------------------------------------------------------------
    def run(self) -> Lowered:
        self._unmodelled()
        base, start_title, span, overrides, base_rung = self._base()
        self.base_rung = base_rung
        stages = [Stage("base", start_title, span, base)]
        adjustments = self._adjustments()
        score: Expr = base
        adjusted = self._capped(adjustments, stages)
        if adjusted:
            score = add(base, *adjusted)
            stages.append(Stage("sum", "加减之后", None, score))
        if overrides:
            score = Case(tuple((guard, Const(points)) for guard, points, _ in overrides), score)
            for guard, points, where in overrides:
                stages.append(Stage("override", f"直接记 {decimal_text(points)} 分", where, Case(((guard, Const(Fraction(1))),), ZERO)))
            stages.append(Stage("sum", "按这条规定", None, score))
        score, unbounded = self._clamped(score, stages, adjustments)
        expr = Round(score, self.reading.places)
        stages.append(Stage("round", f"保留 {self.reading.places} 位小数", None, expr))
        self._leads()
        order = tuple(self.vars[id(metric)] for metric in self.metrics.found)
        used = self.target_used and self.goal is None
        return Lowered(
            expr, order, tuple(stages), tuple(self.notes), self.full, Param("T") if used else None, unbounded,
            self.full is None and isinstance(base, Const) and base.value == 0,
        )  # fmt: skip

    def _unmodelled(self) -> None:
        for clause in self.tree.clauses:
            if isinstance(clause, Series) and not any(isinstance(other, (Step, Occurrence)) for other in self.tree.clauses):
                raise UnsupportedError("「以此类推」接在分档后面暂不支持", code="KPI601", span=clause.span, source=self.source, hint="把每一档都写出来，或写成 每…扣…分", example="每低1%扣2分")

    def _leads(self) -> None:
        for clause in self.tree.clauses:
            if isinstance(clause, Lead):
                self.note("KPI904", f"「{clause.text[:30]}」没有参与计分", clause.span)

    # ---- the base -----------------------------------------------------------------------------------------------------------------
    def _base(self) -> tuple[Expr, str, Span | None, list[tuple[Guard, Fraction, Span]], Rung | None]:
        """What the score is before anything is added or taken, and what overrides it."""
        choices = [clause for clause in self.tree.clauses if isinstance(clause, Choice)]
        if choices:
            expr = self._choices(choices)
            return expr, "所选的一项", choices[0].span, [], None
        setting = [rung for rung in self.rungs if not isinstance(rung.award, Award) or rung.award.kind == "set"]
        shares = [clause for clause in self.tree.clauses if isinstance(clause, Proportional)]
        otherwise = [clause for clause in self.tree.clauses if isinstance(clause, Otherwise)]
        adjusting = bool(self.steps) or any(isinstance(clause, Occurrence) for clause in self.tree.clauses) or len(setting) < len(self.rungs)
        scored = [rung for rung in setting if not (isinstance(rung.award, Award) and rung.award.points.kind == "zero")]
        zeros = [rung for rung in setting if rung not in scored]
        quiet = [rung for rung in scored if self._no_event(rung)]
        if otherwise and adjusting and not scored and isinstance(otherwise[0].award, Award) and otherwise[0].award.kind != "set" and otherwise[0].award.points.kind == "zero":
            otherwise = []  # 否则不加分
        if len(otherwise) > 1 or (otherwise and adjusting and not scored):
            raise self.refuse("KPI118", "「否则」在这里说的是什么情况？", otherwise[-1].span)
        if shares:
            return self._shared_base(shares, scored, zeros, otherwise)
        if not adjusting or (not self._steps_of(scored) and scored and len(scored) > len(quiet)):
            if scored or otherwise:
                expr = self._ladder(setting, otherwise)
                return expr, "所在的一档", scored[0].span if scored else otherwise[0].span, [], None
        overrides = [(self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span) for rung in zeros if isinstance(rung.award, Award)]
        base_rung: Rung | None = None
        loose = [rung for rung in scored if rung not in quiet]
        start = self._unchanged()
        if start is not None and not loose:
            return self._covered(start, Const(self.full or Fraction(0)), zeros), "起点", start.span, overrides, start
        if loose:
            base_rung = self._pick_base(loose)
            for rung in loose:
                if rung is not base_rung and isinstance(rung.award, Award):
                    overrides.append((self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span))
        if base_rung is not None and isinstance(base_rung.award, Award):
            points = self.award_points(base_rung.award.points, base_rung.span)
            overrides += [(self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span) for rung in quiet if isinstance(rung.award, Award) and isinstance(rung.condition, Happens)]
            return self._covered(base_rung, Const(points), zeros), "起点", base_rung.span, overrides, base_rung
        if quiet and isinstance(quiet[0].award, Award):
            points = self.award_points(quiet[0].award.points, quiet[0].span)
            if self.full is not None and points != self.full and isinstance(quiet[0].condition, Faultless):
                raise self.refuse("KPI118", f"无差错得 {decimal_text(points)} 分，满分却是 {decimal_text(self.full)} 分", quiet[0].span, hint="两处写成一样")
            return Const(points), "起点", quiet[0].span, overrides, None
        if self.full is None:
            if not adjusting:
                raise self.refuse("KPI117", "没有满分，不知道其余情况得多少", zeros[0].span if zeros else None, hint="用 full_marks= 给出满分")
            if zeros:
                raise self.refuse("KPI117", "记0分要有满分才有意义", zeros[0].span, hint="用 full_marks= 给出满分，或写 满分20分")
            return ZERO, "从 0 开始加减", None, overrides, None
        if zeros and not adjusting:
            self.note("KPI913", f"其余情况没有写，读作满分 {decimal_text(self.full)} 分", zeros[0].span, "需确认")
        return Const(self.full), "满分", None, overrides, None

    def _unchanged(self) -> Rung | None:
        """3次以内不扣分，每超1次扣2分: the bound from which the steps count."""
        rungs = [rung for rung in self.rungs if isinstance(rung.award, Award) and rung.award.kind != "set"]
        if len(rungs) == 1 and isinstance(rungs[0].award, Award) and rungs[0].award.points.kind == "zero" and self._steps_of(rungs):
            return rungs[0]
        return None

    def _no_event(self, rung: Rung) -> bool:
        return isinstance(rung.condition, Faultless) or (isinstance(rung.condition, Happens) and not rung.condition.occurs)

    def _steps_of(self, scored: list[Rung]) -> bool:
        """Whether the steps of the rule belong to the metric of its rungs."""
        metrics = {id(self.metric(leaf)) for rung in scored for leaf in conditions(rung.condition) if not isinstance(leaf, Faultless)}
        return any(id(self.metric(part)) in metrics for step in self.steps for part in step.parts) or any(
            id(self.metric(clause)) in metrics for clause in self.tree.clauses if isinstance(clause, Occurrence)
        )

    def _pick_base(self, scored: list[Rung]) -> Rung | None:
        """The rung from which steps are counted: the full one, the one at the target, or the only one."""
        if len(scored) == 1:
            rung = scored[0]
            leaf = conditions(rung.condition)[0]
            at_goal = isinstance(leaf, Comparison) and leaf.amount is None
            full = isinstance(rung.award, Award) and rung.award.points.kind == "full"
            if self.goal is None or at_goal or full or not self.goal.in_text:
                return rung
            interval = self.interval(leaf)
            point = Interval.of("==", self.goal.amount.base, False)
            if not interval.relative and point.shared(interval) is None:
                return None
            raise self.refuse("KPI118", "目标值和这一档，哪个是加减分的起点？", rung.span, hint="只留一个起点，例如 90%以上得满分，每低1%扣2分")
        full_rungs = [rung for rung in scored if isinstance(rung.award, Award) and (rung.award.points.kind == "full" or (self.full is not None and rung.award.points.amount is not None and rung.award.points.amount.value == self.full))]
        if len(full_rungs) == 1:
            return full_rungs[0]
        raise self.refuse("KPI203", "有几档又有每档加减，不知道从哪一档算起", scored[-1].span, hint="只留一档得分，其余写成 每…扣…分", example="90%以上得满分，每低1%扣2分")

    def _covered(self, rung: Rung, points: Expr, zeros: list[Rung]) -> Expr:
        """The base where the rung, the steps or a zero rule say something; elsewhere there is a gap."""
        leaves = conditions(rung.condition)
        if len(leaves) != 1 or isinstance(leaves[0], (Happens, Faultless)):
            return points
        metric = self.metric(leaves[0])
        if isinstance(leaves[0], Comparison) and leaves[0].amount is None and leaves[0].operator == ">=":
            return points  # 达标得满分: the steps tell which side is better
        interval = self.interval(leaves[0])
        sides = {part.direction for step in self.steps for part in step.parts if self.metric(part) is metric}
        occurs = any(self.metric(clause) is metric for clause in self.tree.clauses if isinstance(clause, Occurrence))
        open_sides = []
        if interval.low is not None and "down" not in sides and not occurs:
            open_sides.append("low")
        if interval.high is not None and "up" not in sides and not occurs:
            open_sides.append("high")
        if not open_sides:
            return points
        self.note("KPI909", "这一档以外，没有规定的一边不计分", rung.span)
        guards: list[tuple[Guard, Expr]] = [(self.guard(zero.condition), points) for zero in zeros]
        outside = "这个值在规则规定的范围之外"
        low = interval.low if "low" in open_sides else None
        high = interval.high if "high" in open_sides else None
        kept = Interval(low, interval.low_closed, high, interval.high_closed, interval.relative)
        guards.append((kept.guard(self.vars[id(metric)], self.target() if interval.relative else None), points))
        return Case(tuple(guards), Undefined(outside, rung.span))

    # ---- choices ---------------------------------------------------------------------------------------------------------------------
    def _choices(self, choices: list[Choice]) -> Expr:
        variable = self.var(choices[0])
        start = self.full if self.full is not None and any(choice.award.kind != "set" for choice in choices) else Fraction(0)
        branches: list[tuple[Guard, Expr]] = []
        self._scale_check([choice.award for choice in choices], choices[0].span)
        for choice in choices:
            points = self._scaled(choice.award)
            worth = {"set": points, "gain": start + points, "deduct": start - points}[choice.award.kind]
            branches.append((LabelIs(variable, choice.label), Const(worth)))
        default: Expr = Undefined("没有这个选项")
        for clause in self.tree.clauses:
            if isinstance(clause, Otherwise):
                if not isinstance(clause.award, Award):
                    raise self.refuse("KPI104", "选项里的「否则」要写明分数", clause.span)
                points = self._scaled(clause.award)
                default = Const({"set": points, "gain": start + points, "deduct": start - points}[clause.award.kind])
        return Case(tuple(branches), default)

    # ---- ladders -----------------------------------------------------------------------------------------------------------------------
    def _scale_check(self, awards: list[Award], span: Span) -> None:
        """Own scale: a ladder's top is the full marks, or 100, or the reading must say."""
        self.factor = Fraction(1)
        values = [award.points.amount.value for award in awards if award.kind == "set" and award.points.kind == "marks" and award.points.amount is not None and award.points.amount.value is not None]
        if self.full is None or not values or any(award.points.kind in ("full", "share") for award in awards) or self.goal is not None:
            return
        top = max(values)
        if top == self.full or self.reading.ladder == "listed" or top > self.full and top != 100:
            if top > self.full and self.reading.ladder == "ask" and top != 100:
                self._ask_scale(top, span)
            return
        if top == 100 or self.reading.ladder == "hundred":
            self.factor = self.full / 100
            self.note("KPI910", f"最高一档 100 分，按百分制乘以 {decimal_text(self.full)}% 的权重", span, "需确认", "ladder")
            return
        self._ask_scale(top, span)

    def _ask_scale(self, top: Fraction, span: Span) -> None:
        assert self.full is not None
        readings = (
            AlternativeReading(text=f"满分{decimal_text(top)}分，按所列分值", at="最高一档", points=decimal_text(top)),
            AlternativeReading(text=f"最高一档就是满分，折算成 {decimal_text(self.full)} 分", at="最高一档", points=decimal_text(self.full)),
        )
        raise AmbiguousRuleError(
            f"最高一档是 {decimal_text(top)} 分，满分是 {decimal_text(self.full)} 分，标尺不明", readings=readings, code="KPI202", span=span, source=self.source,
            hint="口径写 按所列分值，或把最高一档写成满分",
        )  # fmt: skip

    def _scaled(self, award: Award) -> Fraction:
        points = self.award_points(award.points, award.span)
        return points * self.factor if award.points.kind == "marks" else points

    def _ladder(self, rungs: list[Rung], otherwise: list[Otherwise]) -> Expr:
        """One rung applies: the tightest that holds."""
        awards = [rung.award for rung in rungs if isinstance(rung.award, Award)]
        self._scale_check(awards, rungs[0].span if rungs else otherwise[0].span)
        default: Expr = Undefined("规则没有写这种情况", rungs[-1].span if rungs else None)
        if otherwise:
            default = self._worth(otherwise[0].award)
        for rung in rungs:
            if isinstance(rung.award, Proportional):
                self._relative_share(rung.award, rungs)
        ordered = self._ordered(rungs, full_cover=bool(otherwise))
        return Case(tuple((self.guard(rung.condition), self._worth(rung.award)) for rung in ordered), default)

    def _worth(self, award: Award | Proportional) -> Expr:
        if isinstance(award, Proportional):
            return self.share(award)
        if award.kind != "set":
            points = self.award_points(award.points, award.span)
            return Const((self.full or Fraction(0)) + (points if award.kind == "gain" else -points))
        return Const(self._scaled(award))

    def _ordered(self, rungs: list[Rung], *, full_cover: bool = False, adjusting: bool = False) -> list[Rung]:
        """The rungs so that the first whose condition holds is the one that applies."""
        single = all(len(conditions(rung.condition)) == 1 and not isinstance(rung.condition, (Every, Either)) for rung in rungs)
        metrics = {id(self.metric(leaf)) for rung in rungs for leaf in conditions(rung.condition)}
        if not single or len(metrics) != 1:
            return self._by_points(rungs)
        intervals = [self.interval(conditions(rung.condition)[0]) for rung in rungs]
        metric = self.metric(conditions(rungs[0].condition)[0])
        if len({interval.relative for interval in intervals}) > 1:
            raise self.refuse("KPI116", "有的档按目标值的百分比，有的按数值，要有目标值才能比较", rungs[0].span, hint="用 target= 给出目标值")
        whole = self.vars[id(metric)].domain.kind == "count"
        if whole:
            intervals = [interval.whole() for interval in intervals]
        before: dict[int, set[int]] = {number: set() for number in range(len(rungs))}
        for one in range(len(rungs)):
            if intervals[one].empty:
                raise self.refuse("KPI111", "这一档里没有任何数", rungs[one].span)
            for other in range(one + 1, len(rungs)):
                self._compare(rungs, intervals, one, other, before)
        if not adjusting and not full_cover:
            self._tell_gaps(rungs, intervals, self.vars[id(metric)])
        return _sorted(rungs, before)

    def _compare(self, rungs: list[Rung], intervals: list[Interval], one: int, other: int, before: dict[int, set[int]]) -> None:
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
            raise self.refuse("KPI118", "两档有一段重叠，结果却不同", rungs[other].span, hint="让每个值只落在一档里", example="90%以上得10分；80%以上得8分")
        assert shared.low is not None
        worths = [self._worth_at(rungs[number], shared.low) for number in (one, other)]
        better = one if worths[0] >= worths[1] else other
        if self.reading.shared_bound == "worse":
            better = one + other - better
        before[one + other - better].add(better)
        unit = self.vars[id(self.metric(conditions(rungs[one].condition)[0]))].unit
        self.note("KPI903", f"{decimal_text(shared.low / unit.size)}{unit.symbol} 在两档里都有，归{'较高' if self.reading.shared_bound == 'better' else '较低'}的一档", rungs[better].span, "需确认", "shared_bound")

    def _worth_at(self, rung: Rung, value: Fraction) -> Fraction:
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
                raise self.refuse("KPI203", "几个条件里有一个按比例，先后不明", rung.span, hint="分成两个指标写")
            points = self.award_points(rung.award.points, rung.span)
            worths.append(-points if rung.award.kind == "deduct" else points)
        return [rung for _, rung in sorted(zip(worths, rungs, strict=True), key=lambda row: -row[0])]

    def _tell_gaps(self, rungs: list[Rung], intervals: list[Interval], variable: Var) -> None:
        for gap in gaps(intervals, variable.domain.minimum, variable.domain.kind == "count"):
            ends = [f"{decimal_text(end / variable.unit.size)}{variable.unit.symbol}" for end in (gap.low, gap.high) if end is not None and not gap.relative]
            where = "到".join(ends) if len(ends) == 2 else (f"{ends[0]}{'以上' if gap.high is None else '以下'}" if ends else "有的情况")
            self.note("KPI909", f"{where}的情况没有规定，遇到时不计分", rungs[-1].span)

    # ---- conditions -------------------------------------------------------------------------------------------------------------------------
    def interval(self, leaf: Condition) -> Interval:
        """The inputs for which a single condition holds."""
        metric = self.metric(leaf)
        if isinstance(leaf, Happens):
            return Interval.of(">=" if leaf.occurs else "==", Fraction(1 if leaf.occurs else 0), False)
        if isinstance(leaf, Between):
            self.note("KPI908", "范围的两头都算在内", leaf.span) if leaf.low_operator == ">=" and leaf.high_operator == "<=" else None
            return Interval(leaf.low.base, leaf.low_operator == ">=", leaf.high.base, leaf.high_operator == "<=", False)
        assert isinstance(leaf, Comparison)
        if leaf.amount is None and self.goal is None and any(isinstance(clause, (Proportional, Otherwise)) for clause in self.tree.clauses):
            return Interval.of(leaf.operator, Fraction(1), False)  # 完成 of a rate of completion is 100%
        if leaf.amount is None:
            return self._resolved(Interval.of(leaf.operator, Fraction(1), True))
        if id(leaf) in self.deducting and leaf.operator in ("<", "<=") and not leaf.of_target and leaf.amount is not None and self.vars[id(metric)].domain.minimum == 0:
            return Interval(Fraction(0), False, leaf.amount.base, leaf.operator == "<=")  # 迟到3次以内扣1分: not at all is not within
        if leaf.beyond:
            return self._beyond(metric, leaf)
        if (leaf.of_target and self.goal is not None) or target_share(metric, leaf.amount, False, self.goal):
            return self._resolved(Interval.of(leaf.operator, leaf.amount.base, True))
        return Interval.of(leaf.operator, leaf.amount.base, False)

    def _beyond(self, metric: Metric, leaf: Comparison) -> Interval:
        """How far beyond the target: a share of an amount, points of a rate."""
        assert leaf.amount is not None
        up = leaf.operator[0] == ">"
        if metric.unit is not None and metric.unit.kind != "rate" and leaf.amount.unit.kind == "rate":
            return self._resolved(Interval.of(leaf.operator, 1 + leaf.amount.base if up else 1 - leaf.amount.base, True))
        if self.goal is None and up:
            self.note("KPI907", "没有写目标，输入就是超出的部分", leaf.span)
            return Interval.of(leaf.operator, leaf.amount.base, False)
        if self.goal is None:
            raise self.refuse("KPI116", "比目标值多少，要有目标值才能算", leaf.span, hint="用 target= 给出目标值")
        goal = self.goal.amount.base
        return Interval.of(leaf.operator, goal + leaf.amount.base if up else goal - leaf.amount.base, False)

    def _resolved(self, interval: Interval) -> Interval:
        """A share of a known target as a number."""
        if self.goal is None:
            return interval
        goal = self.goal.amount.base
        if goal <= 0:
            raise self.refuse("KPI502", "目标值不大于0，不能按它的百分比分档", self.goal.span)
        return Interval(
            None if interval.low is None else interval.low * goal, interval.low_closed, None if interval.high is None else interval.high * goal, interval.high_closed, False
        )

    def guard(self, condition: Condition) -> Guard:
        match condition:
            case Faultless():
                raise self.refuse("KPI105", f"看不懂「{condition.label}」是什么情况", condition.span)
            case Every(parts=parts):
                return And(tuple(self.guard(part) for part in parts))
            case Either(parts=parts):
                return Or(tuple(self.guard(part) for part in parts))
        interval = self.interval(condition)
        return interval.guard(self.var(condition), self.target() if interval.relative else None)

    # ---- proportional ---------------------------------------------------------------------------------------------------------------------------
    def share(self, clause: Proportional) -> Expr:
        """x × F, or x / T × F where the metric is an amount with a target."""
        variable = self.var(clause)
        whole = clause.whole.base if clause.whole is not None else self.full
        if whole is None:
            raise self.refuse("KPI117", "按比例计分要有满分", clause.span, hint="用 full_marks= 给出满分，或写 满分20分", example="满分20分，按完成比例计分")
        relative = self.goal is not None and (self.goal.amount.unit.kind != "rate" or clause.by_target)
        if variable.unit.kind != "rate" or relative:
            ratio: Expr = Ratio(variable, self.target())
        else:
            ratio = variable
            if self.goal is not None and self.goal.amount.base != 1 and any(word in clause.metric for word in ("比例", "进度")) and "率" not in clause.metric:
                raise self.refuse("KPI203", "比例是对100%说的，还是对目标值说的？", clause.span, hint="写 按完成率计分，或写 按实际值与目标值的比例计分")
        if isinstance(ratio, Ratio) and self.goal is not None:
            if self.goal.amount.base <= 0:
                ratio = Undefined("目标值必须大于0", self.goal.span)
            else:
                ratio = scale(1 / self.goal.amount.base, variable)
        value = scale(whole, ratio)
        if clause.capped or self.speaks_of_full or self.reading.above_full == "cap":
            return Min((value, Const(whole)))
        self.note("KPI912", "超过 100% 时得分超过满分（没有说封顶）", clause.span, "需确认", "above_full", "写 满分N分 就会封顶")
        return value

    def _shared_base(
        self, shares: list[Proportional], scored: list[Rung], zeros: list[Rung], otherwise: list[Otherwise]
    ) -> tuple[Expr, str, Span | None, list[tuple[Guard, Fraction, Span]], Rung | None]:
        if len({(share.whole, id(self.metric(share))) for share in shares}) > 1 and len({id(self.metric(share)) for share in shares}) > 1:
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
        overrides = [(self.guard(rung.condition), self.award_points(rung.award.points, rung.span), rung.span) for rung in [*zeros, *scored] if isinstance(rung.award, Award)]
        return self.share(share), "按比例", share.span, overrides, None

    def _relative_share(self, share: Proportional, scored: list[Rung]) -> None:
        """90%以上得满分，低于90%按比例得分: a share of 100 %, or of the 90 %?"""
        for rung in scored:
            leaf = rung.condition
            bounded = isinstance(leaf, Comparison) and leaf.amount is not None and leaf.amount.unit.kind == "rate" and leaf.amount.value != 100
            full = isinstance(rung.award, Award) and rung.award.points.kind == "full"
            if bounded and full and "率" not in share.metric and share.whole is None and isinstance(leaf, Comparison) and leaf.amount is not None:
                raise AmbiguousRuleError(
                    f"按比例，是对100%说的，还是对{_shown(leaf.amount)}说的？",
                    readings=(
                        AlternativeReading(text="得分=完成率×满分", at="80%", points="满分×80%"),
                        AlternativeReading(text=f"得分=完成率÷{_shown(leaf.amount)}×满分", at="80%", points=f"满分×80%÷{_shown(leaf.amount)}"),
                    ),
                    code="KPI203", span=share.span, source=self.source, hint="写 得分=完成率×满分",
                )  # fmt: skip

    def _example(self, rung: Rung, share: Proportional) -> bool:
        """完成80%计为80分, after 按完成比例计分: an example, which must agree."""
        leaf = rung.condition
        if not isinstance(leaf, Comparison) or leaf.operator != "==" or leaf.amount is None or leaf.amount.unit.kind != "rate" or not isinstance(rung.award, Award):
            return False
        whole = share.whole.base if share.whole is not None else self.full
        if whole is None or self.award_points(rung.award.points, rung.span) != whole * leaf.amount.base:
            raise self.refuse("KPI118", "这个例子和按比例的算法对不上", rung.span)
        self.note("KPI904", "这是一个例子，和算法相符", rung.span)
        return True

    # ---- adjustments ------------------------------------------------------------------------------------------------------------------------------
    def _adjustments(self) -> list[Adjustment]:
        found: list[Adjustment] = []
        self._once_each_way()
        done: set[int] = set()
        for index, clause in enumerate(self.tree.clauses):
            if isinstance(clause, Step):
                found.append(self._step(clause, index))
            elif isinstance(clause, Occurrence):
                found.append(self._occurrence(clause, index))
            elif isinstance(clause, Rung) and isinstance(clause.award, Award) and clause.award.kind != "set" and index not in done and clause is not self.base_rung:
                found += self._adjusting(clause, index, done)
        return found

    def _once_each_way(self) -> None:
        """Two steps of one metric in one direction contradict each other."""
        seen: set[tuple[int, str]] = set()
        for step in self.steps:
            for part in step.parts:
                key = (id(self.metric(part)), part.direction)
                if key in seen:
                    raise self.refuse("KPI119", "同一个方向写了两种加减", step.span, hint="每个方向只写一次")
                seen.add(key)

    def _adjusting(self, clause: Rung, index: int, done: set[int]) -> list[Adjustment]:
        """Rungs that add or take: of those on one input, one applies."""
        metrics = {id(self.metric(leaf)) for leaf in conditions(clause.condition)}
        group: list[Rung] = []
        for number, other in enumerate(self.tree.clauses):
            if isinstance(other, Rung) and isinstance(other.award, Award) and other.award.kind != "set" and {id(self.metric(leaf)) for leaf in conditions(other.condition)} == metrics:
                group.append(other)
                done.add(number)
        ordered = self._ordered(group, adjusting=True)
        branches: list[tuple[Guard, Expr]] = []
        signs = set()
        for rung in ordered:
            assert isinstance(rung.award, Award)
            points = self.award_points(rung.award.points, rung.span)
            if points:
                signs.add(1 if rung.award.kind == "gain" else -1)
            branches.append((self.guard(rung.condition), Const(points if rung.award.kind == "gain" else -points)))
        sign = 1 if signs == {1} else -1
        return [Adjustment(sign, Case(tuple(branches), ZERO), index, group[0].span, True)]

    def _mode(self, clause: Step | Occurrence, amount: Amount, metric: Metric) -> str:
        if clause.full_steps:
            return "floor"
        if self.mode is not None:
            return self.mode
        whole = metric.unit is not None and metric.unit.is_count and amount.value == 1
        if not whole:
            level: Level = "info" if amount.value == 1 or amount.unit.kind == "rate" else "需确认"
            words = {"linear": "按比例", "floor": "不计", "ceil": "按一档计"}[self.reading.step]
            self.note("KPI901", f"不足{_shown(amount)}的部分{words}", clause.span, level, "step", "在规则里写 不足…不计 或 不足…按…计")
        return self.reading.step

    def _units(self, distance: Expr, width: Expr, mode: str) -> Expr:
        if mode == "linear":
            return scale(1 / width.value, distance) if isinstance(width, Const) and width.value > 0 else Ratio(distance, width)
        if mode == "floor":
            return Floor(distance, width)
        return scale(Fraction(-1), Floor(scale(Fraction(-1), distance), width))

    def _width(self, amount: Amount, metric: Metric, of_target: bool) -> Expr:
        if amount.value is not None and amount.value <= 0:
            raise self.refuse("KPI111", "每一档的大小必须大于0", amount.span)
        if target_share(metric, amount, of_target, self.goal):
            if amount.unit.kind == "rate" and "点" in amount.unit.symbol:
                self.note("KPI906", f"{_shown(amount)} 读作目标值的 {decimal_text((amount.value or Fraction(0)))}%", amount.span)
            return scale(amount.base, self.target())
        return Const(amount.base)

    def _step(self, clause: Step, index: int) -> Adjustment:
        sign = 1 if clause.award.kind == "gain" else -1
        points = self.award_points(clause.award.points, clause.span)
        if not clause.per:
            self.note("KPI905", f"没有写「每」，读作每{_shown(clause.parts[0].amount)}一档", clause.span)
        moved: list[Expr] = []
        for part in clause.parts:
            metric = self.metric(part)
            start = self._start(part, clause, sign)
            variable = self.vars[id(metric)]
            distance = add(variable, scale(Fraction(-1), start)) if part.direction == "up" else add(start, scale(Fraction(-1), variable))
            width = self._width(part.amount, metric, part.of_target)
            if isinstance(width, Const) and width.value <= 0:
                raise self.refuse("KPI502", "目标值不大于0，不能按它的百分比加减", self.goal.span if self.goal else part.amount.span)
            units = self._units(distance, width, self._mode(clause, part.amount, metric))
            side: Guard = Compare(variable, ">" if part.direction == "up" else "<", start)
            moved.append(Case(((side, scale(sign * points, units)),), ZERO))
        expr = moved[0] if len(moved) == 1 else Max(tuple(moved))
        return Adjustment(sign, expr, index, clause.span)

    def _start(self, part: StepPart, clause: Step, sign: int) -> Expr:
        """Where a step starts to count: the bound that earns the base, or the target."""
        metric = self.metric(part)
        bound = self._bound_of_base(metric, part.direction)
        if bound is not None:
            self._same_direction(metric, part, clause, sign)
            if self.goal is not None and self.goal.in_text and self.goal.amount.unit.kind == (metric.unit or self.goal.amount.unit).kind and (self.goal.amount.base != bound or self.goal.high is not None):
                raise self.refuse("KPI118", "目标值和这一档，哪个是加减分的起点？", clause.span, hint="只留一个起点")
            if self.goal is not None and not self.goal.in_text and not self._relative_base(metric) and self.goal.amount.unit.kind == (metric.unit or self.goal.amount.unit).kind and self.goal.amount.base != bound and self.goal.high is None:
                raise self.refuse("KPI118", f"这里从 {decimal_text(bound / (metric.unit.size if metric.unit else 1))}{metric.unit.symbol if metric.unit else ''} 起算，给定的目标值是 {_shown(self.goal.amount)}", clause.span, hint="两处写成一样")
            return Const(bound)
        if self.goal is not None and (metric.unit is None or self.goal.amount.unit.kind == metric.unit.kind or {self.goal.amount.unit.kind, metric.unit.kind} == {"number", "money"}):
            self._same_direction(metric, part, clause, sign)
            self.target_used = True
            if self.goal.high is not None:
                return Const(self.goal.high.base if part.direction == "up" else self.goal.amount.base)
            return Const(self.goal.amount.base)
        if metric.unit is not None and metric.unit.is_count and part.direction == "up" and self.goal is None:
            self.note("KPI907", "没有写目标，从 0 开始数", clause.span, "info" if sign > 0 else "需确认")
            return ZERO
        if self.goal is None and metric.unit is not None and metric.unit.kind in ("time", "workday", "month") and LASTING.search(metric.name) and part.direction == "up":
            return ZERO  # 超期每超1天
        if self.goal is not None:
            raise self.refuse("KPI401", f"目标值 {_shown(self.goal.amount)} 和这里的「{_shown(part.amount)}」单位对不上", clause.span)
        return self.target()

    def _relative_base(self, metric: Metric) -> bool:
        assert self.base_rung is not None
        leaves = [leaf for leaf in conditions(self.base_rung.condition) if self.metric(leaf) is metric]
        return any(isinstance(leaf, Comparison) and leaf.of_target for leaf in leaves)

    def _bound_of_base(self, metric: Metric, direction: str) -> Fraction | None:
        if self.base_rung is None:
            return None
        fitting = [leaf for leaf in conditions(self.base_rung.condition) if self.metric(leaf) is metric]
        if not fitting:
            return None
        interval = self.interval(fitting[0])
        if interval.relative:
            return None
        if interval.low is not None and interval.high is not None:
            return interval.low if direction == "down" else interval.high
        return interval.low if interval.low is not None else interval.high

    def _same_direction(self, metric: Metric, part: StepPart, clause: Step, sign: int) -> None:
        """Contradiction: more is better by the bound, but the step takes points for more."""
        sides = {other.direction for step in self.steps for other in step.parts if self.metric(other) is metric}
        if len(sides) > 1:
            return
        operator = self.goal.operator if self.goal is not None else "=="
        if self.base_rung is not None:
            leaf = next((leaf for leaf in conditions(self.base_rung.condition) if self.metric(leaf) is metric), None)
            operator = leaf.operator if isinstance(leaf, Comparison) and leaf.amount is not None else "=="
        better = {">": "up", ">=": "up", "<": "down", "<=": "down"}.get(operator)
        if better is None:
            return
        towards = part.direction == better
        if (towards and sign < 0) or (not towards and sign > 0):
            raise self.refuse("KPI118", "界限说的好坏，和这里加减的方向相反", clause.span, hint="核对 高、低 和 加、扣", example="95%以上得满分，每低1%扣2分")

    def _occurrence(self, clause: Occurrence, index: int) -> Adjustment:
        sign = 1 if clause.award.kind == "gain" else -1
        points = self.award_points(clause.award.points, clause.span)
        metric = self.metric(clause)
        variable = self.vars[id(metric)]
        start: Expr = ZERO
        said = next((other for other in self.tree.clauses if isinstance(other, Target)), None)
        own = said is None or self.metric(said) is metric
        if self.goal is not None and own and metric.unit is not None and self.goal.amount.unit.kind == metric.unit.kind and self.goal.amount.base != 0:
            raise self.refuse("KPI203", f"从第一{metric.unit.symbol}起扣，还是从目标值 {_shown(self.goal.amount)} 以外起扣？", clause.span, hint="写 每超过1次扣…分，或把目标值写成 0次")
        bound = self._bound_of_base(metric, "up")
        if bound is not None:
            start = Const(bound)
        if not clause.per:
            self.note("KPI905", f"没有写「每」，读作每{_shown(clause.amount)}都算", clause.span)
        distance = add(variable, scale(Fraction(-1), start))
        units = self._units(distance, self._width(clause.amount, metric, False), self._mode(clause, clause.amount, metric))
        expr = scale(sign * points, units)
        if start != ZERO:
            expr = Case(((Compare(variable, ">", start), expr),), ZERO)
        return Adjustment(sign, expr, index, clause.span)

    # ---- limits ----------------------------------------------------------------------------------------------------------------------------------------
    def _capped(self, adjustments: list[Adjustment], stages: list[Stage]) -> list[Expr]:
        """The adjustments with their own limits: after one they bind it, after several their sum."""
        limits = [(index, clause) for index, clause in enumerate(self.tree.clauses) if isinstance(clause, Limit)]
        open_ones = list(adjustments)
        result: list[Expr] = []
        bound_signs: set[int] = set()
        for index, limit in limits:
            sign = self._adjustment_limit(limit, index, adjustments)
            if sign == 0 or limit.points is None:
                continue
            taken = [one for one in open_ones if one.sign == sign and one.index < index] or [one for one in open_ones if one.sign == sign]
            if not taken:
                raise self.refuse("KPI118", "这个上限前面没有可以限制的加分或扣分", limit.span)
            if len(taken) > 1:
                self.note("KPI914", f"上限管前面 {len(taken)} 项{'加' if sign > 0 else '扣'}分的合计", limit.span, "需确认")
            open_ones = [one for one in open_ones if one not in taken]
            amount = abs(limit.points.base)
            total = add(*(one.expr for one in taken))
            bounded: Expr = Min((total, Const(amount))) if sign > 0 else Max((total, Const(-amount)))
            for one in taken:
                stages.append(Stage("adjust", "加分" if sign > 0 else "扣分", one.span, one.expr))
            stages.append(Stage("cap", f"最多{'加' if sign > 0 else '扣'} {decimal_text(amount)} 分", limit.span, bounded))
            result.append(bounded)
            bound_signs.add(sign)
        for one in open_ones:
            stages.append(Stage("adjust", "加分" if one.sign > 0 else "扣分", one.span, one.expr))
            result.append(one.expr)
            if one.sign > 0 and not one.capped and not any(limit.kind in ("score", "unlimited") for _, limit in limits):
                self.note("KPI902", "加分没有写上限", one.span, "需确认", hint="写 最高加N分，或 加分不封顶")
        return result

    def _adjustment_limit(self, limit: Limit, index: int, adjustments: list[Adjustment]) -> int:
        """The sign of the adjustments that a limit binds, or 0 where it binds the score."""
        if limit.kind == "gain":
            return 1
        if limit.kind == "loss":
            return -1
        earlier = [one for one in adjustments if one.index < index]
        if limit.kind == "any_floor":
            return -1
        if limit.kind == "any" and limit.points is not None:
            if not earlier or (self.full is not None and limit.points.base >= self.full):
                return 0
            return 1 if any(one.sign > 0 for one in earlier) else -1
        if limit.kind == "score" and limit.points is not None and self.full is not None and limit.points.base < self.full and earlier and earlier[-1].sign > 0:
            if any(isinstance(rung.award, Award) and rung.award.points.kind == "full" for rung in self.rungs):
                raise self.refuse("KPI118", f"得满分是 {decimal_text(self.full)} 分，这里又说最高 {decimal_text(limit.points.base)} 分", limit.span, hint="写 最高加N分，或改成满分以上的数")
            self.note("KPI911", f"上限 {decimal_text(limit.points.base)} 分低于满分，只能是对加分说的", limit.span, "需确认")
            return 1
        if limit.kind == "score" and self.full is None and earlier and earlier[-1].sign > 0:
            return 1
        return 0

    def _clamped(self, score: Expr, stages: list[Stage], adjustments: list[Adjustment]) -> tuple[Expr, bool]:
        """Cap and floor of the score."""
        limits = [(index, clause) for index, clause in enumerate(self.tree.clauses) if isinstance(clause, Limit)]
        kinds = {limit.kind for _, limit in limits}
        deducts = any(one.sign < 0 for one in adjustments)
        if {"unlimited", "nothing"} <= kinds and deducts and not any(one.sign > 0 for one in adjustments):
            raise self.refuse("KPI118", "「扣完为止」和「不封顶」前后矛盾", limits[-1][1].span, hint="只留一个")
        floor: Fraction | None = Fraction(0) if self.full is not None else None
        floor_span: Span | None = None
        unbounded = False
        for index, limit in limits:
            earlier = [one for one in adjustments if one.index < index]
            if limit.kind == "unlimited" and earlier and (earlier[-1].sign < 0 or all(one.sign < 0 for one in adjustments)):
                floor, unbounded = None, True
            elif limit.kind == "nothing":
                if self.full is None and not isinstance(stages[0].expr, Case):
                    self.note("KPI915", "「扣完为止」要有满分才知道扣到哪里；这里没有满分，不设下限", limit.span, "需确认")
                floor, floor_span, unbounded = (Fraction(0) if self.full is not None or stages[0].expr != ZERO else None), limit.span, False
            elif limit.kind == "floor" and limit.points is not None:
                floor, floor_span = limit.points.base, limit.span
            elif limit.kind == "full":
                if self.full is None:
                    raise self.refuse("KPI117", "这里说到满分，但没有给满分", limit.span, hint="用 full_marks= 给出满分")
                score = Min((score, Const(self.full)))
                stages.append(Stage("clamp", "不超过满分", limit.span, score))
            elif limit.kind in ("score", "any") and limit.points is not None and self._adjustment_limit(limit, index, adjustments) == 0:
                score = Min((score, Const(limit.points.base)))
                stages.append(Stage("clamp", f"最高 {decimal_text(limit.points.base)} 分", limit.span, score))
        if floor is not None:
            score = Max((score, Const(floor)))
            stages.append(Stage("clamp", f"最低 {decimal_text(floor)} 分", floor_span, score))
        return score, unbounded


def _sorted(rungs: list[Rung], before: dict[int, set[int]]) -> list[Rung]:
    """Rungs in an order that keeps every "before"; ties stay as written."""
    left = list(range(len(rungs)))
    ordered: list[int] = []
    while left:
        ready = next((number for number in left if not (before[number] & set(left))), left[0])
        ordered.append(ready)
        left.remove(ready)
    return [rungs[number] for number in ordered]


def _shown(amount: Amount) -> str:
    return f"{'__' if amount.value is None else decimal_text(amount.value)}{amount.unit.symbol}"
