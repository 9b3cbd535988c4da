"""From a tree to its score expression, under a reading; every choice that the text leaves open leaves a note."""

from __future__ import annotations

import re
from fractions import Fraction

from attrs import frozen

from kpilib.errors import Diagnostic, Level, UnsupportedError
from kpilib.meaning.conflicts import Conflicts
from kpilib.meaning.context import ZERO
from kpilib.meaning.expr import (
    Case,
    Const,
    Expr,
    Param,
    Round,
    Var,
    add,
)  # fmt: skip
from kpilib.meaning.limits import Limits, Stage
from kpilib.meaning.metrics import Goal
from kpilib.meaning.reading import Reading
from kpilib.quantity import decimal_text
from kpilib.syntax.tree import (
    Choice,
    Highest,
    Lead,
    Limit,
    Occurrence,
    Proportional,
    RuleTree,
    Series,
    Step,
)  # fmt: skip


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


def lower(
    tree: RuleTree,
    *,
    full_marks: Fraction | None,
    goal: Goal | None,
    reading: Reading,
    renames: dict[str, str],
    indicator: str = "",
) -> Lowered:
    """The expression of a rule.

    Raises:
        RuleSyntaxError: clauses contradict each other, or one lacks what it needs.
        AmbiguousRuleError: two readings that no option settles.
        UnitError: units that do not fit.
    """
    return _Lowering(tree, full_marks, goal, reading, renames, indicator).run()


class _Lowering(Limits, Conflicts):
    """Puts the stages together."""

    def run(self) -> Lowered:
        self._unmodelled()
        self._no_conflicts()
        base, start_title, span, overrides, base_rung = self._base()
        self.base_rung = base_rung
        stages = [Stage("base", start_title, span, base, self.ladder_spans)]
        adjustments = self._adjustments()
        score: Expr = base
        adjusted = self._capped(adjustments, stages)
        if adjusted:
            score = add(base, *adjusted)
            stages.append(Stage("sum", "加减之后", None, score))
        if overrides:
            score = Case(tuple((guard, Const(points)) for guard, points, _ in overrides), score)
            for guard, points, where in overrides:
                stages.append(
                    Stage(
                        "override",
                        f"直接记 {decimal_text(points)} 分",
                        where,
                        Case(((guard, Const(Fraction(1))),), ZERO),
                    )
                )
            stages.append(Stage("sum", "按这条规定", None, score))
        score, unbounded = self._clamped(score, stages, adjustments)
        expr = Round(score, self.reading.places)
        stages.append(Stage("round", f"保留 {self.reading.places} 位小数", None, expr))
        self._leads()
        if self.deadline is not None and not any(variable.domain.due for variable in self.vars.values()):
            words = self.source[self.deadline.span.start : self.deadline.span.end]
            self.note(
                "KPI904",
                f"期限「{words}」没有参与计分",
                self.deadline.span,
                "需确认",
                hint="写 逾期一天扣…分，或 按时得满分，逾期不得分",
            )
        judged = dict.fromkeys(one.variable for one in self.judged.values())
        order = (*(self.vars[id(metric)] for metric in self.metrics.found), *self.items, *judged)
        used = self.target_used and self.goal is None
        return Lowered(
            expr, order, tuple(stages), tuple(self.notes), self.full, Param("T") if used else None, unbounded,
            self.full is None and isinstance(base, Const) and base.value == 0,
        )  # fmt: skip

    def _unmodelled(self) -> None:
        for clause in self.tree.clauses:
            if isinstance(clause, Highest) and not any(isinstance(other, Choice) for other in self.tree.clauses):
                raise UnsupportedError(
                    "就高、不重复计分的规则暂不支持", code="KPI601", span=clause.span, source=self.source,
                    hint="同项取最高只能用在几种情况各加（扣）多少分的规则里", example="获市级表彰加2分；获县级表彰加1分；同项按最高级别计一次分",
                )  # fmt: skip
            if isinstance(clause, Limit) and clause.kind == "ratio" and not self._shares():
                raise self.refuse(
                    "KPI118", "没有按比例计分，不知道封顶的是什么", clause.span, hint="写 按完成率计分，或 最高得…分"
                )
            if isinstance(clause, Series) and not any(
                isinstance(other, (Step, Occurrence)) for other in self.tree.clauses
            ):
                raise UnsupportedError(
                    "「以此类推」接在分档后面暂不支持",
                    code="KPI601",
                    span=clause.span,
                    source=self.source,
                    hint="把每一档都写出来，或写成 每…扣…分",
                    example="每低1%扣2分",
                )

    def _shares(self) -> bool:
        return any(
            isinstance(clause, Proportional) or isinstance(getattr(clause, "award", None), Proportional)
            for clause in self.tree.clauses
        )

    def _leads(self) -> None:
        for clause in self.tree.clauses:
            if isinstance(clause, Lead):
                if (
                    "目标" in clause.text
                    and clause.text.endswith(("时", "的"))
                    and re.search(r"[低高大小]于|不足|超过", clause.text)
                ):
                    self.note("KPI916", f"「{clause.text[:30]}」视为成立", clause.span, "需确认")
                    continue
                said = r"不(?:予)?(?:扣分|计分|考核|计(?!算))|[扣加得][0-9.]+分|^[(]?除(?!以)|除外|(?<=[一-龥])外[,)]?$"
                said += r"|可免|免责|免扣|不含|不包括|另议|仅限|合并|掌握|裁量|取整|四舍五入|除非|批准|特殊情况|视情"
                scored = re.search(said, clause.text) is not None
                level: Level = "需确认" if scored else "info"
                self.note("KPI904", f"「{clause.text[:30]}」没有参与计分", clause.span, level)
