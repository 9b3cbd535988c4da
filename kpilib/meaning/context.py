"""What the rooms that lower one rule share: its tree and reading, full marks and target, inputs, notes, conditions."""

from __future__ import annotations

import re
from fractions import Fraction

from kpilib.errors import AlternativeReading, AmbiguousRuleError, Diagnostic, Level, RuleSyntaxError
from kpilib.meaning.checklists import checklist_inputs
from kpilib.meaning.expr import (
    MIRRORED,
    And,
    Const,
    Expr,
    Guard,
    Or,
    Param,
    Var,
)  # fmt: skip
from kpilib.meaning.judged import judged_inputs
from kpilib.meaning.ladder import Interval
from kpilib.meaning.metrics import Goal, Metric, Metrics, target_share
from kpilib.meaning.reading import Reading
from kpilib.quantity import decimal_text
from kpilib.syntax.names import LATE
from kpilib.syntax.tree import (
    Amount,
    Award,
    Between,
    Checklist,
    Choice,
    Comparison,
    Condition,
    Deadline,
    Either,
    Every,
    Faultless,
    FullMarks,
    Happens,
    Highest,
    Lead,
    Limit,
    Otherwise,
    PartOfStep,
    Points,
    Proportional,
    RuleTree,
    Rung,
    Step,
    Target,
)  # fmt: skip
from kpilib.text import Span, later

_GOOD = later(
    r"(?<![不未非])(?:合格|完成|达成|及时|准确|准时|完好|通过|满意|履约|到位|出勤|回款|覆盖|完整|成功|开机|留存|续约)(?:率|度)$"
)
ZERO = Const(Fraction(0))
OTHERWISE_LABEL, NONE_LABEL = "否则", "无"

# What is a fault as soon as there is any of it: 超支5%以内扣2分 takes nothing for 0 %.
_EXCESS = r"超|亏|损|短款|长款|差|误|偏离|流失|漏|赔|罚|逾期|延|拖"


class Context:
    """One rule on its way from tree to expression."""

    def __init__(
        self,
        tree: RuleTree,
        full_marks: Fraction | None,
        goal: Goal | None,
        reading: Reading,
        renames: dict[str, str],
        indicator: str,
    ) -> None:
        self.tree = tree
        self.source = tree.source
        self.reading = reading
        self.notes: list[Diagnostic] = []
        self.full = self._full(full_marks)
        self.goal = self._goal(goal)
        self.deadline = next((clause for clause in tree.clauses if isinstance(clause, Deadline)), None)
        self.metrics = Metrics(self.source, self.goal, indicator, self.deadline.due if self.deadline else "")
        self.metrics.read(tree.clauses)
        labels = tuple(clause.label for clause in tree.clauses if isinstance(clause, Choice))
        if labels and any(isinstance(clause, Otherwise) for clause in tree.clauses):
            labels = (*labels, OTHERWISE_LABEL)
        elif labels and any(isinstance(clause, Highest) for clause in tree.clauses):
            labels = (*labels, NONE_LABEL)
        if labels and len(self.metrics.found) > 1:
            raise self.refuse("KPI105", "选项和数字混在一条里，还不能读", self._span_of(Choice), hint="分成两个指标写")
        self.judged = judged_inputs(tree.clauses, self.full, renames, self.source, alone=not self.metrics.found)
        self.items = tuple(
            variable
            for clause in tree.clauses
            if isinstance(clause, Checklist)
            for variable in checklist_inputs(clause, renames)
        )
        self.vars = self.metrics.variables(renames, labels, alone=not self.judged)
        self.steps = [clause for clause in tree.clauses if isinstance(clause, Step)]
        self.rungs = [clause for clause in tree.clauses if isinstance(clause, Rung)]
        self.speaks_of_full = any(
            isinstance(clause, FullMarks) or (isinstance(clause, Limit) and clause.kind == "full")
            for clause in tree.clauses
        ) or any(
            isinstance(clause, Rung) and isinstance(clause.award, Award) and clause.award.points.kind == "full"
            for clause in tree.clauses
        )
        self.target_used = False
        self.accrues = False  # whether what is earned is counted from 0 up to the full marks
        self.opened: set[int] = set()  # zero bounds that give way to a rung that names the same number
        self.tops: set[int] = set()  # exact conditions that hold for more as well: 完成率100% as the top rung
        self.ladder_spans: tuple[tuple[Guard, Span], ...] = ()  # which words speak for which inputs of the base
        self.base_rung: Rung | None = None  # the rung from which steps count, once the base is known
        self.deducting = {
            id(rung.condition)
            for rung in self.rungs
            if isinstance(rung.award, Award) and rung.award.kind == "deduct" and rung.award.points.kind != "zero"
        }
        modes = [clause.mode for clause in tree.clauses if isinstance(clause, PartOfStep)]
        if len(set(modes)) > 1:
            raise self.refuse("KPI118", "不足一档的算法写了两种", self._span_of(PartOfStep))
        self.mode = modes[0] if modes else None

    def refuse(
        self, code: str, message: str, span: Span | None, hint: str = "", example: str | None = None
    ) -> RuleSyntaxError:
        """The error for a place in the source."""
        return RuleSyntaxError(message, code=code, span=span, source=self.source, hint=hint, example=example)

    def ambiguous(
        self,
        message: str,
        span: Span | None,
        *readings: tuple[str, str, str],
        hint: str = "",
        example: str | None = None,
        code: str = "KPI203",
    ) -> AmbiguousRuleError:
        """The error for a place that can be read in more than one way: each reading, an input, what it gives there."""
        return AmbiguousRuleError(
            message,
            readings=tuple(AlternativeReading(text=text, at=at, points=points) for text, at, points in readings),
            code=code, span=span, source=self.source, hint=hint, example=example,
        )  # fmt: skip

    def two_bases(self, one: Rung, other: Rung) -> AmbiguousRuleError:
        """95%以上得20分，90%以上得18分，每低1%扣2分: a distance from which of the two?"""
        first, second = (self.source[rung.span.start : rung.span.end].strip() for rung in (one, other))
        at = f"正好在「{second}」的界限上"
        return self.ambiguous(
            "有几档又有每档加减，不知道从哪一档算起", other.span,
            (f"从「{first}」的界限算起", at, "另有加减分"),
            (f"从「{second}」的界限算起", at, "没有加减分"),
            hint="只留一档得分，其余写成 每…扣…分", example="90%以上得满分，每低1%扣2分",
        )  # fmt: skip

    def note(
        self, code: str, message: str, span: Span | None, level: Level = "info", option: str = "", hint: str = ""
    ) -> None:
        """Leave a note; an option that the reading settles on purpose need not ask again."""
        if option and self.reading.settles(option):
            level = "info"
        found = Diagnostic(code=code, message=message, level=level, span=span, source=self.source, hint=hint)
        if found not in self.notes:
            self.notes.append(found)

    def _span_of(self, kind: type) -> Span | None:
        return next((clause.span for clause in self.tree.clauses if isinstance(clause, kind)), None)

    def metric(self, node: object) -> Metric:
        """The input that a node of the tree speaks of."""
        return self.metrics.of[id(node)]

    def good_when_high(self, metric: Metric) -> bool:
        """Whether the names say a rate is better when it is higher (合格率, 完成率)."""
        said = [clause.text for clause in self.tree.clauses[:1] if isinstance(clause, Lead)]
        own = [name for name in (metric.name, *metric.aliases) if name]
        names = own or [self.metrics.indicator, *said]
        return (
            any(_GOOD.search(name) for name in names if name) and metric.unit is not None and metric.unit.kind == "rate"
        )

    def var(self, node: object) -> Var:
        """The variable of that input."""
        return self.vars[id(self.metric(node))]

    def target(self) -> Expr:
        """The target as a number, or as a parameter where it is open."""
        self.target_used = True
        if self.goal is not None:
            return Const(self.goal.amount.base)
        return Param("T")

    def award_points(self, points: Points, span: Span) -> Fraction:
        """The marks of an award."""
        if points.kind == "zero":
            return Fraction(0)
        if points.kind == "judged":
            raise self.refuse("KPI105", "这里的分数要写明，不能由人酌定", span, hint="写出分数", example="每次扣2分")
        if points.kind == "full" or points.kind == "share":
            if self.full is None:
                raise self.refuse(
                    "KPI117",
                    "这里说到满分，但没有给满分",
                    span,
                    hint="用 full_marks= 给出满分，或写 满分20分",
                    example="满分20分，90%以上得满分",
                )
            if points.kind == "full":
                return self.full
            assert points.amount is not None
            said = self.source[span.start : span.end]
            if not re.search(r"分|权重|标准|一半", said):
                share = shown(points.amount)
                self.note("KPI906", f"「{said}」读作满分的 {share}", span, "需确认", hint=f"写 满分的{share}")
            return self.full * points.amount.base
        assert points.amount is not None
        return points.amount.base

    def _full(self, given: Fraction | None) -> Fraction | None:
        said = [clause for clause in self.tree.clauses if isinstance(clause, FullMarks)]
        values = {clause.marks.value for clause in said}
        if len(values) > 1:
            raise self.refuse("KPI118", "满分写了两个不同的数", said[1].span)
        if not said:
            return given
        value = said[0].marks.value
        if given is not None and value != given:
            raise self.refuse(
                "KPI118",
                f"这里的满分是 {decimal_text(value or Fraction(0))} 分，给定的满分是 {decimal_text(given)} 分",
                said[0].span,
                hint="两处写成一样",
            )
        return value

    def _goal(self, given: Goal | None) -> Goal | None:
        said = [clause for clause in self.tree.clauses if isinstance(clause, Target)]
        if len({(clause.amount.base, clause.high) for clause in said}) > 1:
            raise self.refuse("KPI118", "目标值写了两个不同的数", said[1].span)
        if not said:
            return given
        own = Goal(said[0].amount, said[0].operator, said[0].high, True, said[0].span)
        if given is not None and (given.amount.unit.kind, given.amount.base) != (own.amount.unit.kind, own.amount.base):
            raise self.refuse(
                "KPI118",
                f"这里的目标值是 {shown(own.amount)}，给定的目标值是 {shown(given.amount)}",
                own.span,
                hint="两处写成一样",
            )
        return own

    def interval(self, leaf: Condition) -> Interval:
        """The inputs for which a single condition holds."""
        metric = self.metric(leaf)
        if isinstance(leaf, Happens):
            return Interval.of(">=" if leaf.occurs else "==", Fraction(1 if leaf.occurs else 0), False)
        if isinstance(leaf, Between):
            self.note(
                "KPI908", "范围的两头都算在内", leaf.span
            ) if leaf.low_operator == ">=" and leaf.high_operator == "<=" else None
            start = self._counted_from(metric) if leaf.beyond else None
            if start is not None:
                return self._between_beyond(metric, leaf, start)
            return Interval(leaf.low.base, leaf.low_operator == ">=", leaf.high.base, leaf.high_operator == "<=", False)
        assert isinstance(leaf, Comparison)
        if (
            leaf.amount is None
            and self.goal is None
            and any(isinstance(clause, (Proportional, Otherwise)) for clause in self.tree.clauses)
        ):
            return Interval.of(leaf.operator, Fraction(1), False)  # 完成 of a rate of completion is 100%
        if leaf.amount is None:
            return self._resolved(Interval.of(leaf.operator, Fraction(1), True))
        if (
            id(leaf) in self.deducting
            and (leaf.within or LATE.search(metric.name) is not None)
            and leaf.operator in ("<", "<=")
            and not leaf.of_target
            and (self.vars[id(metric)].domain.minimum == 0 or re.search(_EXCESS, metric.name) is not None)
        ):
            return Interval(
                Fraction(0), False, leaf.amount.base, leaf.operator == "<="
            )  # 迟到3次以内扣1分: not at all is not within
        if leaf.beyond:
            return self._beyond(metric, leaf)
        if (leaf.of_target and self.goal is not None) or target_share(metric, leaf.amount, False, self.goal):
            return self._resolved(Interval.of(leaf.operator, leaf.amount.base, True))
        operator = ">=" if id(leaf) in self.tops else leaf.operator
        if id(leaf) in self.opened:
            operator = "<" if operator[0] == "<" else ">"
        return Interval.of(operator, leaf.amount.base, False)

    def _beyond(self, metric: Metric, leaf: Comparison) -> Interval:
        """How far beyond the target: a share of an amount, points of a rate; without a target the input is the distance."""
        assert leaf.amount is not None
        up, amount = leaf.beyond == "up", leaf.amount.base
        operator = leaf.operator if up else MIRRORED[leaf.operator]
        goal = self._counted_from(metric)
        if goal is None:
            self.note("KPI907", "没有写目标，输入就是相差的部分", leaf.span)
            if operator[0] == "<" and id(leaf) in self.deducting:
                return Interval(Fraction(0), False, amount, operator == "<=")  # at the target is not below it
            return Interval.of(operator, amount, False)
        if metric.unit is not None and metric.unit.kind != "rate" and leaf.amount.unit.kind == "rate":
            if goal <= 0:
                raise self.refuse("KPI502", "目标值不大于0，不能按它的百分比分档", leaf.span)
            amount *= goal
        edge = goal + amount if up else goal - amount
        if self.goal is None and up and amount > goal:  # 2%以内得满分，高3%以上不得分: 5 % and more, or above 3 %?
            size = metric.unit.size if metric.unit is not None else Fraction(1)
            unit = metric.unit.symbol if metric.unit is not None else ""
            self.note(
                "KPI907", f"从 {decimal_text(goal / size)}{unit} 数起，这一档的界限是 {decimal_text(edge / size)}{unit}", leaf.span,
                "需确认", hint=f"说的是指标的值，写 高于{shown(leaf.amount)}",
            )  # fmt: skip
        if operator[0] == ">":
            return Interval.of(leaf.operator, edge, False)
        closed = operator == "<="  # within: beyond the target, but not so far
        return Interval(goal, False, edge, closed) if up else Interval(edge, closed, goal, False)

    def _counted_from(self, metric: Metric) -> Fraction | None:
        """What a distance is counted from: the target, or the one bound that earns marks (100%得15分，差20%以上不得分)."""
        if self.goal is not None:
            return self.goal.amount.base
        bounds = {
            rung.condition.amount.base
            for rung in self.rungs
            if isinstance(rung.condition, Comparison)
            and rung.condition.amount is not None
            and not rung.condition.beyond
            and not rung.condition.of_target
            and isinstance(rung.award, Award)
            and rung.award.kind == "set"
            and rung.award.points.kind != "zero"
            and self.metric(rung.condition) is metric
        }
        if len(bounds) > 1:
            raise self.refuse("KPI118", "相差多少，是从哪一档算起？", self.rungs[-1].span, hint="写出指标值的界限")
        return bounds.pop() if bounds else None

    def _between_beyond(self, metric: Metric, leaf: Between, goal: Fraction) -> Interval:
        """超5%-10%: the range of the distance, laid out from what it is counted from."""
        unit = goal if metric.unit is not None and metric.unit.kind != "rate" and leaf.high.unit.kind == "rate" else 1
        near, far = leaf.low.base * unit, leaf.high.base * unit
        near_in, far_in = leaf.low_operator == ">=", leaf.high_operator == "<="
        if leaf.beyond == "up":
            return Interval(goal + near, near_in, goal + far, far_in)
        return Interval(goal - far, far_in, goal - near, near_in)

    def _resolved(self, interval: Interval) -> Interval:
        """A share of a known target as a number."""
        if self.goal is None:
            return interval
        goal = self.goal.amount.base
        if goal <= 0:
            raise self.refuse("KPI502", "目标值不大于0，不能按它的百分比分档", self.goal.span)
        return Interval(
            None if interval.low is None else interval.low * goal,
            interval.low_closed,
            None if interval.high is None else interval.high * goal,
            interval.high_closed,
            False,
        )

    def guard(self, condition: Condition) -> Guard:
        """A condition as a guard of the expression."""
        match condition:
            case Faultless():
                raise self.refuse("KPI105", f"看不懂「{condition.label}」是什么情况", condition.span)
            case Every(parts=parts):
                return And(tuple(self.guard(part) for part in parts))
            case Either(parts=parts):
                return Or(tuple(self.guard(part) for part in parts))
        interval = self.interval(condition)
        return interval.guard(self.var(condition), self.target() if interval.relative else None)


def shown(amount: Amount) -> str:
    """An amount as people write it."""
    return f"{'__' if amount.value is None else decimal_text(amount.value)}{amount.unit.symbol}"
