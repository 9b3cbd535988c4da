"""What a careful reader could read in two ways once all clauses are known: asked about, with both readings."""

from __future__ import annotations

import re

from kpilib.meaning.context import Context, shown
from kpilib.quantity import decimal_text
from kpilib.syntax.tree import (
    Award,
    Between,
    Comparison,
    Limit,
    Occurrence,
    Rung,
    Step,
    conditions,
)  # fmt: skip

_ONE_EVENT = r"(?:单|每)(?:次|笔|件|起|项|单|例|个)"


class Doubts(Context):
    """Asks about clauses that have two readings."""

    @staticmethod
    def _gives(rung: Rung) -> bool:
        if not isinstance(rung.condition, (Comparison, Between)) or not isinstance(rung.award, Award):
            return False
        return rung.award.kind == "set" and rung.award.points.kind != "zero"

    def _mixed_distances(self) -> None:
        """低于目标5%以内扣5分，5%-10%扣10分: the second is a distance as well, or a value?"""
        if self.goal is None:
            return
        leaves = [
            (rung, leaf)
            for rung in self.rungs
            for leaf in conditions(rung.condition)
            if isinstance(leaf, (Comparison, Between))
        ]
        beyond = {id(self.metric(leaf)) for _, leaf in leaves if isinstance(leaf, Comparison) and leaf.beyond}
        for rung, leaf in leaves:
            if id(self.metric(leaf)) not in beyond or leaf.beyond:
                continue
            end = leaf.high if isinstance(leaf, Between) else leaf.amount
            if end is not None and (isinstance(leaf, Between) or not leaf.of_target):
                at = f"指标的值是{shown(end)}"
                raise self.ambiguous(
                    "这是指标的值，还是和目标值的差？", rung.span,
                    ("指标的值", at, "这一档成立"), ("和目标值的差", at, "看它和目标值差多少"),
                    hint="每一档都写 低于目标…，或都写指标的值", example="低于目标5%以内扣5分，低于目标5%以上扣10分",
                )  # fmt: skip

    def _accrual(self) -> None:
        """每完成1单得2分, of an item of 20: from 0 on, or on top of the 20?"""
        if self.full is None or any(self._gives(rung) or not isinstance(rung.award, Award) for rung in self.rungs):
            return
        changes = [clause for clause in self.tree.clauses if isinstance(clause, (Step, Occurrence))]
        gains = [clause for clause in changes if clause.award.kind == "gain"]
        capped = any(
            isinstance(clause, Limit)
            and (
                clause.kind == "full"
                or (clause.kind in ("score", "any") and clause.points is not None and clause.points.base == self.full)
            )
            for clause in self.tree.clauses
        )
        useless = capped and len(gains) == len(changes)  # what is added to the full marks would be cut off again
        for clause in gains:
            said = self.source[clause.span.start : clause.span.end]
            if useless and not re.search(r"[加奖增+＋]", said):
                self.accrues = True  # 每完成1项得2分，最高得满分: from 0 on, or it would say nothing
                self.note("KPI907", "从 0 分起累计，到满分为止", clause.span)
            elif useless or not re.search(r"[加奖增+＋]", said):
                raise self.ambiguous(
                    "从 0 分起累计，还是在满分上再加？", clause.span,
                    ("从 0 分起累计", "一次也没有", "0"), ("在满分上再加", "一次也没有", decimal_text(self.full)),
                    hint="从 0 分起的，不给满分（full_marks），写 每…加…分，最多加…分；在满分上加的，写 每…加…分",
                    example="每完成一单加2分，最多加10分",
                )  # fmt: skip

    def _on_top(self) -> None:
        """每迟到一次扣2分，3次以上扣10分: the 10 instead of what was taken for each, or on top of it?"""
        taken = {
            id(self.metric(part)): clause
            for clause in self.tree.clauses
            if isinstance(clause, (Step, Occurrence)) and clause.award.kind == "deduct" and clause.per
            for part in (clause.parts if isinstance(clause, Step) else (clause,))
        }
        for rung in self.rungs:
            leaf, award = rung.condition, rung.award
            if not isinstance(leaf, Comparison) or leaf.amount is None or not isinstance(award, Award):
                continue
            each = taken.get(id(self.metric(leaf)))
            if each is None or award.kind != "deduct" or award.points.kind == "zero":
                continue
            said = self.source[rung.span.start : rung.span.end]
            points = decimal_text(self.award_points(award.points, rung.span))
            at = f"{shown(leaf.amount)}这一档"
            raise self.ambiguous(
                f"「{said}」是代替前面扣的分，还是另外再扣？", rung.span,
                ("代替前面扣的分", at, f"共扣{points}分"), ("在前面扣的分之外再扣", at, f"扣了前面的，再扣{points}分"),
                hint="代替的，列出每一档扣多少分；另外再扣的，分成两个指标写",
                example="迟到1次扣2分，2次扣4分，3次以上扣10分",
            )  # fmt: skip

    def _of_one_event(self) -> None:
        """短款每次扣1分，单次金额超过100元扣5分: one number cannot speak of each event; instead of the 1, or on top?"""
        counted = any(isinstance(clause, Occurrence) for clause in self.tree.clauses)
        for rung in self.rungs:
            for leaf in conditions(rung.condition):
                if counted and isinstance(leaf, (Comparison, Between)) and re.match(_ONE_EVENT, self.metric(leaf).name):
                    said = self.source[rung.span.start : rung.span.end]
                    raise self.ambiguous(
                        f"「{said}」说的是其中一次，代替这一次扣的分，还是另外再扣？", rung.span,
                        ("代替这一次扣的分", "有一次是这样", "这一次只按这一档"),
                        ("另外再扣", "有一次是这样", "这一次扣两回"),
                        hint="把这样的次数单独数，写成另一件事", example="小额差错每次扣1分，大额差错每次扣5分",
                    )  # fmt: skip

    def _loose_caps(self) -> None:
        """每次扣2分，10分封顶: the cap of what is taken, or of the score?"""
        gains = any(
            isinstance(clause, (Step, Occurrence, Rung))
            and isinstance(clause.award, Award)
            and clause.award.kind == "gain"
            for clause in self.tree.clauses
        )
        takes = any(
            isinstance(clause, (Step, Occurrence)) and clause.award.kind == "deduct" for clause in self.tree.clauses
        )
        for clause in self.tree.clauses:
            if isinstance(clause, Limit) and clause.kind in ("score", "any") and clause.points is not None:
                if self.full is None or clause.points.base >= self.full:
                    continue
                if takes and not gains and _only_cap(clause, self.source):
                    cap = decimal_text(clause.points.base)
                    raise self.ambiguous(
                        "这是扣分的上限，还是得分的上限？", clause.span,
                        (f"最多扣{cap}分", "没有可扣的", decimal_text(self.full)), (f"得分最高{cap}分", "没有可扣的", cap),
                        hint="写 最多扣…分", example="每次扣2分，最多扣10分",
                    )  # fmt: skip

    def _share_of_share(self, clause: Step) -> None:
        """完成率每低于目标值的5%扣2分: 5 points, or 5 % of the target?"""
        said = self.source[clause.span.start : clause.span.end]
        for part in clause.parts:
            metric = self.metric(part)
            rates = part.amount.unit.kind == "rate" and metric.unit is not None and metric.unit.kind == "rate"
            if rates and part.of_target and re.search(r"(?:目标|计划|任务|基准|标准|预算)值?的", said):
                size = shown(part.amount)
                raise self.ambiguous(
                    f"目标值的{size}，是{size}这么多个百分点，还是目标值乘以{size}？", clause.span,
                    (f"每低{size.removesuffix('%')}个百分点", "目标值90%", f"一档是{size.removesuffix('%')}个百分点"),
                    (f"一档是目标值×{size}", "目标值90%", f"一档是90%×{size}"),
                    hint="写 每低…个百分点", example="完成率每低1个百分点扣2分",
                )  # fmt: skip

    def _bound_as_step(self, clause: Step) -> None:
        """及时率每低于90%扣5分 under a target of 90%: a step of 90 points, or each time that it is below?"""
        said = self.source[clause.span.start : clause.span.end]
        for part in clause.parts:
            size, goal = part.amount, self.goal.amount if self.goal is not None else None
            whole = (
                goal is not None
                and goal.unit.kind == size.unit.kind
                and size.value is not None
                and goal.base == size.base
            )
            metric = self.metric(part)
            rate = metric.unit is not None and metric.unit.kind == "rate" and size.unit.kind == "rate"
            half = rate and size.value is not None and 2 * size.base >= 1
            bound = re.search(r"每.{0,2}(?:低于|高于|超过|超出|少于|多于)", said) is not None
            if bound and (whole or half) and not part.of_target:
                word = "低于" if part.direction == "down" else "高于"
                raise self.ambiguous(
                    f"{shown(size)}是一档的大小，还是界限？", clause.span,
                    (f"每{word[0]}{shown(size)}算一档", f"{word}{shown(size)}", "不到一档，按比例"),
                    (f"{word}{shown(size)}的，每次都算", f"{word}{shown(size)}", "算一次"),
                    hint=f"界限写 {word}{shown(size)}扣…分，一档写 每{word[0]}1%扣…分", example="及时率低于90%扣5分",
                )  # fmt: skip


def _only_cap(clause: Limit, source: str) -> bool:
    said = source[clause.span.start : clause.span.end]
    return "得" not in said and "扣" not in said
