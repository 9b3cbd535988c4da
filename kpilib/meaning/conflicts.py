"""What a rule may not say at once: clauses that cannot both be meant are refused, never weighed against each other."""

from __future__ import annotations

import re

from kpilib.meaning.context import shown
from kpilib.meaning.doubts import Doubts
from kpilib.meaning.ladder import Interval
from kpilib.meaning.metrics import Metric
from kpilib.syntax.tree import (
    Award,
    Between,
    Comparison,
    Lead,
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
_COUNTED = r"(?:次数|个数|件数|数量|人数|天数|户数|家数)$"
_BAD = r"(?:未完成|未及时|不合格|不达标|不良|差错|错误|事故|投诉|故障|流失|离职|延误|逾期|退货|返工|报废|损耗)率$"


class Conflicts(Doubts):
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
        self._shared_with_zero()
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

    def _shared_with_zero(self) -> None:
        """80%-90%扣5分；80%以下不得分: a bound that two rungs name goes to the better, here as in any ladder."""
        for zero in self.rungs:
            leaf = zero.condition
            if (
                not isinstance(leaf, Comparison)
                or leaf.amount is None
                or leaf.operator not in ("<=", ">=")
                or leaf.beyond
            ):
                continue
            if not isinstance(zero.award, Award) or zero.award.kind != "set" or zero.award.points.kind != "zero":
                continue
            for other in self.rungs:
                if not isinstance(other.award, Award) or other.award.kind == "set" or other.award.points.kind == "zero":
                    continue
                if not isinstance(other.condition, (Comparison, Between)) or self.metric(
                    other.condition
                ) is not self.metric(leaf):
                    continue
                one, two = self.interval(leaf), self.interval(other.condition)
                shared = one.shared(two) if one.relative == two.relative else None
                if shared is None or not shared.single:
                    continue
                better = self.reading.shared_bound == "better"
                side = "前面扣分的一档" if better else "不得分的一档"
                self.note("KPI903", f"{shown(leaf.amount)} 在两档里都有，归{side}", zero.span, "需确认", "shared_bound")
                if better:
                    self.opened.add(id(leaf))

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
