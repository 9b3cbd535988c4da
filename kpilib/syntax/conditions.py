"""What stands before an award: conditions, targets said in passing, events and their names."""

from __future__ import annotations

import re
from typing import Literal, NoReturn

from attrs import evolve

from kpilib.errors import AlternativeReading, AmbiguousRuleError
from kpilib.quantity import ANY_COUNT, PERCENT, PLAIN
from kpilib.syntax.gates import BETWEEN, Gates
from kpilib.syntax.heads import Head, Item, heads
from kpilib.syntax.lexer import Word
from kpilib.syntax.names import demand_free, name_of, names_metric
from kpilib.syntax.parts import SCORING
from kpilib.syntax.phrases import (
    Measure,
    Note,
    Words,
)
from kpilib.syntax.tree import (
    Award,
    Between,
    Comparison,
    Condition,
    Either,
    Every,
    Happens,
    Lead,
    Rung,
    Target,
)
from kpilib.text import Span, normalise

# Units of bare targets: 完好率98%，每低…; 响应时间15分钟，每超过…
_AIMED = ("rate", "time", "workday", "money", "number")


_FAR = re.compile(
    r"(?:超出|超|高出|低|(?<![误偏极温落价])差|(?<![缺减])少)$"
)  # before a range: how far beyond the target


class Conditions(Gates):
    """Reads the head of a clause."""

    def _condition(self, group: list[Item]) -> Condition:
        leaves = [self._leaf(item) for item in group]
        if len(leaves) == 1:
            return leaves[0]
        for item in group:
            if item.measure.kind == "exact" and item.after is not None and item.after.text not in BETWEEN:
                raise self.refuse(
                    "KPI105",
                    f"看不懂这里的「{item.after.text}」",
                    item.after.span,
                    hint="在数字后写 以上、以下",
                    example="10家以上或100万元以上得20分",
                )
        kinds = {item.joint for item in group[1:]}
        if len(kinds) != 1:
            self._mixed(group)
        span = group[0].measure.span.cover(group[-1].measure.span)
        return Every(tuple(leaves), span) if kinds == {"and"} else Either(tuple(leaves), span)

    def _mixed(self, group: list[Item]) -> NoReturn:
        """A或B且C: (A或B)且C, or A或(B且C)?"""
        said = [self.source[item.measure.span.start : item.measure.span.end] for item in group]
        joints = ["且" if item.joint == "and" else "或" for item in group[1:]]
        words = [said[0], *(word for pair in zip(joints, said[1:], strict=True) for word in pair)]
        turn = 2 * next(place for place, joint in enumerate(joints) if joint != joints[0])  # the word both joints share
        text, head, tail = "".join(words), "".join(words[: turn + 1]), "".join(words[turn:])
        left, right = "".join(words[:turn]), "".join(words[turn + 1 :])
        at = f"只有「{said[0] if joints[0] == '或' else said[-1]}」成立"
        raise AmbiguousRuleError(
            f"「{text}」里 或 和 且 混在一起，先后不明",
            readings=(
                AlternativeReading(text=f"（{head}）{right}", at=at, points="条件不成立" if joints[0] == "或" else "条件成立"),
                AlternativeReading(text=f"{left}（{tail}）", at=at, points="条件成立" if joints[0] == "或" else "条件不成立"),
            ),
            span=group[0].measure.span.cover(group[-1].measure.span), source=self.source, hint="分成两句写",
        )  # fmt: skip

    def _leaf(self, item: Item) -> Condition:
        measure = item.measure
        metric = name_of(item.before.text) if item.before else ""
        if len(metric) == 1 and metric.isascii():
            metric = ""  # X<85%
        if item.before is None and item.after is not None and item.after.text.endswith(("率", "度", "比例")):
            metric = name_of(item.after.text)
        refers = measure.kind == "bound" and not measure.of_target and not measure.beyond
        if refers and measure.inside is not None and name_of(measure.inside.text):
            self._check_reference(measure)
        span = (item.before.span if item.before else measure.span).cover(measure.span)
        amount = measure.amount
        if self._none(item) and not metric.endswith("数"):
            return Happens(metric, False, span=span)
        if amount is not None and amount.unit.kind == "number" and self._counts(item) and not metric.endswith("率"):
            amount = evolve(amount, unit=ANY_COUNT)
        if amount is not None and amount.value == 0 and amount.unit is PLAIN and metric.endswith("率"):
            amount = evolve(amount, unit=PERCENT)  # 差错率为0
        self._check_metric(metric, item)
        if measure.kind == "between":
            assert amount is not None
            assert measure.high is not None
            if (
                not metric
                and measure.inside is not None
                and not (measure.inside.text.isascii() and len(measure.inside.text) == 1)
            ):
                metric = name_of(measure.inside.text)
            low, high = measure.operator, measure.high_operator
            far = _FAR.search(item.before.text) if item.before is not None else None
            beyond: Literal["", "up", "down"] = "" if far is None else "up" if far[0][0] in "超高" else "down"
            if far is not None and item.before is not None:
                metric = name_of(item.before.text[: far.start()])
            return Between(
                metric, amount, ">" if low == ">" else ">=", measure.high, "<" if high == "<" else "<=", beyond, span
            )
        if measure.absolute and amount is not None and amount.value is not None and measure.operator in ("<", "<="):
            return Between(
                metric,
                evolve(amount, value=-amount.value),
                ">=" if measure.operator == "<=" else ">",
                amount,
                measure.operator,
                span=span,
            )
        if measure.absolute:
            raise self.refuse("KPI104", "± 只能和 以内、不超过 一起用", measure.span)
        operator = "==" if measure.kind == "exact" else measure.operator
        if measure.twice and not measure.beyond:
            raise self.refuse(
                "KPI114", "数字前后各有一个界限词", measure.span, hint="只留一个", example="90%以上得10分"
            )
        if measure.beyond:
            self._check_beyond(measure)
            return Comparison(metric, operator, amount, measure.of_target, measure.beyond, span=span)
        return Comparison(metric, operator, amount, measure.of_target, within=measure.within, span=span)

    def _as_target(self, metric: str, measure: Measure, span: Span) -> Target:
        assert measure.amount is not None
        if measure.kind == "between":
            assert measure.high is not None
            return Target(metric, "==", measure.amount, measure.high, span)
        return Target(metric, measure.operator if measure.kind == "bound" else "==", measure.amount, None, span)

    def _implicit_target(self, earlier: list[Item], item: Item, previous: Word | None) -> tuple[list[Item], list[Item]]:
        """执行率不低于75%，每低1%扣1分: a bound before a step is its target; before a count it may describe the event."""
        step = item.measure
        bound = earlier[-1].measure
        if len(earlier) == 2 and bound.kind == "bound" and bound.amount is not None:
            first = earlier[0].measure
            same = first.amount is not None and first.amount.base == bound.amount.base
            if first.kind == "bound" and same and not any(one.joint or one.after for one in earlier):
                earlier, bound = earlier[:1], first  # 不能超过2次，2次以上每增加1次减5分
        counts = (
            bound.kind == "exact"
            and bound.amount is not None
            and (bound.amount.unit.is_count or (bound.amount.unit.kind in _AIMED and _aims(earlier[-1].before)))
            and earlier[-1].before is not None
            and earlier[-1].after is None
        )
        of_parameters = earlier[-1].before is not None and "目标" in earlier[-1].before.text
        if (
            len(earlier) == 1
            and bound.kind == "target"
            and not of_parameters
            and step.kind in ("step", "change")
            and (
                (bound.operator == "<" and step.direction == "down")
                or (bound.operator == ">" and step.direction == "up")
                or (bound.operator == "<=" and step.direction == "up")
                or (bound.operator == ">=" and step.direction == "down")
            )
        ):
            return [], []  # 未完成任务的，每减少一个
        if len(earlier) == 1 and bound.kind == "bound" and (self._rest_of_zero(bound) or self._edge_again(bound, step)):
            return [], []  # 超过10小时为0分；不超过10小时，每增加0.1小时扣1分
        if (
            len(earlier) == 1
            and (bound.kind in ("bound", "between") or counts)
            and step.kind in ("step", "change")
            and bound.amount is not None
            and step.amount is not None
        ):
            same = (
                bound.amount.unit.kind == step.amount.unit.kind
                or step.amount.unit.kind == "rate"
                or (bound.amount.unit.is_count and step.amount.unit.is_count)
            )
            if same and earlier[0].joint is None:
                name = name_of(earlier[0].before.text) if earlier[0].before else ""
                if earlier[0].after is not None:
                    demand_free(earlier[0].after, self.source)
                if bound.operator == "<" and step.direction == "down":
                    bound = bound._replace(operator=">=")  # 未达到100%，每下降5%: what is reached is the target
                elif bound.operator == ">" and step.direction == "up":
                    bound = bound._replace(operator="<=")
                self.parts.append(self._as_target(name, bound, bound.span))
                return [], []
        ending = earlier[-1].after.text if earlier[-1].after else ""
        if len(earlier) == 1 and bound.kind in ("target", "bound") and ending.endswith(("时", "的")) and of_parameters:
            return [], earlier  # 目标值不低于基准值时: a condition on the parameters, not on the metric
        if (
            step.kind in ("each", "per", "exact")
            and all(one.measure.kind in ("bound", "between", "exact") for one in earlier)
            and (
                ending.endswith(("的", "者", "时"))
                or (previous is not None and previous.text.endswith(("的", "者")))
                or self._demanded(earlier)
            )
        ):
            return [], earlier
        return earlier, []

    def _edge_again(self, bound: Measure, step: Measure) -> bool:
        """85%-93%得10分，低于85%每低1%扣1分，高于93%每高1%加1分: the bound only says again where the range ends."""
        way = {"<": "down", "<=": "down", ">": "up", ">=": "up"}[bound.operator]
        ranges = [
            part.condition
            for part in [*self.earlier, *self.parts]
            if isinstance(part, Rung) and isinstance(part.condition, Between) and isinstance(part.award, Award)
        ]
        return step.direction == way and any((one.low if way == "down" else one.high) == bound.amount for one in ranges)

    def _rest_of_zero(self, bound: Measure) -> bool:
        """Whether a bound is just what an earlier zero rule leaves over."""
        opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
        for part in [*self.earlier, *self.parts]:
            if isinstance(part, Rung) and isinstance(part.condition, Comparison) and isinstance(part.award, Award):
                leaf = part.condition
                if (
                    part.award.points.kind == "zero"
                    and leaf.amount == bound.amount
                    and opposite.get(leaf.operator) == bound.operator
                ):
                    return True
        return False

    @staticmethod
    def _demanded(earlier: list[Item]) -> bool:
        """准确率为100%，每出现一项错误扣5分; 检查一次，…: what is demanded or done, before what is counted."""
        for item in earlier:
            amount = item.measure.amount
            if amount is None or item.before is None or item.measure.kind != "exact":
                return False
            whole = amount.unit.kind == "rate" and amount.value == 100
            done = amount.unit.is_count and item.before.text.endswith(
                ("进行", "开展", "组织", "举行", "召开", "检查", "抽查", "抽取", "巡查")
            )
            if not whole and not done:
                return False
        return True

    def _event_name(self, head: Head, item: Item, described: list[Item]) -> tuple[str, Word | None]:
        """The event's name, and the segment that gave it where that stands before a separator."""
        inside_word = item.measure.inside if item.measure.kind == "per" else None
        for word in (item.before, item.after, inside_word):
            if word is not None:
                demand_free(word, self.source)
        if item.after is not None and len(item.after.text) <= 4 and item.after.text[-1] in "上下内外":
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{item.after.text}」",
                item.after.span,
                hint="您是不是想写「以上」「以下」「以内」？",
                example="3次以上得0分",
            )
        if item.before is not None and re.fullmatch(
            r"[^如若凡每有仅另](?:发生|出现|发现|有|存在|造成|产生|查出)", item.before.text
        ):
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{item.before.text}」",
                item.before.span,
                hint="您是不是想写「每发生」？",
                example="每发生一次扣2分",
            )
        before = name_of(item.before.text) if item.before else ""
        if before and item.before is not None:
            before = _undone(item.before.text, before)
        if item.measure.kind == "exact" and re.fullmatch(r"[多少大小高低].", before):
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{before}」",
                item.measure.span,
                hint=f"您是不是想写「{before[0]}于」？",
                example="多于10件得0分",
            )
        if re.fullmatch(r"否.|.则", before):
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{before}」",
                item.before.span if item.before else item.measure.span,
                hint="您是不是想写「否则」？",
            )
        inside = name_of(inside_word.text) if inside_word else ""
        if before or inside:
            return before + inside, None  # 培训每缺席一次 counts absences from training
        previous = head.previous_words(item)
        if previous is not None and previous.text.endswith(("的", "者")) and not described:
            return name_of(previous.text) or previous.text, previous
        if previous is not None or described:
            scope = next((word for word in head.all_words if word.text.endswith("中")), None)
            if scope is not None and scope is not previous:
                return name_of(scope.text[:-1]), scope
        after = name_of(item.after.text) if item.after else ""
        if after and item.after is not None:
            after = _undone(item.after.text, after)
        if not after and item.after is not None and item.after.text.startswith(("未", "不")):
            after = item.after.text
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
            self.parts.append(
                Lead(normalise(self.source[stretch.start : stretch.end]).replace(" ", "").replace("\n", ""), stretch)
            )

    def _lead(self, words: list[Words | Note]) -> None:
        for phrase in words:
            if isinstance(phrase, Words):
                self._check_lead(phrase)
                self.parts.append(Lead(phrase.word.text, phrase.span))
            else:
                self.parts.append(Lead(phrase.text, phrase.span))

    def _flush(self, *, last: bool = False) -> None:
        """What is pending carries no award: text becomes leads, a number is refused."""
        head = heads(self.pending)
        self.pending = []
        if self.otherwise is not None:
            raise self.refuse("KPI107", "「否则」后面没有结果", self.otherwise.span, example="完成得满分，否则不得分")
        if head.items:
            item = head.items[-1]
            scored = any(isinstance(part, SCORING) for part in self.parts)
            if (
                last
                and not scored
                and not self.earlier
                and len(head.items) == 1
                and item.measure.kind in ("bound", "between")
                and item.measure.amount is not None
                and not item.measure.of_target
            ):
                self._check_name(item)
                name = name_of(item.before.text) if item.before else ""
                self._check_metric(name, item)
                if item.after is None or (
                    item.measure.amount.unit.is_count
                    and len(item.after.text) >= 2
                    and item.after.text[0] not in "得记计为扣加减奖不"
                ):
                    self._lead([*head.leads, *([Words(item.after, item.after.span)] if item.after is not None else [])])
                    self.parts.append(self._as_target(name, item.measure, item.measure.span))
                    return
            marks = item.measure.amount is not None and item.measure.amount.unit.kind == "marks"
            if item.measure.kind in ("exact", "each") and marks:
                raise self.refuse(
                    "KPI108",
                    "这里有分数，却没有说什么情况",
                    item.measure.span,
                    hint="在前面写明条件",
                    example="迟到一次扣1分",
                )
            raise self.refuse(
                "KPI107", "这里有一个数，没有写结果", item.measure.span, hint="写明这时得多少分、扣多少分"
            )
        self._lead([*head.leads, *head.trailing])


def _aims(before: Word | None) -> bool:
    """设备完好率98%，每低1%扣1分: a bare rate is the target of the steps, unless it is no result (权重20%)."""
    name = name_of(before.text) if before is not None else ""
    return len(name) > 1 and names_metric(name) and re.search(r"权重|占比?$|比重|分值|抽|样本|系数", name) is None


def _undone(text: str, name: str) -> str:
    """督办事项未完成一项: the event is that it is not done, not the matter itself."""
    tail = text[text.index(name) + len(name) :] if name in text else ""
    return (
        name + tail
        if re.fullmatch(r"(?:未|没有|没)(?:能)?(?:按时|按期|及时|如期)?(?:完成|达到|办结|落实)?|(?:完成|落实)", tail)
        and "未" in name + tail
        else name
    )
