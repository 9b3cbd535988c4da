"""Caps and floors: of an adjustment, of several together, of the score."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpilib.meaning.adjustments import Adjustment, Adjustments
from kpilib.meaning.context import ZERO
from kpilib.meaning.expr import (
    Case,
    Const,
    Expr,
    Guard,
    Max,
    Min,
    add,
)  # fmt: skip
from kpilib.quantity import decimal_text
from kpilib.syntax.tree import (
    Award,
    Limit,
)  # fmt: skip
from kpilib.text import Span


@frozen
class Stage:
    """One step of the computation: what it is, the words that ask for it, and the expression of its worth."""

    kind: str
    title: str
    span: Span | None
    expr: Expr
    rungs: tuple[tuple[Guard, Span], ...] = ()  # of a ladder: which words speak for which inputs


class Limits(Adjustments):
    """Lowers limits."""

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
            taken = [one for one in open_ones if one.sign == sign and one.index < index] or [
                one for one in open_ones if one.sign == sign
            ]
            if not taken:
                raise self.refuse("KPI118", "这个上限前面没有可以限制的加分或扣分", limit.span)
            if len(taken) > 1:
                self.note(
                    "KPI914", f"上限管前面 {len(taken)} 项{'加' if sign > 0 else '扣'}分的合计", limit.span, "需确认"
                )
            open_ones = [one for one in open_ones if one not in taken]
            amount = abs(limit.points.base)
            total = add(*(one.expr for one in taken))
            bounded: Expr = Min((total, Const(amount))) if sign > 0 else Max((total, Const(-amount)))
            for one in taken:
                stages.append(Stage("adjust", "加分" if sign > 0 else "扣分", one.span, one.expr, one.rungs))
            stages.append(
                Stage("cap", f"最多{'加' if sign > 0 else '扣'} {decimal_text(amount)} 分", limit.span, bounded)
            )
            result.append(bounded)
            bound_signs.add(sign)
        for one in open_ones:
            stages.append(Stage("adjust", "加分" if one.sign > 0 else "扣分", one.span, one.expr, one.rungs))
            result.append(one.expr)
            if (
                one.sign > 0
                and not one.capped
                and not any(limit.kind in ("score", "full", "any", "unlimited") for _, limit in limits)
            ):
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
        if (
            limit.kind == "score"
            and limit.points is not None
            and self.full is not None
            and limit.points.base < self.full
            and earlier
            and earlier[-1].sign > 0
        ):
            if any(isinstance(rung.award, Award) and rung.award.points.kind == "full" for rung in self.rungs):
                raise self.refuse(
                    "KPI118",
                    f"得满分是 {decimal_text(self.full)} 分，这里又说最高 {decimal_text(limit.points.base)} 分",
                    limit.span,
                    hint="写 最高加N分，或改成满分以上的数",
                )
            self.note(
                "KPI911", f"上限 {decimal_text(limit.points.base)} 分低于满分，只能是对加分说的", limit.span, "需确认"
            )
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
            if (
                limit.kind == "unlimited"
                and earlier
                and (earlier[-1].sign < 0 or all(one.sign < 0 for one in adjustments))
            ):
                floor, unbounded = None, True
            elif limit.kind == "nothing":
                if self.full is None and not isinstance(stages[0].expr, Case):
                    self.note(
                        "KPI915", "「扣完为止」要有满分才知道扣到哪里；这里没有满分，不设下限", limit.span, "需确认"
                    )
                floor, floor_span, unbounded = (
                    (Fraction(0) if self.full is not None or stages[0].expr != ZERO else None),
                    limit.span,
                    False,
                )
            elif limit.kind == "floor" and limit.points is not None:
                floor, floor_span = limit.points.base, limit.span
            elif limit.kind == "full":
                if self.full is None:
                    raise self.refuse(
                        "KPI117", "这里说到满分，但没有给满分", limit.span, hint="用 full_marks= 给出满分"
                    )
                score = Min((score, Const(self.full)))
                stages.append(Stage("clamp", "不超过满分", limit.span, score))
            elif (
                limit.kind in ("score", "any")
                and limit.points is not None
                and self._adjustment_limit(limit, index, adjustments) == 0
            ):
                score = Min((score, Const(limit.points.base)))
                stages.append(Stage("clamp", f"最高 {decimal_text(limit.points.base)} 分", limit.span, score))
        if floor is not None:
            score = Max((score, Const(floor)))
            stages.append(Stage("clamp", f"最低 {decimal_text(floor)} 分", floor_span, score))
        return score, unbounded
