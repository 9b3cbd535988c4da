"""Steps, occurrences and adjusting ladders: what is added and taken."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpilib.errors import Level
from kpilib.meaning.bases import Bases
from kpilib.meaning.context import ZERO, shown
from kpilib.meaning.expr import (
    Case,
    Compare,
    Const,
    Expr,
    Floor,
    Guard,
    Max,
    Ratio,
    Undefined,
    add,
    scale,
)  # fmt: skip
from kpilib.meaning.metrics import Metric, target_share
from kpilib.quantity import decimal_text
from kpilib.syntax.names import LASTING
from kpilib.syntax.tree import (
    Amount,
    Award,
    Comparison,
    Discretion,
    Occurrence,
    Rung,
    Step,
    StepPart,
    Target,
    conditions,
)  # fmt: skip
from kpilib.text import Span


@frozen
class Adjustment:
    """A step, an occurrence or an adjusting ladder: its worth (signed), and where it stands."""

    sign: int
    expr: Expr
    index: int
    span: Span
    capped: bool = False
    rungs: tuple[tuple[Guard, Span], ...] = ()


class Adjustments(Bases):
    """Lowers what moves the score."""

    def _adjustments(self) -> list[Adjustment]:
        found: list[Adjustment] = []
        self._once_each_way()
        done: set[int] = set()
        for index, clause in enumerate(self.tree.clauses):
            if isinstance(clause, Step):
                found.append(self._step(clause, index))
            elif isinstance(clause, Occurrence):
                found.append(self._occurrence(clause, index))
            elif isinstance(clause, Discretion) and clause.award.kind != "set":
                sign = 1 if clause.award.kind == "gain" else -1
                given = scale(Fraction(sign), self.judged[id(clause.award)].moved())
                found.append(Adjustment(sign, given, index, clause.span))
            elif (
                isinstance(clause, Rung)
                and isinstance(clause.award, Award)
                and clause.award.kind != "set"
                and index not in done
                and clause is not self.base_rung
            ):
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
            if (
                isinstance(other, Rung)
                and isinstance(other.award, Award)
                and other.award.kind != "set"
                and {id(self.metric(leaf)) for leaf in conditions(other.condition)} == metrics
            ):
                group.append(other)
                done.add(number)
        high = all(
            isinstance(leaf, Comparison) and leaf.operator[0] == ">" and self.good_when_high(self.metric(leaf))
            for rung in group
            for leaf in conditions(rung.condition)
        )
        if high and all(
            isinstance(rung.award, Award) and rung.award.kind == "deduct" and rung.award.points.kind != "zero"
            for rung in group
        ):
            raise self.refuse(
                "KPI118",
                "越高越好的指标，却在高的时候扣分",
                clause.span,
                hint="核对 高、低 和 加、扣",
                example="合格率低于95%扣1分",
            )
        ordered = self._ordered(group, adjusting=True)
        branches: list[tuple[Guard, Expr]] = []
        signs = set()
        for rung in ordered:
            assert isinstance(rung.award, Award)
            points = self.award_points(rung.award.points, rung.span)
            if points:
                signs.add(1 if rung.award.kind == "gain" else -1)
            if points and rung.award.kind == "deduct":
                branches[:0] = [(guard, ZERO) for guard in self._spared(rung)]
            branches.append((self.guard(rung.condition), Const(points if rung.award.kind == "gain" else -points)))
        sign = 1 if signs == {1} else -1
        told = len(branches)
        if signs == {-1}:
            branches += self._unsaid(ordered)
        spans = tuple(
            (guard, rung.span) for (guard, _), rung in zip(branches[told - len(ordered) : told], ordered, strict=True)
        )
        return [Adjustment(sign, Case(tuple(branches), ZERO), index, group[0].span, True, spans)]

    def _mode(self, clause: Step | Occurrence, amount: Amount, metric: Metric) -> str:
        if clause.full_steps:
            return "floor"
        if self.mode is not None:
            return self.mode
        whole = metric.unit is not None and metric.unit.is_count and amount.value == 1
        if not whole:
            level: Level = "info" if amount.value == 1 or amount.unit.kind == "rate" else "需确认"
            words = {"linear": "按比例", "floor": "不计", "ceil": "按一档计"}[self.reading.step]
            self.note(
                "KPI901",
                f"不足{shown(amount)}的部分{words}",
                clause.span,
                level,
                "step",
                "在规则里写 不足…不计 或 不足…按…计",
            )
        return self.reading.step

    def _units(self, distance: Expr, width: Expr, mode: str) -> Expr:
        if mode == "linear":
            return (
                scale(1 / width.value, distance)
                if isinstance(width, Const) and width.value > 0
                else Ratio(distance, width)
            )
        if mode == "floor":
            return Floor(distance, width)
        return scale(Fraction(-1), Floor(scale(Fraction(-1), distance), width))

    def _width(self, amount: Amount, metric: Metric, of_target: bool) -> Expr:
        if amount.value is not None and amount.value <= 0:
            raise self.refuse("KPI111", "每一档的大小必须大于0", amount.span)
        if target_share(metric, amount, of_target, self.goal):
            bare = self.goal is not None and self.goal.amount.unit.kind == "number"
            if amount.unit.kind == "rate" and ("点" in amount.unit.symbol or bare):
                self.note(
                    "KPI906",
                    f"{shown(amount)} 读作目标值的 {decimal_text(amount.value or Fraction(0))}%",
                    amount.span,
                    "需确认" if bare and not of_target else "info",
                    hint="目标值是百分数的，写上 %" if bare else "",
                )
            return scale(amount.base, self.target())
        return Const(amount.base)

    def _step(self, clause: Step, index: int) -> Adjustment:
        sign = 1 if clause.award.kind == "gain" else -1
        points = self.award_points(clause.award.points, clause.span)
        if not clause.per:
            self.note("KPI905", f"没有写「每」，读作每{shown(clause.parts[0].amount)}一档", clause.span)
        moved: list[Expr] = []
        for part in clause.parts:
            metric = self.metric(part)
            variable = self.vars[id(metric)]
            self._good_is_not_taken(metric, part, sign)
            short = self._counts_shortage(metric, part)
            if short:
                start: Expr = ZERO
                distance: Expr = variable
            else:
                start = self._start(part, clause, sign)
                back = scale(Fraction(-1), start)
                distance = add(variable, back) if part.direction == "up" else add(start, scale(Fraction(-1), variable))
            width = self._width(part.amount, metric, part.of_target)
            if isinstance(width, Const) and width.value <= 0:
                raise self.refuse(
                    "KPI502", "目标值不大于0，不能按它的百分比加减", self.goal.span if self.goal else part.amount.span
                )
            units = self._units(distance, width, self._mode(clause, part.amount, metric))
            side: Guard = Compare(variable, "<" if part.direction == "down" and not short else ">", start)
            moved.append(Case(((side, scale(sign * points, units)),), ZERO))
        expr = moved[0] if len(moved) == 1 else Max(tuple(moved))
        return Adjustment(sign, expr, index, clause.span)

    def _counts_shortage(self, metric: Metric, part: StepPart) -> bool:
        """每少一份扣2分 without any target: the input is how many are missing."""
        if part.direction != "down" or metric.unit is None or not metric.unit.is_count or self.goal is not None:
            return False
        if self._bound_of_base(metric, "down") is not None or self.base_rung is not None or part.of_target:
            return False
        self.note(
            "KPI907",
            "没有写目标，输入就是少了多少",
            part.amount.span,
            "需确认",
            hint="写 考核目标值为…，或用 target= 给出",
        )
        return True

    def _good_is_not_taken(self, metric: Metric, part: StepPart, sign: int) -> None:
        """A rate that is better when higher loses no points for being higher, unless both sides are scored."""
        sides = {other.direction for step in self.steps for other in step.parts if self.metric(other) is metric}
        if len(sides) == 1 and sign < 0 and part.direction == "up" and self.good_when_high(metric):
            raise self.refuse(
                "KPI118",
                "越高越好的指标，却在高的时候扣分",
                part.amount.span,
                hint="核对 高、低 和 加、扣",
                example="合格率每低1%扣1分",
            )

    def _start(self, part: StepPart, clause: Step, sign: int) -> Expr:
        """Where a step starts to count: the bound that earns the base, or the target."""
        metric = self.metric(part)
        bound = self._bound_of_base(metric, part.direction)
        if bound is not None:
            self._same_direction(metric, part, clause, sign)
            if (
                self.goal is not None
                and self.goal.in_text
                and self.goal.amount.unit.kind == (metric.unit or self.goal.amount.unit).kind
                and (self.goal.amount.base != bound or self.goal.high is not None)
            ):
                raise self.refuse("KPI118", "目标值和这一档，哪个是加减分的起点？", clause.span, hint="只留一个起点")
            if (
                self.goal is not None
                and not self.goal.in_text
                and not self._relative_base(metric)
                and self.goal.amount.unit.kind == (metric.unit or self.goal.amount.unit).kind
                and self.goal.amount.base != bound
                and self.goal.high is None
            ):
                unit = metric.unit or self.goal.amount.unit
                raise self.refuse(
                    "KPI118",
                    f"这里从 {decimal_text(bound / unit.size)}{unit.symbol} 起算，给定的目标值是 {shown(self.goal.amount)}",
                    clause.span,
                    hint="两处写成一样",
                )
            return Const(bound)
        if self.goal is not None and (
            metric.unit is None
            or self.goal.amount.unit.kind == metric.unit.kind
            or {self.goal.amount.unit.kind, metric.unit.kind} == {"number", "money"}
        ):
            self._same_direction(metric, part, clause, sign)
            self.target_used = True
            if self.goal.high is not None:
                return Const(self.goal.high.base if part.direction == "up" else self.goal.amount.base)
            return Const(self.goal.amount.base)
        if metric.unit is not None and metric.unit.is_count and part.direction == "up" and self.goal is None:
            self.note("KPI907", "没有写目标，从 0 开始数", clause.span, "info" if sign > 0 else "需确认")
            return ZERO
        if (
            self.goal is None
            and metric.unit is not None
            and metric.unit.kind in ("time", "workday", "month")
            and (LASTING.search(metric.name) or (self.deadline is not None and not metric.name))
            and part.direction == "up"
        ):
            return ZERO  # 超期每超1天
        if self.goal is not None:
            raise self.refuse(
                "KPI401", f"目标值 {shown(self.goal.amount)} 和这里的「{shown(part.amount)}」单位对不上", clause.span
            )
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
            raise self.refuse(
                "KPI118",
                "界限说的好坏，和这里加减的方向相反",
                clause.span,
                hint="核对 高、低 和 加、扣",
                example="95%以上得满分，每低1%扣2分",
            )

    def _occurrence(self, clause: Occurrence, index: int) -> Adjustment:
        sign = 1 if clause.award.kind == "gain" else -1
        points = self.award_points(clause.award.points, clause.span)
        metric = self.metric(clause)
        variable = self.vars[id(metric)]
        start: Expr = ZERO
        said = next((other for other in self.tree.clauses if isinstance(other, Target)), None)
        own = said is None or self.metric(said) is metric
        if (
            self.goal is not None
            and own
            and metric.unit is not None
            and self.goal.amount.unit.kind == metric.unit.kind
            and self.goal.amount.base != 0
        ):
            unit, goal = metric.unit.symbol, shown(self.goal.amount)
            word = "扣" if sign < 0 else "加"
            taken = decimal_text(points * self.goal.amount.base / clause.amount.base)
            raise self.ambiguous(
                f"从第一{unit}起{word}，还是从目标值 {goal} 以外起{word}？", clause.span,
                (f"从第一{unit}起{word}", goal, f"{word}{taken}分"), (f"从目标值以外起{word}", goal, f"不{word}分"),
                hint=f"写 每超过1{unit}{word}…分，或把目标值写成 0{unit}",
            )  # fmt: skip
        bound = self._bound_of_base(metric, "up")
        if bound is not None:
            start = Const(bound)
            edge = f"{decimal_text(bound)}{metric.unit.symbol if metric.unit is not None else ''}"
            self.note("KPI907", f"从超过 {edge} 的部分数起，{edge} 以内的不算", clause.span, "需确认",
                      hint=f"写 每超过{shown(clause.amount)}{'扣' if sign < 0 else '加'}…分")  # fmt: skip
        if not clause.per and not clause.single:
            self.note("KPI905", f"没有写「每」，读作每{shown(clause.amount)}都算", clause.span)
        distance = add(variable, scale(Fraction(-1), start))
        units = self._units(
            distance, self._width(clause.amount, metric, False), self._mode(clause, clause.amount, metric)
        )
        expr = scale(sign * points, units)
        if clause.single:
            self.note(
                "KPI905",
                f"没有说「{clause.event}」再次发生扣多少，只读作一次",
                clause.span,
                "需确认",
                hint="写 一次扣…分",
            )
            twice = Undefined(f"没有说「{clause.event}」发生两次以上怎么算", clause.span)
            return Adjustment(
                sign, Case(((Compare(variable, ">", Const(Fraction(1))), twice),), expr), index, clause.span
            )
        if start != ZERO:
            expr = Case(((Compare(variable, ">", start), expr),), ZERO)
        return Adjustment(sign, expr, index, clause.span)
