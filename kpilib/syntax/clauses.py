"""From phrases to clauses: what a condition and its award, or a statement, say together.

The parser reads shapes; here a shape becomes a step, an occurrence, a rung, a choice or a refusal.  Doubtful shapes
(`Counted`, `Labelled`) wait until the whole rule is known; kpilib/syntax/settle.py decides them.
"""

from __future__ import annotations

import re
from fractions import Fraction

from attrs import evolve, frozen

from kpilib.errors import AlternativeReading, AmbiguousRuleError, KpiError, RuleSyntaxError
from kpilib.quantity import MARKS, UNITS, decimal_text, unit_named
from kpilib.syntax.heads import Head, Item, heads
from kpilib.syntax.names import LASTING, SHORT_EVENTS, TRIVIAL, demand_free, name_of, names_metric, share_name
from kpilib.syntax.phrases import (
    Based, Defined, Else, Factor, Full, Gap, Given, Joint, LimitHere, Measure, Note, Phrase, Shared, Stated, Targeted, Words,
)  # fmt: skip
from kpilib.syntax.tree import (
    Amount, Award, Between, Clause, Comparison, Condition, Either, Every, FullMarks, Lead, Limit, Occurrence, Otherwise, Points, Proportional,
    Rung, Step, StepPart, Target,
)  # fmt: skip
from kpilib.syntax.lexer import Word
from kpilib.text import Span, normalise

ONE = 1
# Words that may stand between a bound and its award.
_BETWEEN = {"", "的", "者", "时", "内", "的情况", "情况", "的部分", "部分", "的则", "则", "为", "的时", "的人", "完成", "的完成", "之间", "范围内", "之间的", "范围内的", "则该项", "该项", "区间", "区间的", "水平", "的水平", "的可", "期间", "完成的", "的得", "档", "或以上", "评", "均", "评定"}  # fmt: skip
_REMARKS = {"注", "备注", "说明", "其他", "要求", "标准", "评分", "方法", "公式", "正向", "反向", "逆向", "定量", "定性", "月度", "季度", "年度", "每月", "每季", "每年", "注意", "方式", "依据", "内容", "指标", "任务", "目标"}
# References that a step may be counted from.
_REFERENCE = re.compile(r"目标|计划|预算|基准|基数|标准|合同|定额|同期|上年|上月|上期|去年|平均|规定|要求|限额|指标|任务|工期|周期|成本|期限|底线|红线|达标")


@frozen
class Counted:
    """A count and an award without 每 (出1次错,90分): an occurrence or a rung, as the rest of the rule decides."""

    event: str
    amount: Amount
    award: Award
    marked: bool  # 每, 任何一, a bare measure word
    span: Span
    full_steps: bool = False
    bare: bool = False


@frozen
class Labelled:
    """Words and an award without a number (完成得满分): a label, an event, or a refusal."""

    label: str
    award: Award
    span: Span
    bracketed: bool = False
    bare: bool = False


@frozen
class Once:
    """下降20%扣5分: once, or per 20 %?"""

    metric: str
    measure: Measure
    award: Award
    span: Span


Part = Clause | Counted | Labelled | Once


class Assembler:
    """Walks the phrases of one sentence; `parts` are its clauses, some of them still to be settled."""

    def __init__(self, source: str, indicator: str = "") -> None:
        self.source = source
        self.indicator = indicator
        self.parts: list[Part] = []
        self.pending: list[Phrase] = []
        self.otherwise: Else | None = None
        self.factors: list[Factor] = []

    def refuse(self, code: str, message: str, span: Span, hint: str = "", example: str | None = None) -> KpiError:
        """The error for a place in the source."""
        return RuleSyntaxError(message, code=code, span=span, source=self.source, hint=hint, example=example)

    # ---- the walk -----------------------------------------------------------------------------------------------------
    def run(self, phrases: list[Phrase]) -> list[Part]:
        """The clauses of one sentence.

        Raises:
            RuleSyntaxError: words or numbers are left that no clause explains.
        """
        for index, phrase in enumerate(phrases):
            if self.factors and not isinstance(phrase, Factor):
                self._formula()
            following = phrases[index + 1] if index + 1 < len(phrases) else None
            self._take(phrase, following, phrases, index)
        if self.factors:
            self._formula()
        self._flush(last=True)
        return self.parts

    def _take(self, phrase: Phrase, following: Phrase | None, phrases: list[Phrase], index: int) -> None:
        match phrase:
            case Given(award=award):
                self._award(phrase, award)
            case Measure() if self._is_bare_award(phrase, phrases, index):
                self._bare(phrase, phrases, index)
            case Stated(clause=clause):
                self._stated(clause)
            case Targeted(measure=measure, span=span):
                self._target(measure, span)
            case Based(span=span):
                self._based(span)
            case Full(marks=marks, span=span):
                if heads(self.pending).items:  # 达到100%，基础分70分
                    self._award(None, Award("set", Points("marks", evolve(marks, unit=MARKS)), span))
                    return
                self._flush()
                self.parts.append(FullMarks(evolve(marks, unit=MARKS), span))
            case LimitHere(kind=kind, span=span):
                self._limit_here(kind, span)
            case Shared(factor_only=True) if isinstance(following, Factor):
                self.factors.append(Factor(phrase.word or "full", phrase.span))
            case Shared(word=word, span=span):
                self._proportional(word.text if word else "", span, None)
            case Factor():
                if not self.factors and not phrase.opens:
                    self._first_factor(phrase)
                self.factors.append(phrase)
            case Defined(span=span):
                self._defined(phrase)
            case Else():
                self._flush()
                self.otherwise = phrase
            case _:
                self.pending.append(phrase)

    # ---- statements ---------------------------------------------------------------------------------------------------
    def _stated(self, clause: Clause) -> None:
        assert isinstance(clause, Limit) or clause is not None
        head = heads(self.pending)
        if isinstance(clause, Limit) and clause.kind == "floor" and head.items and (clause.points is None or clause.points.value == 0):
            self._award(None, Award("set", Points("zero"), clause.span))
            return
        self._flush()
        self.parts.append(clause)

    def _target(self, measure: Measure, span: Span) -> None:
        name = ""
        if self.pending and isinstance(self.pending[-1], Words):  # 家访考核目标值为12次
            before = self.pending[-1]
            name = name_of(before.word.text)
            demand_free(before.word, self.source)
            if len(name) == 1:
                raise self.refuse("KPI105", f"看不懂这里的「{name}」", before.span, example="考核目标值为90%")
            self.pending.pop()
        self._flush()
        self.parts.append(self._as_target(name, measure, span))

    def _as_target(self, metric: str, measure: Measure, span: Span) -> Target:
        assert measure.amount is not None
        if measure.kind == "between":
            assert measure.high is not None
            return Target(metric, "==", measure.amount, measure.high, span)
        return Target(metric, measure.operator if measure.kind == "bound" else "==", measure.amount, None, span)

    def _based(self, span: Span) -> None:
        """以98%为基准: the number just before is the target."""
        head = heads(self.pending)
        if not head.items or head.items[-1].measure.kind not in ("exact", "bound", "between") or len(head.items) != 1 or head.tail_segments:
            raise self.refuse("KPI104", "「为基准」前面要有一个带单位的数", span, example="以98%为基准，每低1%扣2分")
        item = head.items[-1]
        self.pending = []
        self._lead(head.leads)
        name = name_of(item.before.text) if item.before else ""
        self._check_name(item)
        self.parts.append(self._as_target(name, item.measure, item.measure.span.cover(span)))

    def _limit_here(self, kind: str, span: Span) -> None:
        head = heads(self.pending)
        if not self.pending and self.parts and isinstance(self.parts[-1], Limit) and self.parts[-1].kind == "score" and kind == "score":
            return  # 加至25分为上限
        if len(head.items) != 1 or head.items[-1].measure.kind != "exact" or head.items[-1].measure.amount is None:
            raise self.refuse("KPI104", "前面要有分数", span, example="最高加5分")
        item = head.items[-1]
        self.pending = []
        self._lead(head.leads)
        if item.before is not None and name_of(item.before.text):
            demand_free(item.before, self.source)
            self.parts.append(Lead(item.before.text, item.before.span))
        self.parts.append(Limit("floor" if kind == "floor" else "score", item.measure.amount, span))

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

    # ---- formulas ---------------------------------------------------------------------------------------------------------
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
        names = [factor.value for factor in factors if not isinstance(factor.value, (Amount, str))]
        numbers = [factor.value for factor in factors if isinstance(factor.value, Amount)]
        full = sum(1 for factor in factors if factor.value == "full")
        hundred = [number for number in numbers if number.unit.kind == "rate" and number.value == 100 or number.unit.kind == "number" and number.value == 100]
        if not names and self.parts and isinstance(self.parts[-1], Lead) and "=" in self.parts[-1].text and len(numbers) == len(hundred) == 1:
            return  # 实际/目标×100%: a metric's definition
        if len(names) != 1 or full > 1:
            raise self.refuse("KPI104", "看不懂这个算式", span, hint="写成 得分=完成率×N分", example="得分=完成率×50分")
        metric = name_of(names[0].text)
        demand_free(names[0], self.source)
        if not metric and "率" not in names[0].text:
            raise self.refuse("KPI104", "算式里没有指标的名字", span, example="得分=完成率×50分")
        rest = [number for number in numbers if number not in hundred]
        if full == 1 and not rest and len(hundred) <= 1:
            if hundred and factors[[factor.value for factor in factors].index("full")] is factors[-1] and hundred[0].unit.kind == "number":
                pass  # 完成率×100×权重: the weight is full marks / 100
            self._proportional(metric, span, None, checked=True)
            return
        marks = rest or [number for number in hundred if number.unit.kind != "rate"]
        if full or len(marks) != 1 or marks[0].unit.kind not in ("marks", "number") or len(hundred) > 1:
            raise self.refuse("KPI104", "看不懂这个算式", span, hint="写成 得分=完成率×N分", example="得分=完成率×50分")
        self._proportional(metric, span, evolve(marks[0], unit=MARKS), checked=True)

    def _proportional(self, metric: str, span: Span, whole: Amount | None, *, checked: bool = False) -> None:
        by_target = any(word in metric for word in ("目标", "计划", "预算", "任务", "应")) and any(sign in metric for sign in ("占", "与", "/", "除以", "对", "比", "和"))
        said = self.source[span.start : span.end]
        capped = any(word in said for word in ("满分", "标准分", "基本分", "基础分", "基准分"))
        clause = Proportional(share_name(metric), by_target, whole, capped, span)
        if self.otherwise is not None:
            self.otherwise = None
            self._flush()
            self.parts.append(Otherwise(clause, span))
            return
        head = heads(self.pending)
        if not head.items:
            if head.words and head.words[-1].text.rstrip("的者").endswith(("未完成", "没有完成", "未达标", "未达到")):
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
                raise self.refuse("KPI114", "是以上、以下，还是正好？", item.measure.span, hint="在数字后写 以上、以下", example="60%以上按完成比例计分")
        self.parts.append(Rung(condition, clause, head.items[0].measure.span.cover(span)))

    # ---- awards ---------------------------------------------------------------------------------------------------------------
    def _is_bare_award(self, phrase: Measure, phrases: list[Phrase], index: int) -> bool:
        """Points without a verb (50%以下,0分; (4分)) that close a clause."""
        if phrase.kind != "exact" or phrase.bound_word or phrase.of_target or phrase.amount is None:
            return False
        signed = phrase.amount.value is not None and phrase.amount.unit.kind == "number" and self._alone(phrases, index)
        if phrase.amount.unit.kind != "marks" and not signed:
            return False
        if not any(isinstance(before, (Words, Measure, Note)) for before in self.pending):
            return False
        after = [later for later in phrases[index + 1 :] if not isinstance(later, (Gap, Note))]
        direct = phrases[index + 1] if index + 1 < len(phrases) else None
        if isinstance(direct, (Based, LimitHere, Factor, Joint)) or (after and isinstance(after[0], (LimitHere, Based))):
            return False
        if after and isinstance(after[0], Given) and not (isinstance(direct, Gap) and (direct.hard or ")" in direct.signs)):
            return False
        return not (isinstance(direct, Words) and len(after) > 1 and isinstance(after[1], Given))

    def _alone(self, phrases: list[Phrase], index: int) -> bool:
        del phrases, index
        return False

    def _bare(self, phrase: Measure, phrases: list[Phrase], index: int) -> None:
        assert phrase.amount is not None
        before = phrases[index - 1] if index else None
        after = phrases[index + 1] if index + 1 < len(phrases) else None
        opened = isinstance(before, Gap) and before.signs.endswith("(")
        bracketed = opened and isinstance(after, Gap) and after.signs[0] in "),;"
        points = Points("zero") if phrase.amount.value == 0 else Points("marks", phrase.amount)
        award = Award("set", points, phrase.span)
        if phrase.amount.value is not None and (phrase.amount.value < 0 or phrase.plus):
            points = Points("marks", evolve(phrase.amount, value=abs(phrase.amount.value)))
            self._award(None, Award("gain" if phrase.plus else "deduct", points, phrase.span), bracketed=bracketed)
            return
        if bracketed and isinstance(after, Gap) and ":" in after.signs and not heads(self.pending).items:
            self._flush()
            self.parts.append(FullMarks(phrase.amount, phrase.span))
            return
        self._award(None, award, bare=True, bracketed=bracketed)

    def _award(self, given: Given | None, award: Award, *, bare: bool = False, bracketed: bool = False) -> None:
        head = heads(self.pending)
        announced = given is not None and given.blank and not head.items and bool(head.words) and "的" in (head.words[-1].text[-1], self.source[given.span.start])
        if given is not None and announced:
            # 没有完成的扣分,每低2%扣1分: the words announce the rule that follows.
            last = self.pending[-1].word if self.pending and isinstance(self.pending[-1], Words) else None
            self._lead(head.leads)
            self.pending = []
            if last is not None:
                demand_free(last, self.source)
            self.parts.append(Lead("".join(word.text for word in head.words) + self.source[given.span.start : given.span.end], given.span))
            return
        self.pending = []
        if self.otherwise is not None:
            if head.items and (head.items[-1].measure.kind in ("step", "per", "each", "change") or (head.items[-1].measure.amount is not None and head.items[-1].measure.amount.unit.is_count and award.kind == "deduct")):
                self.otherwise = None  # 否则每超1小时扣2分: the step itself begins where the rung ends
                self._measured(head, award, given)
                return
            if head.items or any(name_of(word.text) for word in head.words):
                raise self.refuse("KPI104", "「否则」后面只能接得分或扣分", award.span)
            self.parts.append(Otherwise(award, self.otherwise.span.cover(award.span)))
            self.otherwise = None
            return
        if head.items:
            self._measured(head, award, given, bare=bare and not bracketed)
            return
        self._labelled(head, award, bare=bare, bracketed=bracketed, per_unit=given.per_unit if given else "")

    def _labelled(self, head: Head, award: Award, *, bare: bool, bracketed: bool, per_unit: str) -> None:
        if not head.words and self.parts and isinstance(self.parts[-1], Target) and self.parts[-1].operator in ("==", ">=") and self.parts[-1].high is None:
            said = self.parts.pop()
            assert isinstance(said, Target)
            self.parts.append(Rung(Comparison(said.metric, ">=", said.amount, span=said.span), award, said.span.cover(award.span)))
            return
        if not head.words and per_unit:
            self.parts.append(Occurrence("", Amount(Fraction(1), UNITS[per_unit], award.span), award, True, False, award.span))
            return
        if not head.words:
            raise self.refuse("KPI108", "这里有分数，却没有说什么情况", award.span, hint="在前面写明条件", example="迟到一次扣1分")
        for word in head.words:
            demand_free(word, self.source)
        span = head.words[0].span.cover(award.span)
        text = ",".join(word.text for word in head.words)
        self._lead(head.leads)
        if per_unit:
            unit = UNITS[per_unit]
            amount = Amount(Fraction(1), unit, award.span)
            self.parts.append(Occurrence(name_of(head.words[-1].text), amount, award, True, False, span))
            return
        self.parts.append(Labelled(text, award, span, bracketed, bare))

    def _measured(self, head: Head, award: Award, given: Given | None, *, bare: bool = False) -> None:
        self._sane(head, award)
        group = head.last_group()
        if len(group) == 1 and len(head.items) >= 2 and group[0].measure.kind in ("bound", "between") and group[0].after is not None and group[0].after.text.startswith("的"):
            counted = head.items[-2].measure
            if counted.kind in ("step", "per", "each") and head.items[-2].segment == group[0].segment and (counted.amount is None or counted.amount.unit.is_count):
                raise self.refuse("KPI112", "看不懂这里的数字", group[0].measure.span, hint="把说明放在前面，或放进括号")
        earlier = head.items[: len(head.items) - len(group)]
        last = group[-1].measure
        kind = last.kind
        self._nothing_between(head, group, award)
        event_like = kind in ("per", "each") or (kind == "exact" and last.amount is not None and not last.bound_word and (last.amount.unit.is_count or last.amount.unit.kind in ("time", "month", "workday", "money")))
        event_like = event_like and not (len(group) > 1 and all(item.measure.kind in ("exact", "bound", "between", "target") for item in group))
        step_like = any(item.measure.kind in ("step", "change") for item in group)
        earlier = [item for item in earlier if not (item.measure.kind == "each" and (event_like or step_like))]
        described: list[Item] = []
        if earlier and (event_like or step_like):
            earlier, described = self._implicit_target(earlier, group[0])
        if earlier:
            bad = earlier[-1].measure
            raise self.refuse("KPI107", "这里有一个界限，没有写结果", bad.span, hint="写明这时得多少分")
        span = group[0].measure.span.cover(award.span)
        if given is not None and given.per_unit:
            raise self.refuse("KPI104", "「/」和条件重复", given.span)
        if event_like and not step_like:
            self._event(head, group, described, award, span, bare)
            return
        self._lead(head.leads)
        self._described(described)
        if step_like:
            self._step(group, award, span, bare)
        else:
            self._rung(head, group, award, span)

    def _nothing_between(self, head: Head, group: list[Item], award: Award) -> None:
        """Gate: 每低1%，咔减2分: a segment between the condition and its award must say something known."""
        for word in head.all_words:
            if word.span.start < group[-1].measure.span.end or word is group[-1].after:
                continue
            text = word.text.strip("、")
            if text in _BETWEEN or not name_of(text):
                continue
            raise self.refuse("KPI105", f"看不懂这里的「{text}」", word.span, hint="条件和得分之间不能有别的话", example="每低1%，扣2分")

    def _sane(self, head: Head, award: Award) -> None:
        for item in head.items:
            measure = item.measure
            if measure.bound_word == "damaged":
                raise self.refuse("KPI111", "两个不等号方向相反", measure.span, example="90%≤完成率<95%")
            if measure.kind == "between" and measure.amount and measure.high and measure.amount.value is not None and measure.high.value is not None:
                if measure.amount.base > measure.high.base:
                    raise self.refuse("KPI111", "范围的两头倒了", measure.span, example="80%-90%得8分")
            self._check_name(item)

    def _implicit_target(self, earlier: list[Item], item: Item) -> tuple[list[Item], list[Item]]:
        """执行率不低于75%，每低1%扣1分: a bound before a step is its target; before a count it may describe the event."""
        step = item.measure
        bound = earlier[-1].measure
        if len(earlier) == 1 and bound.kind == "target" and step.kind in ("step", "change"):
            if (bound.operator == "<" and step.direction == "down") or (bound.operator == ">" and step.direction == "up"):
                return [], []  # 未完成任务的，每减少一个
        if len(earlier) == 1 and bound.kind in ("bound", "between") and step.kind in ("step", "change") and bound.amount is not None and step.amount is not None:
            same = bound.amount.unit.kind == step.amount.unit.kind or step.amount.unit.kind == "rate" or (bound.amount.unit.is_count and step.amount.unit.is_count)
            if same and earlier[0].joint is None:
                name = name_of(earlier[0].before.text) if earlier[0].before else ""
                if earlier[0].after is not None:
                    demand_free(earlier[0].after, self.source)
                self.parts.append(self._as_target(name, bound, bound.span))
                return [], []
        ending = earlier[-1].after.text if earlier[-1].after else ""
        if len(earlier) == 1 and bound.kind in ("target", "bound") and ending.endswith(("时", "的")) and earlier[0].before is not None and "目标" in earlier[0].before.text:
            return [], earlier  # 目标值不低于基准值时: a condition on the parameters, not on the metric
        if step.kind in ("each", "per", "exact") and all(one.measure.kind in ("bound", "between", "exact") for one in earlier) and ending.endswith(("的", "者", "时")):
            return [], earlier
        return earlier, []

    # ---- the kinds of clause -----------------------------------------------------------------------------------------------
    def _step(self, group: list[Item], award: Award, span: Span, bare: bool) -> None:
        parts: list[StepPart] = []
        for item in group:
            measure = item.measure
            if measure.kind not in ("step", "change") or measure.direction is None or measure.amount is None:
                raise self.refuse("KPI104", "这几个条件不能连在一起", measure.span)
            self._check_tail(item, award)
            name = name_of(item.before.text) if item.before else ""
            self._check_metric(name, item)
            if measure.kind == "change" and name and not names_metric(name) and (len(name) < 3 or not measure.amount.unit.is_count):
                raise self.refuse("KPI105", f"看不懂「{name}」是什么指标", measure.span, hint="写 每低…、每高…", example="每低1%扣2分")
            if measure.inside is not None and measure.kind == "step":
                demand_free(measure.inside, self.source)
                self._check_reference(measure)
                if measure.direction == "down" and measure.amount.unit.is_count and not measure.of_target and len(group) == 1 and not measure.inside.text.startswith(("于", "比", "较")):
                    event = f"{name}少{name_of(measure.inside.text) or measure.inside.text}"  # 每少开一次例会
                    self.parts.append(Counted(event, measure.amount, award, True, span))
                    return
            parts.append(StepPart(name, measure.direction, measure.amount, measure.of_target))
        first = group[0].measure
        if award.kind == "set" and award.points.kind == "marks" and first.kind == "step" and not bare:
            award = evolve(award, kind="gain")
        if award.kind == "set":
            raise self.refuse("KPI109", "每一档没有说加分还是减分", award.span, example="每低1%扣2分")
        if first.kind == "change" and len(group) == 1:
            self.parts.append(Once(parts[0].metric, first, award, span))
            return
        self.parts.append(Step(tuple(parts), award, first.kind == "step", first.full_steps, span))

    def _check_reference(self, measure: Measure) -> None:
        """每高于目标值1%: words between the direction and the number refer to the target, or name what is counted."""
        assert measure.inside is not None and measure.amount is not None
        text = measure.inside.text
        if measure.amount.unit.is_count and not measure.of_target:
            return
        if measure.of_target and len(text) > 2 and names_metric(text):
            return
        if _REFERENCE.search(text):
            return
        raise self.refuse("KPI105", f"看不懂这里的「{text}」", measure.inside.span, hint="方向和数字之间只能写参照的目标", example="每高于目标值1%扣1分")

    def _event(self, head: Head, group: list[Item], described: list[Item], award: Award, span: Span, bare: bool) -> None:
        if len(group) != 1:
            raise self.refuse("KPI104", "这几个条件不能连在一起", group[0].measure.span)
        item = group[0]
        measure = item.measure
        amount = measure.amount
        if measure.kind == "each":
            assert measure.inside is not None
            amount = Amount(Fraction(1), unit_named(measure.inside.text.lstrip("每按有")), measure.span)
        assert amount is not None
        self._check_direction(item, amount)
        event, used = self._event_name(head, item, described)
        self._lead([lead for lead in head.leads if not (isinstance(lead, Words) and lead.word is used)])
        self._described(described)
        marked = measure.kind in ("per", "each")
        if award.kind == "set" and marked and award.points.kind == "marks":
            award = evolve(award, kind="gain")
        self.parts.append(Counted(event, amount, award, marked, span, measure.full_steps, bare))

    def _check_direction(self, item: Item, amount: Amount) -> None:
        """Gate: 每底1% must not pass as an event called 底."""
        inside = item.measure.inside.text if item.measure.inside and item.measure.kind == "per" else ""
        before = name_of(item.before.text) if item.before else ""
        span = item.measure.span
        if amount.unit.kind in ("rate", "number", "times", "marks") and not amount.unit.kind.startswith("measure"):
            raise self.refuse("KPI113", "这一档没有说是高还是低", span, hint="在数字前写 高、低、增加、减少 等", example="每低1%扣2分")
        if amount.unit.kind in ("time", "month", "workday", "money") and inside and not LASTING.search(inside):
            if amount.unit.kind != "money" or not inside.endswith(("失", "费", "额", "款", "值", "本", "误")):
                raise self.refuse("KPI113", f"看不懂这里的「{inside}」", item.measure.inside.span if item.measure.inside else span, hint="在时间前写 延误、提前 等；在金额前写 高、低 等", example="每延误1天扣2分")
        if amount.unit.kind in ("time", "month", "workday") and item.measure.kind == "exact" and not (before and LASTING.search(before)):
            raise self.refuse("KPI113", "这段时间是什么的时间？", span, hint="在时间前写 延误、逾期、提前 等", example="延误1天扣2分")
        for text, word in ((inside, item.measure.inside), (before, item.before)):
            if len(text) == 1 and text not in SHORT_EVENTS and text not in TRIVIAL and word is not None:
                raise self.refuse("KPI105", f"看不懂这里的「{text}」", word.span, hint="写出事情的名字，或 高、低、多、少", example="迟到一次扣1分")

    def _event_name(self, head: Head, item: Item, described: list[Item]) -> tuple[str, Word | None]:
        """The event's name, and the segment that gave it where that stands before a separator."""
        inside_word = item.measure.inside if item.measure.kind == "per" else None
        for word in (item.before, item.after, inside_word):
            if word is not None:
                demand_free(word, self.source)
        if item.after is not None and len(item.after.text) <= 4 and item.after.text[-1] in "上下内外":
            raise self.refuse("KPI105", f"看不懂这里的「{item.after.text}」", item.after.span, hint="您是不是想写「以上」「以下」「以内」？", example="3次以上得0分")
        if item.before is not None and re.fullmatch(r".(?:发生|出现|发现|有|存在|造成|产生|查出)", item.before.text):
            raise self.refuse("KPI105", f"看不懂这里的「{item.before.text}」", item.before.span, hint="您是不是想写「每发生」？", example="每发生一次扣2分")
        before = name_of(item.before.text) if item.before else ""
        inside = name_of(inside_word.text) if inside_word else ""
        if before or inside:
            return before or inside, None
        previous = head.previous_words(item)
        if previous is not None or described:
            scope = next((word for word in head.all_words if word.text.endswith("中")), None)
            if scope is not None and scope is not previous:
                return name_of(scope.text[:-1]), scope
        after = name_of(item.after.text) if item.after else ""
        if after:
            return after, None
        if previous is not None:
            return name_of(previous.text) or previous.text, previous
        return inside_word.text if inside_word is not None and inside_word.text != "有" else "", None

    def _described(self, described: list[Item]) -> None:
        """10天内未办结的，每件扣1分: a bound that only tells which cases are counted is kept as a lead."""
        for item in described:
            start = item.before.span if item.before else item.measure.span
            stretch = start.cover(item.after.span if item.after else item.measure.span)
            for word in (item.before, item.after):
                if word is not None:
                    demand_free(word, self.source)
            self.parts.append(Lead(normalise(self.source[stretch.start : stretch.end]).replace(" ", "").replace("\n", ""), stretch))

    def _rung(self, head: Head, group: list[Item], award: Award, span: Span) -> None:
        for item in group:
            self._check_tail(item, award)
        first = group[0].measure
        example = any(isinstance(part, Proportional) for part in self.parts)
        if len(group) == 1 and first.kind == "exact" and not first.bound_word and first.amount is not None and first.amount.unit.kind in ("rate", "number") and not example and not self._whole(first.amount):
            if first.amount.unit.kind == "number":
                raise self.refuse("KPI110", "数字没有单位，也没有界限词", first.span, hint="写成 90%以上、不低于3次 等")
            raise self.refuse("KPI114", "是以上、以下，还是正好？", first.span, hint="在数字后写 以上、以下，或在前面写 高于、低于", example="90%以上得10分")
        condition = self._condition(group)
        if isinstance(condition, Comparison) and first.kind == "bound" and award.kind != "set" and first.amount is not None:
            over = first.bound_word in ("超过", "超出", "超", "逾")
            if over and not first.of_target:
                self.parts.append(Once(condition.metric, first, award, span))
                return
        self.parts.append(Rung(condition, award, span))

    @staticmethod
    def _whole(amount: Amount) -> bool:
        """100% and 0% are said without a bound word."""
        return amount.unit.kind == "rate" and amount.value in (0, 100)

    def _condition(self, group: list[Item]) -> Condition:
        leaves = [self._leaf(item) for item in group]
        if len(leaves) == 1:
            return leaves[0]
        for item in group:
            if item.measure.kind == "exact" and item.after is not None and item.after.text not in _BETWEEN:
                raise self.refuse("KPI105", f"看不懂这里的「{item.after.text}」", item.after.span, hint="在数字后写 以上、以下", example="10家以上或100万元以上得20分")
        kinds = {item.joint for item in group[1:]}
        if len(kinds) != 1:
            raise self.refuse("KPI203", "或 和 且 混在一起，先后不明", group[0].measure.span, hint="分成两句写")
        span = group[0].measure.span.cover(group[-1].measure.span)
        return Every(tuple(leaves), span) if kinds == {"and"} else Either(tuple(leaves), span)

    def _leaf(self, item: Item) -> Condition:
        measure = item.measure
        metric = name_of(item.before.text) if item.before else ""
        if len(metric) == 1 and metric.isascii():
            metric = ""  # X<85%
        if item.before is None and item.after is not None and item.after.text.endswith(("率", "度", "比例")):
            metric = name_of(item.after.text)
        if measure.inside is not None and measure.kind == "bound":
            inside = measure.inside.text
            if inside and measure.bound_word.endswith(("上", "下", "内")):  # 缩短10%以上
                metric = (item.before.text if item.before else "") + inside
                metric = name_of(metric) or metric
            elif not measure.of_target and name_of(inside):
                self._check_reference(measure)
        span = (item.before.span if item.before else measure.span).cover(measure.span)
        amount = measure.amount
        self._check_metric(metric, item)
        if measure.kind == "between":
            assert amount is not None and measure.high is not None
            if not metric and measure.inside is not None and not (measure.inside.text.isascii() and len(measure.inside.text) == 1):
                metric = name_of(measure.inside.text)
            low, high = measure.operator, measure.high_operator
            return Between(metric, amount, ">" if low == ">" else ">=", measure.high, "<" if high == "<" else "<=", span)
        if measure.absolute and amount is not None and amount.value is not None and measure.operator in ("<", "<="):
            return Between(metric, evolve(amount, value=-amount.value), ">=" if measure.operator == "<=" else ">", amount, measure.operator, span)
        if measure.absolute:
            raise self.refuse("KPI104", "± 只能和 以内、不超过 一起用", measure.span)
        operator = "==" if measure.kind == "exact" else measure.operator
        if measure.twice and not measure.beyond:
            raise self.refuse("KPI114", "数字前后各有一个界限词", measure.span, hint="只留一个", example="90%以上得10分")
        if measure.beyond:
            self._check_beyond(measure)
            return Comparison(metric, operator, amount, True, True, span=span)
        return Comparison(metric, operator, amount, measure.of_target, span=span)

    def _check_beyond(self, measure: Measure) -> None:
        """低于目标值20%: below a fifth of the target, or a fifth below it?"""
        amount = measure.amount
        plain = amount is not None and amount.unit.kind == "rate" and amount.value is not None
        if measure.twice or not plain or measure.bound_word in ("超", "高出", "多出"):
            return
        assert amount is not None and amount.value is not None
        if measure.operator[0] == ">" and amount.value <= 50:
            return
        number = f"{decimal_text(amount.value)}%"
        word = "低于" if measure.operator[0] == "<" else "高于"
        low = Fraction(100) - amount.value if word == "低于" else Fraction(100) + amount.value
        raise AmbiguousRuleError(
            f"「{word}目标值{number}」是目标值的{number}，还是比目标值{'少' if word == '低于' else '多'}{number}？",
            readings=(
                AlternativeReading(text=f"{word}目标值的{number}", at="界限", points=f"目标值×{number}"),
                AlternativeReading(text=f"{word}目标值的{decimal_text(low)}%", at="界限", points=f"目标值×{decimal_text(low)}%"),
            ),
            code="KPI203", span=measure.span, source=self.source, hint="写 目标值的…%",
        )  # fmt: skip

    # ---- gates and leads ----------------------------------------------------------------------------------------------------------
    def _check_name(self, item: Item) -> None:
        if item.before is not None:
            demand_free(item.before, self.source)
            text = item.before.text
            if text.endswith(("没", "未", "不", "并非", "非")) and item.measure.kind == "bound":
                raise self.refuse("KPI114", f"「{text[-1]}」和界限词连在一起，意思不明", item.before.span, hint="改用 不低于、不超过 等", example="不低于90%得满分")

        if item.before is not None and item.before.text.endswith("为") and item.measure.bound_word.startswith("达"):
            raise self.refuse("KPI111", "「为达到」是不是「未达到」？", item.before.span.cover(item.measure.span), example="未达到90%的不得分")

    def _check_metric(self, name: str, item: Item) -> None:
        """Gate: words straight before a rate, an amount or a time must name a metric."""
        amount = item.measure.amount
        if amount is None or amount.unit.is_count or item.before is None or names_metric(name):
            return
        known = any(name in getattr(part, "text", "") or name == getattr(part, "metric", None) for part in self.parts)
        if name == self.indicator or (name and name in self.indicator) or known:
            return
        raise self.refuse("KPI105", f"看不懂「{name}」是什么指标", item.before.span, hint="写指标的名字，例如 完成率、费用额、响应时间", example="完成率90%以上得满分")

    def _check_tail(self, item: Item, award: Award) -> None:
        if item.after is None:
            return
        text = item.after.text.strip("、")
        demand_free(item.after, self.source)
        amount = item.measure.amount
        if text in _BETWEEN or text.rstrip("的者时则") in _BETWEEN:
            return
        if item.before is None and item.measure.kind in ("exact", "bound") and text.endswith(("率", "度", "比例")):
            return  # 100%成功率
        counted = amount is not None and (amount.unit.is_count or amount.unit.kind == "money")
        if counted and len(text) >= 2 and text[-1] not in "上下内外" and text[0] not in "得记计扣加减奖" and item.measure.kind in ("bound", "between", "step", "change"):
            return  # 10家以上客户, 每多开发一家供应商
        raise self.refuse("KPI105", f"看不懂这里的「{text}」", item.after.span, hint="界限和得分之间不能有别的话", example="90%以上得10分")

    def _lead(self, words: list[Words | Note]) -> None:
        for phrase in words:
            if isinstance(phrase, Words):
                self._check_lead(phrase)
                self.parts.append(Lead(phrase.word.text, phrase.span))
            else:
                self.parts.append(Lead(phrase.text, phrase.span))

    def _check_lead(self, phrase: Words) -> None:
        """Gate: words that carry no clause must be a remark, not a clause misspelt."""
        text = phrase.word.text.strip("、")
        demand_free(phrase.word, self.source)
        if len(text) <= 3 and text not in _REMARKS and not names_metric(text) and all(part.kind == "TEXT" for part in phrase.word.parts or (phrase.word,)):
            raise self.refuse("KPI105", f"看不懂这里的「{text}」", phrase.span, hint="删掉它，或把它写成完整的一句")
        if re.match(r"(?:按照?|依照?|根据|以).*(?:比例|百分比|率)", text) and not text.endswith(("得分", "表")):
            raise self.refuse("KPI105", f"看不懂「{text[:20]}」怎么计分", phrase.span, hint="写 按完成比例计分，或 得分=完成率×N分", example="按完成比例计分")

    def _flush(self, *, last: bool = False) -> None:
        """What is pending carries no award: text becomes leads, a number is refused."""
        head = heads(self.pending)
        self.pending = []
        if self.otherwise is not None:
            raise self.refuse("KPI107", "「否则」后面没有结果", self.otherwise.span, example="完成得满分，否则不得分")
        if head.items:
            item = head.items[-1]
            if last and len(head.items) == 1 and item.measure.kind in ("bound", "between") and item.measure.amount is not None and not item.measure.of_target:
                self._check_name(item)
                name = name_of(item.before.text) if item.before else ""
                self._check_metric(name, item)
                if item.after is None or (item.measure.amount.unit.is_count and len(item.after.text) >= 2 and item.after.text[0] not in "得记计为扣加减奖不"):
                    self._lead([*head.leads, *([Words(item.after, item.after.span)] if item.after is not None else [])])
                    self.parts.append(self._as_target(name, item.measure, item.measure.span))
                    return
            marks = item.measure.amount is not None and item.measure.amount.unit.kind == "marks"
            if item.measure.kind in ("exact", "each") and marks:
                raise self.refuse("KPI108", "这里有分数，却没有说什么情况", item.measure.span, hint="在前面写明条件", example="迟到一次扣1分")
            raise self.refuse("KPI107", "这里有一个数，没有写结果", item.measure.span, hint="写明这时得多少分、扣多少分")
        self._lead([*head.leads, *head.trailing])

