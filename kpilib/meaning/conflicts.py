"""What a rule may not say at once: clauses that cannot both be meant are refused, never weighed against each other."""

from __future__ import annotations

import re

from kpilib.meaning.context import Context, shown
from kpilib.meaning.ladder import Interval
from kpilib.meaning.metrics import Metric
from kpilib.quantity import decimal_text
from kpilib.syntax.tree import (
    Award,
    Between,
    Comparison,
    Lead,
    Limit,
    Occurrence,
    PartOfStep,
    Proportional,
    Rung,
    Step,
    Target,
    conditions,
)  # fmt: skip
from kpilib.text import Span

# Patterns as text: `re` compiles one when a rule first needs it, which keeps the cold start short.
_GUARD = r"(?:低于|高于|超过|不足|不满|未满|大于|小于|不到|达到)[^,，;；。]{0,6}[0-9一二三四五六七八九十][^,，;；。]{0,4}(?:的|时|以上|以下)$"
_ONE_EVENT = r"(?:单|每)(?:次|笔|件|起|项|单|例|个)"
_COUNTED = r"(?:次数|个数|件数|数量|人数|天数|户数|家数)$"
_BAD = r"(?:未完成|未及时|不合格|不达标|不良|差错|错误|事故|投诉|故障|流失|离职|延误|逾期|退货|返工|报废|损耗)率$"


class Conflicts(Context):
    """Refuses contradictions between clauses."""

    def _no_conflicts(self) -> None:
        for clause in self.tree.clauses:
            award = getattr(clause, "award", None)
            marks = award.points.amount if isinstance(award, Award) and award.kind != "set" else None
            if marks is not None and marks.base < 0:
                raise self.refuse("KPI111", "加分和扣分写正数", marks.span, example="每低1%扣2分")
            match clause:
                case Step():
                    self._step_metrics(clause)
                case Rung(award=Award(kind="set")):
                    self._rung_metric(clause)
                    self._zero_beyond_a_step(clause)
                    self._whole_bound(clause)
                    self._another_base(clause)
                case Rung():
                    self._rung_metric(clause)
                    self._whole_bound(clause)
                case Lead(text=text) if re.search(_GUARD, text) and "目标" not in text:
                    raise self.refuse(
                        "KPI105", f"「{text[:30]}」像是前提，不知道怎么用", clause.span, hint="把前提写进这一档，或删去"
                    )
                case Proportional():
                    self._share(clause)
                case PartOfStep():
                    self._part(clause)
                case Target(high=high) if high is not None:
                    self._target_range(clause)
                case _:
                    pass
        self._counted_twice()
        self._mixed_distances()
        self._loose_caps()
        self._accrual()
        self._on_top()
        self._of_one_event()
        self._named_twice()

    def _target_range(self, clause: Target) -> None:
        """90%以上得20分，80%-90%每低1%扣2分: the range is where the step holds, and no target."""
        said = self.source[clause.span.start : clause.span.end]
        scored = any(isinstance(rung.award, Award) and rung.award.kind == "set" for rung in self.rungs)
        if scored and not re.search(r"目标|基准|标准|计划|[Tt]arget", said):
            raise self.refuse("KPI118", "这个范围是目标，还是加减分的一段？", clause.span, hint="只写一个起点")

    def _zero_beyond_a_step(self, rung: Rung) -> None:
        """每低1%扣2分，超过5%不得分: the 5 % cannot be a value of the metric, since less is what is punished."""
        leaf = rung.condition
        if not isinstance(leaf, Comparison) or leaf.beyond or not isinstance(rung.award, Award):
            return
        if rung.award.points.kind != "zero":
            return
        ways = {
            part.direction
            for step in self.steps
            if step.award.kind == "deduct"
            for part in step.parts
            if self.metric(part) is self.metric(leaf)
        }
        against = {"down": ">", "up": "<"}
        if len(ways) == 1 and self.goal is not None and leaf.operator[0] == against[ways.pop()]:
            raise self.refuse(
                "KPI118",
                "这一档和前面扣分的方向相反",
                rung.span,
                hint="写出指标值的界限",
                example="每低1%扣2分，低于85%不得分",
            )

    def _another_base(self, rung: Rung) -> None:
        """95%以上得20分，90%以上得18分，每低1%扣2分: from which of the two is the distance?"""
        leaf = rung.condition
        if not self._gives(rung) or not any(
            self.metric(part) is self.metric(leaf) for step in self.steps for part in step.parts
        ):
            return
        for other in self.rungs:
            if other is rung or not self._gives(other) or self.metric(other.condition) is not self.metric(leaf):
                continue
            one, two = self.interval(leaf), self.interval(other.condition)
            shared = one.shared(two)
            if one.relative != two.relative or (shared is not None and not shared.single):
                raise self.two_bases(rung, other)

    @staticmethod
    def _gives(rung: Rung) -> bool:
        if not isinstance(rung.condition, (Comparison, Between)) or not isinstance(rung.award, Award):
            return False
        return rung.award.kind == "set" and rung.award.points.kind != "zero"

    def _whole_bound(self, rung: Rung) -> None:
        for leaf in conditions(rung.condition):
            if isinstance(leaf, (Comparison, Between)):
                ends = [leaf.amount] if isinstance(leaf, Comparison) else [leaf.low, leaf.high]
                counted = self.vars[id(self.metric(leaf))].domain.kind == "count"
                for end in ends:
                    if end is not None and end.unit.is_count and counted and end.base.denominator != 1:
                        raise self.refuse("KPI111", "次数不会有小数", end.span, example="3次以上不得分")

    def _step_metrics(self, clause: Step) -> None:
        self._share_of_share(clause)
        self._bound_as_step(clause)
        for part in clause.parts:
            self._one_input(self.metric(part), clause.span)
            if clause.award.kind == "deduct" and part.direction == "down":
                self._rewarded(self.metric(part).name, clause.span)

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

    def _rung_metric(self, rung: Rung) -> None:
        leaf = rung.condition
        if isinstance(leaf, (Comparison, Between)):
            self._one_input(self.metric(leaf), rung.span)
        takes = isinstance(rung.award, Award) and rung.award.kind == "deduct" and rung.award.points.kind != "zero"
        if takes and isinstance(leaf, Comparison) and leaf.operator[0] == "<" and not leaf.within:
            self._rewarded(self.metric(leaf).name, rung.span)

    def _one_input(self, metric: Metric, span: Span) -> None:
        """回款率、毛利率每低1%扣1分: two rates have two values."""
        if "、" in metric.name and metric.unit is not None and metric.unit.kind == "rate":
            raise self.refuse("KPI105", f"「{metric.name}」是几个指标，一个输入装不下", span, hint="每个指标写一条")

    def _rewarded(self, name: str, span: Span) -> None:
        """差错率每低1%扣1分: what takes points is what is better."""
        if re.search(_BAD, name):
            raise self.refuse(
                "KPI118",
                "越低越好的指标，却在低的时候扣分",
                span,
                hint="核对 高、低 和 加、扣",
                example="差错率高于5%扣1分",
            )

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

    def _share(self, clause: Proportional) -> None:
        if clause.complement:
            if self.good_when_high(self.metric(clause)):
                raise self.refuse(
                    "KPI118", f"「{clause.metric}」越高越好，却按它扣去", clause.span, hint="写 得分=完成率×N分"
                )
            return
        if re.search(_BAD, clause.metric):
            raise self.refuse(
                "KPI118", f"「{clause.metric}」越低越好，却按它给分", clause.span, hint="写 完成率 或 合格率"
            )
        if re.search(_COUNTED, clause.metric) and self.goal is None:
            raise self.refuse("KPI116", f"「{clause.metric}」是数量，要有目标值才能按比例", clause.span)
        if self.goal is not None and self.goal.high is not None:
            raise self.refuse("KPI118", "目标是一个范围，不能按比例计分", clause.span, hint="目标值写成一个数")

    def _part(self, clause: PartOfStep) -> None:
        """不足1天按1天计 speaks of the step of the rule."""
        sizes = [part.amount for step in self.steps for part in step.parts]
        sizes += [other.amount for other in self.tree.clauses if isinstance(other, Occurrence)]
        known = {amount.base for amount in sizes if amount.value is not None}
        if any(amount.base not in known for amount in clause.amounts):
            raise self.refuse("KPI118", "这里的数和每一档的大小不同", clause.span, hint="写成和每一档一样的数")

    def _counted_twice(self) -> None:
        """每小时扣0.5分，每天扣5分 of one count: added, or one of the two?"""
        seen: set[int] = set()
        for clause in self.tree.clauses:
            if isinstance(clause, Occurrence):
                key = id(self.metric(clause))
                if key in seen:
                    raise self.refuse(
                        "KPI118",
                        "同一件事写了两种加减分，是相加，还是只用一种？",
                        clause.span,
                        hint="给两件事不同的名字",
                        example="迟到每次扣1分，旷工每次扣5分",
                    )
                seen.add(key)

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
            elif useless or not re.search(r"[加奖增+＋]", said):
                raise self.ambiguous(
                    "从 0 分起累计，还是在满分上再加？", clause.span,
                    ("从 0 分起累计", "一次也没有", "0"), ("在满分上再加", "一次也没有", decimal_text(self.full)),
                    hint="从 0 分起的，不给满分（full_marks），写 每…加…分，最多加…分；在满分上加的，写 每…加…分",
                    example="每完成一单加2分，最多加10分",
                )  # fmt: skip

    def _named_twice(self) -> None:
        """低于70%得5分，低于70%得0分; 达到90%得20分，低于95%得0分: one value, two results."""
        setting = [
            rung
            for rung in self.rungs
            if isinstance(rung.condition, Comparison)
            and rung.condition.amount is not None
            and isinstance(rung.award, Award)
            and rung.award.kind == "set"
        ]
        stepped = {id(self.metric(part)): part.direction for step in self.steps for part in step.parts}
        for place, rung in enumerate(setting):
            one = self.interval(rung.condition)
            for other in setting[:place]:
                same = self.metric(rung.condition) is self.metric(other.condition)
                if same and one == self.interval(other.condition) and rung.award != other.award:
                    raise self.refuse("KPI119", "同一个界限写了两个结果", rung.span, hint="每一档只写一次")
            if not isinstance(rung.award, Award) or rung.award.points.kind != "zero" or one.relative:
                continue
            way = stepped.get(id(self.metric(rung.condition)))
            bases = [
                self.interval(other.condition)
                for other in setting
                if self._gives(other) and self.metric(other.condition) is self.metric(rung.condition)
            ]
            goal = self.goal.amount if self.goal is not None else None
            unit = self.metric(rung.condition).unit
            if goal is not None and unit is not None and goal.unit.kind == unit.kind:
                bases.append(Interval.of(">=" if way == "down" else "<=", goal.base, False))
            for base in bases:
                below = way == "down" and one.high is not None and base.low is not None and one.high > base.low
                above = way == "up" and one.low is not None and base.high is not None and one.low < base.high
                if not base.relative and (below or above):
                    raise self.refuse(
                        "KPI118", "这个界限比得满分的界限还好，却不得分", rung.span, hint="核对两个界限",
                        example="目标值为90%，每低1%扣2分，低于70%得0分",
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


def _only_cap(clause: Limit, source: str) -> bool:
    said = source[clause.span.start : clause.span.end]
    return "得" not in said and "扣" not in said
