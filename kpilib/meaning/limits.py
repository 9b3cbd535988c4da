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
    Choice,
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
        result: list[tuple[int, Expr]] = []
        pair = self._both_ways(limits)
        for index, limit in limits:
            if pair is not None and limit is pair[1]:
                earlier = [one.expr for one in open_ones if one.index < index]
                open_ones = [one for one in open_ones if one.index >= index]
                total = add(*earlier, *(expr for _, expr in result))
                high, low = pair[0].points, pair[1].points
                assert high is not None
                assert low is not None
                bounded: Expr = Max((Min((total, Const(high.base))), Const(low.base)))
                words = f"加减合计在 {decimal_text(low.base)} 到 {decimal_text(high.base)} 分之间"
                result = [(0, self._told(stages, "cap", words, limit.span, bounded))]
                continue
            sign = self._adjustment_limit(limit, index, adjustments)
            if sign == 0 or limit.points is None or (pair is not None and limit is pair[0]):
                continue
            taken = [one for one in open_ones if one.sign == sign and one.index < index] or [
                one for one in open_ones if one.sign == sign
            ]
            before = [expr for known, expr in result if known == sign] if limit.total else []
            if not taken and not before:
                raise self.refuse("KPI118", "这个上限前面没有可以限制的加分或扣分", limit.span)
            if len(taken) > 1 and not limit.total:
                self.note(
                    "KPI914",
                    f"上限管前面 {len(taken)} 项{'加' if sign > 0 else '扣'}分的合计",
                    limit.span,
                    "需确认",
                )
            open_ones = [one for one in open_ones if one not in taken]
            if limit.total:
                result = [(known, expr) for known, expr in result if known != sign]
            amount = abs(limit.points.base)
            for one in taken:
                self._adjusted(stages, one)
            total = add(*before, *(one.expr for one in taken))
            bounded = Min((total, Const(amount))) if sign > 0 else Max((total, Const(-amount)))
            words = f"最多{'加' if sign > 0 else '扣'} {decimal_text(amount)} 分"
            result.append((sign, self._told(stages, "cap", words, limit.span, bounded)))
        for one in open_ones:
            self._adjusted(stages, one)
            result.append((one.sign, one.expr))
            capped = any(limit.kind in ("score", "full", "any", "unlimited") for _, limit in limits)
            if one.sign > 0 and not one.capped and not capped:
                self.note("KPI902", "加分没有写上限", one.span, "需确认", hint="写 最高加N分，或 加分不封顶")
        return [expr for _, expr in result]

    @staticmethod
    def _both_ways(limits: list[tuple[int, Limit]]) -> tuple[Limit, Limit] | None:
        """最高不超过5分，最低不低于-5分: together they bound the sum of what is added and taken."""
        highs = [limit for _, limit in limits if limit.kind == "any"]
        lows = [limit for _, limit in limits if limit.kind == "any_floor"]
        return (highs[0], lows[0]) if len(highs) == len(lows) == 1 else None

    @staticmethod
    def _told(stages: list[Stage], kind: str, title: str, span: Span, expr: Expr) -> Expr:
        stages.append(Stage(kind, title, span, expr))
        return expr

    @staticmethod
    def _adjusted(stages: list[Stage], one: Adjustment) -> None:
        stages.append(Stage("adjust", "加分" if one.sign > 0 else "扣分", one.span, one.expr, one.rungs))

    def _adjustment_limit(self, limit: Limit, index: int, adjustments: list[Adjustment]) -> int:
        """The sign of the adjustments that a limit binds, or 0 where it binds the score, or the labels of a choice."""
        if not adjustments and any(isinstance(clause, Choice) for clause in self.tree.clauses):
            return 0
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
        pair = self._both_ways(limits)
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
                and not (limit.kind == "any" and any(isinstance(clause, Choice) for clause in self.tree.clauses))
                and self._adjustment_limit(limit, index, adjustments) == 0
                and (pair is None or limit is not pair[0])
            ):
                score = Min((score, Const(limit.points.base)))
                stages.append(Stage("clamp", f"最高 {decimal_text(limit.points.base)} 分", limit.span, score))
        if floor is not None:
            score = Max((score, Const(floor)))
            stages.append(Stage("clamp", f"最低 {decimal_text(floor)} 分", floor_span, score))
        return score, unbounded
