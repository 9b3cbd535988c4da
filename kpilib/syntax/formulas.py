"""Proportional clauses and formulas: 按完成比例计分, 得分=完成率×50分."""

from __future__ import annotations

import re

from attrs import evolve

from kpilib.quantity import MARKS
from kpilib.syntax.conditions import Conditions
from kpilib.syntax.heads import heads
from kpilib.syntax.lexer import Word
from kpilib.syntax.names import SCORED, demand_free, name_of, share_name
from kpilib.syntax.phrases import (
    Defined,
    Factor,
    Gap,
    Measure,
    Note,
    Words,
)
from kpilib.syntax.tree import (
    Amount,
    Lead,
    Otherwise,
    Proportional,
    Rung,
)
from kpilib.text import Span


class Formulas(Conditions):
    """Reads what a ratio earns."""

    def _first_factor(self, phrase: Factor) -> None:
        """What stands before the first ×."""
        while self.pending and isinstance(self.pending[-1], Note):
            self.pending.pop()
        if not self.pending or isinstance(self.pending[-1], Gap):
            if self.parts and isinstance(self.parts[-1], Lead) and "=" in self.parts[-1].text:
                self.factors.append(Factor("full", phrase.span))  # 完成率=实际/目标×100%
                return
            raise self.refuse("KPI104", "「×」前面要有指标的名字", phrase.span, example="完成率×50=得分")
        last = self.pending.pop()
        if isinstance(last, Words):
            self.factors.append(Factor(last.word, last.span))
        elif isinstance(last, Measure) and last.kind == "exact" and last.amount is not None:
            self.factors.append(Factor(last.amount, last.span))
        else:
            raise self.refuse("KPI104", "「×」前面要有指标的名字", phrase.span, example="完成率×50=得分")

    def _formula(self) -> None:
        factors, self.factors = self.factors, []
        span = factors[0].span.cover(factors[-1].span)
        complement = next((factor for factor in factors if factor.complement), None)
        names = [factor.value for factor in factors if not isinstance(factor.value, (Amount, str))]
        numbers = [factor.value for factor in factors if isinstance(factor.value, Amount)]
        full = sum(1 for factor in factors if factor.value == "full")
        hundred = [
            number
            for number in numbers
            if (number.unit.kind == "rate" and number.value == 100)
            or (number.unit.kind == "number" and number.value == 100)
        ]
        if (
            not names
            and self.parts
            and isinstance(self.parts[-1], Lead)
            and "=" in self.parts[-1].text
            and len(numbers) == len(hundred) == 1
        ):
            return  # 实际/目标×100%: a metric's definition
        if len(names) != 1 or full > 1:
            raise self.refuse("KPI104", "看不懂这个算式", span, hint="写成 得分=完成率×N分", example="得分=完成率×50分")
        if complement is not None:
            self._complement(names[0], factors, span)
            return
        metric = name_of(names[0].text)
        demand_free(names[0], self.source)
        if not metric and "率" not in names[0].text:
            raise self.refuse("KPI104", "算式里没有指标的名字", span, example="得分=完成率×50分")
        rest = [number for number in numbers if number not in hundred]
        if SCORED.search(metric) and not full:  # 考试成绩×20%: of marks out of 100
            if len(numbers) != 1 or numbers[0].unit.kind != "rate":
                raise self.refuse(
                    "KPI104", "看不懂这个算式", span, hint="写成 得分=考试成绩×N%", example="得分=考试成绩×20%"
                )
            self._proportional(metric, span, evolve(numbers[0], unit=MARKS), checked=True)
            return
        if full == 1 and not rest and len(hundred) <= 1:
            if (
                hundred
                and factors[[factor.value for factor in factors].index("full")] is factors[-1]
                and hundred[0].unit.kind == "number"
            ):
                pass  # 完成率×100×权重: the weight is full marks / 100
            self._proportional(metric, span, None, checked=True)
            return
        marks = rest or [number for number in hundred if number.unit.kind != "rate"]
        if full or len(marks) != 1 or marks[0].unit.kind not in ("marks", "number") or len(hundred) > 1:
            raise self.refuse("KPI104", "看不懂这个算式", span, hint="写成 得分=完成率×N分", example="得分=完成率×50分")
        self._proportional(metric, span, evolve(marks[0], unit=MARKS), checked=True)

    def _complement(self, word: Word, factors: list[Factor], span: Span) -> None:
        """得分=(1-差错率)×20分: what is left of the marks."""
        found = re.fullmatch(r"\((?P<one>1|100%)-(?P<name>.+)\)", word.text)
        marks = [factor.value for factor in factors if isinstance(factor.value, Amount)]
        full = [factor for factor in factors if factor.value == "full"]
        if (
            found is None
            or len(marks) + len(full) != 1
            or any(mark.unit.kind not in ("marks", "number") for mark in marks)
        ):
            raise self.refuse(
                "KPI104", "看不懂这个算式", span, hint="写成 得分=(1-差错率)×N分", example="得分=(1-差错率)×20分"
            )
        whole = evolve(marks[0], unit=MARKS) if marks else None
        self._flush()
        self.parts.append(Proportional(name_of(found["name"]), whole=whole, complement=True, span=span))

    def _proportional(self, metric: str, span: Span, whole: Amount | None, *, checked: bool = False) -> None:
        by_target = any(word in metric for word in ("目标", "计划", "预算", "任务", "应")) and any(
            sign in metric for sign in ("占", "与", "/", "除以", "对", "比", "和")
        )
        said = self.source[span.start : span.end]
        if re.search(r"^(?:年度|月度)?(?:目标|计划|预算)值?(?:/|÷|➗|除以)(?:实际|完成)", metric):
            raise self.refuse(
                "KPI104", "目标除以实际：越低越好的指标还不能按比例", span, hint="写出每一档，或 每超…扣…分"
            )
        capped = any(word in said for word in ("满分", "标准分", "基本分", "基础分", "基准分"))
        computed = re.search(r"计算(?:分值|得分|分数)?$", said) is not None and not re.search(
            r"比例|比重|百分比|之比", said
        )
        clause = Proportional(share_name(metric), by_target, whole, computed, capped, span=span)
        if self.otherwise is not None:
            self.otherwise = None
            self._flush()
            self.parts.append(Otherwise(clause, span))
            return
        head = heads(self.pending)
        if not head.items:
            if head.words and head.words[-1].text.rstrip("的者").endswith(
                ("未完成", "没有完成", "未达标", "未达到", "未完成任务", "没有完成任务", "未完成目标", "未达到目标")
            ):
                self.pending = []
                self.parts.append(Otherwise(clause, span))
                return
            self._flush()
            self.parts.append(clause)
            return
        self.pending = []
        self._lead(head.leads)
        condition = self._condition(head.items)
        for item in head.items:
            if item.measure.kind == "exact" and not item.measure.bound_word:
                raise self.refuse(
                    "KPI114",
                    "是以上、以下，还是正好？",
                    item.measure.span,
                    hint="在数字后写 以上、以下",
                    example="60%以上按完成比例计分",
                )
        self.parts.append(Rung(condition, clause, head.items[0].measure.span.cover(span)))

    def _defined(self, phrase: Defined) -> None:
        """完成率=实际/目标: how the metric is computed is told, but not scored."""
        head = heads(self.pending)
        self.pending = []
        if head.items or not head.words:
            raise self.refuse("KPI104", "「=」前面要有指标的名字", phrase.span)
        self._lead(head.leads)
        word = head.words[-1]
        demand_free(word, self.source)
        demand_free(phrase.word, self.source)
        self.parts.append(Lead(f"{word.text}={phrase.word.text}", word.span.cover(phrase.span)))
