"""Gates: every stretch of text must be explained; what stands beside a number must name, bound or pay something."""

from __future__ import annotations

import re
from fractions import Fraction

from kpilib.errors import AlternativeReading, AmbiguousRuleError
from kpilib.quantity import PLAIN, decimal_text
from kpilib.syntax.heads import Head, Item
from kpilib.syntax.names import LASTING, SHORT_EVENTS, TRIVIAL, demand_free, name_of, names_metric
from kpilib.syntax.parts import Sentence
from kpilib.syntax.phrases import (
    Measure,
    Words,
)
from kpilib.syntax.tree import (
    Amount,
    Award,
)
from kpilib.text import later

# Words that may stand between a bound and its award.
BETWEEN = frozenset(
    [
        "的",
        "者",
        "时",
        "内",
        "的情况",
        "情况",
        "的部分",
        "部分",
        "的则",
        "则",
        "为",
        "的时",
        "的人",
        "完成",
        "的完成",
        "之间",
        "范围内",
        "之间的",
        "范围内的",
        "则该项",
        "该项",
        "区间",
        "区间的",
        "水平",
        "的水平",
        "的可",
        "期间",
        "完成的",
        "的得",
        "档",
        "或以上",
        "评",
        "均",
        "评定",
    ]
) | {""}
_REMARKS = frozenset(
    [
        "注",
        "备注",
        "说明",
        "其他",
        "要求",
        "标准",
        "评分",
        "方法",
        "公式",
        "正向",
        "反向",
        "逆向",
        "定量",
        "定性",
        "月度",
        "季度",
        "年度",
        "每月",
        "每季",
        "每年",
        "注意",
        "方式",
        "依据",
        "内容",
        "指标",
        "任务",
        "目标",
    ]
)
# References that a step may be counted from.
_REFERENCE = later(
    r"目标|计划|预算|基准|基数|标准|合同|定额|同期|上年|上月|上期|去年|平均|规定|要求|限额|指标|任务|工期|周期|成本|期限|底线|红线|达标"
)

_DOING = r"(?:完成|办结|处理|回复|响应|到达|到场|解决|提交|答复|交付|送达|反馈|修复|恢复|办理|上报|报送|整改|关闭|完毕).{0,4}"


class Gates(Sentence):
    """The checks between reading phrases and making clauses of them."""

    def _sane(self, head: Head, award: Award) -> None:
        for item in head.items:
            measure = item.measure
            if measure.bound_word == "damaged":
                raise self.refuse("KPI111", "两个不等号方向相反", measure.span, example="90%≤完成率<95%")
            if (
                measure.kind == "between"
                and measure.amount
                and measure.high
                and measure.amount.value is not None
                and measure.high.value is not None
            ) and measure.amount.base > measure.high.base:
                raise self.refuse("KPI111", "范围的两头倒了", measure.span, example="80%-90%得8分")
            self._check_name(item)

    def _nothing_between(self, head: Head, group: list[Item], award: Award) -> None:
        """Gate: 每低1%，咔减2分: a segment between the condition and its award must say something known."""
        for word in head.all_words:
            if word.span.start < group[-1].measure.span.end or word is group[-1].after:
                continue
            text = word.text.strip("、")
            if text in BETWEEN or not name_of(text):
                continue
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{text}」",
                word.span,
                hint="条件和得分之间不能有别的话",
                example="每低1%，扣2分",
            )

    def _check_reference(self, measure: Measure) -> None:
        """每高于目标值1%: words between the direction and the number refer to the target, or name what is counted."""
        assert measure.inside is not None
        assert measure.amount is not None
        text = measure.inside.text
        if re.search(r"范围|区间", text):
            raise self.refuse(
                "KPI113", f"「{text}」的哪一边？", measure.inside.span, hint="两边各写一句",
                example="每高于目标值1%扣2分，每低于目标值1%扣2分",
            )  # fmt: skip
        if measure.amount.unit.is_count and not measure.of_target:
            return
        if measure.of_target and len(text) > 2 and names_metric(text):
            return
        if _REFERENCE.search(text):
            return
        raise self.refuse(
            "KPI105",
            f"看不懂这里的「{text}」",
            measure.inside.span,
            hint="方向和数字之间只能写参照的目标",
            example="每高于目标值1%扣1分",
        )

    def _check_direction(self, item: Item, amount: Amount) -> None:
        """Gate: 每底1% must not pass as an event called 底."""
        inside = item.measure.inside.text if item.measure.inside and item.measure.kind == "per" else ""
        before = name_of(item.before.text) if item.before else ""
        span = item.measure.span
        if amount.unit.kind in ("rate", "number", "times", "marks") and not amount.unit.kind.startswith("measure"):
            raise self.refuse(
                "KPI113", "这一档没有说是高还是低", span, hint="在数字前写 高、低、增加、减少 等", example="每低1%扣2分"
            )
        if amount.unit.kind in ("time", "month", "workday", "money") and inside and not LASTING.search(inside):  # noqa: SIM102 - two thoughts
            if amount.unit.kind != "money" or not inside.endswith(("失", "费", "额", "款", "值", "本", "误")):
                raise self.refuse(
                    "KPI113",
                    f"看不懂这里的「{inside}」",
                    item.measure.inside.span if item.measure.inside else span,
                    hint="在时间前写 延误、提前 等；在金额前写 高、低 等",
                    example="每延误1天扣2分",
                )
        if (
            amount.unit.kind in ("time", "month", "workday")
            and item.measure.kind == "exact"
            and not (before and LASTING.search(before))
        ):
            raise self.refuse(
                "KPI113", "这段时间是什么的时间？", span, hint="在时间前写 延误、逾期、提前 等", example="延误1天扣2分"
            )
        for text, word in ((inside, item.measure.inside), (before, item.before)):
            if len(text) == 1 and text not in SHORT_EVENTS and text not in TRIVIAL and word is not None:
                raise self.refuse(
                    "KPI105",
                    f"看不懂这里的「{text}」",
                    word.span,
                    hint="写出事情的名字，或 高、低、多、少",
                    example="迟到一次扣1分",
                )

    def _check_beyond(self, measure: Measure) -> None:
        """低于目标值20%: below a fifth of the target, or a fifth below it?"""
        amount = measure.amount
        plain = amount is not None and amount.unit.kind == "rate" and amount.value is not None
        if (
            measure.twice
            or not plain
            or not measure.of_target
            or measure.bound_word in ("超", "高出", "多出", "低", "少")
        ):
            return
        assert amount is not None
        assert amount.value is not None
        if amount.value == 1 or (measure.operator[0] == ">" and amount.value <= 50):
            return  # 低于目标值1%扣2分 is per 1%
        number = f"{decimal_text(amount.value)}%"
        word = "低于" if measure.operator[0] == "<" else "高于"
        under, over = ("算这一档", "不算这一档") if word == "低于" else ("不算这一档", "算这一档")
        low = Fraction(100) - amount.value if word == "低于" else Fraction(100) + amount.value
        raise AmbiguousRuleError(
            f"「{word}目标值{number}」是目标值的{number}，还是比目标值{'少' if word == '低于' else '多'}{number}？",
            readings=(
                AlternativeReading(text=f"{word}目标值的{number}", at="完成目标值的50%", points=under if amount.value > 50 else over),
                AlternativeReading(text=f"{word}目标值的{decimal_text(low)}%", at="完成目标值的50%", points=over if amount.value > 50 else under),
            ),
            code="KPI203", span=measure.span, source=self.source, hint="写 目标值的…%",
        )  # fmt: skip

    def _check_name(self, item: Item) -> None:
        if item.before is not None:
            demand_free(item.before, self.source)
            text = item.before.text
            if text.endswith(("没", "未", "不", "并非", "非")) and item.measure.kind == "bound":
                raise self.refuse(
                    "KPI114",
                    f"「{text[-1]}」和界限词连在一起，意思不明",
                    item.before.span,
                    hint="改用 不低于、不超过 等",
                    example="不低于90%得满分",
                )

        if item.before is not None and item.before.text.endswith("为") and item.measure.bound_word.startswith("达"):
            raise self.refuse(
                "KPI111",
                "「为达到」是不是「未达到」？",
                item.before.span.cover(item.measure.span),
                example="未达到90%的不得分",
            )

    def _check_tail(self, item: Item, award: Award) -> None:
        if item.after is None:
            return
        text = item.after.text.strip("、")
        amount = item.measure.amount
        if not re.fullmatch(r"(?:的|时|者)?(?:开始|则|就)?(?:扣分|减分|计分)", text):
            demand_free(item.after, self.source)
        if text in BETWEEN or text.rstrip("的者时则") in BETWEEN:
            return
        if re.fullmatch(r"(?:的|时|者)?(?:开始|则|就|起)?(?:扣分|减分|计分|起扣)?", text):
            return
        if amount is not None and amount.unit.kind in ("time", "workday") and re.fullmatch(_DOING, text):
            return  # 15分钟内完成处理
        if item.measure.kind in ("step", "per") and text.endswith(("率", "比例")):
            return  # 每增加1%比例
        if item.before is None and item.measure.kind in ("exact", "bound") and text.endswith(("率", "度", "比例")):
            return  # 100%成功率
        counted = amount is not None and (amount.unit.is_count or amount.unit.kind == "money")
        if (
            counted
            and len(text) >= 2
            and text[-1] not in "上下内外"
            and text[0] not in "得记计扣加减奖"
            and item.measure.kind in ("bound", "between", "step", "change")
        ):
            return  # 10家以上客户, 每多开发一家供应商
        raise self.refuse(
            "KPI105",
            f"看不懂这里的「{text}」",
            item.after.span,
            hint="界限和得分之间不能有别的话",
            example="90%以上得10分",
        )

    def _check_metric(self, name: str, item: Item) -> None:
        """Gate: words straight before a rate, an amount or a time must name a metric."""
        amount = item.measure.amount
        if item.before is not None and re.search(r"(?<![比较])目标.{0,2}$", item.before.text) and name:
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{item.before.text}」",
                item.before.span,
                hint="您是不是想写「考核目标值为」？",
                example="考核目标值为90%",
            )
        if amount is None or amount.unit.is_count or item.before is None or names_metric(name):
            return
        if amount.unit.kind in ("time", "workday") and len(name) >= 4 and item.measure.kind in ("bound", "between"):
            return  # 紧急调拨请求在15分钟内完成
        known = any(name in getattr(part, "text", "") or name == getattr(part, "metric", None) for part in self.parts)
        if name == self.indicator or (name and name in self.indicator) or known:
            return
        raise self.refuse(
            "KPI105",
            f"看不懂「{name}」是什么指标",
            item.before.span,
            hint="写指标的名字，例如 完成率、费用额、响应时间",
            example="完成率90%以上得满分",
        )

    def _check_lead(self, phrase: Words) -> None:
        """Gate: words that carry no clause must be a remark, not a clause misspelt."""
        text = phrase.word.text.strip("、")
        demand_free(phrase.word, self.source)
        if (
            len(text) <= 3
            and text not in _REMARKS
            and not names_metric(text)
            and all(part.kind == "TEXT" for part in phrase.word.parts or (phrase.word,))
        ):
            raise self.refuse("KPI105", f"看不懂这里的「{text}」", phrase.span, hint="删掉它，或把它写成完整的一句")
        if text.startswith("/"):
            raise self.refuse(
                "KPI105",
                f"看不懂这里的「{text}」",
                phrase.span,
                hint="写 /次、/人 等，或 每次、每人",
                example="扣2分/次",
            )
        if re.match(r"(?:按照?|依照?|根据|以).*(?:比例|百分比|率)", text) and not text.endswith(("得分", "表")):
            raise self.refuse(
                "KPI105",
                f"看不懂「{text[:20]}」怎么计分",
                phrase.span,
                hint="写 按完成比例计分，或 得分=完成率×N分",
                example="按完成比例计分",
            )

    @staticmethod
    def _counts(item: Item) -> bool:
        """次数为 0, 安全事故为 0: a bare number after a name that counts, or none of an event."""
        if item.before is None:
            return False
        text = item.before.text
        if re.search(r"(?:次数|个数|人数|件数|起数|家数|数量|数)(?:为|是|=|等于)?$", text):
            return True
        return Gates._none(item) or (
            item.measure.amount is not None
            and item.measure.amount.value == 0
            and re.search(r"率(?:为|是|=|等于)?$", text) is not None
        )

    @staticmethod
    def _none(item: Item) -> bool:
        """安全事故为 0: there was none of it."""
        if item.before is None or item.measure.kind != "exact":
            return False
        text, amount = item.before.text, item.measure.amount
        none = (
            amount is not None
            and amount.value == 0
            and amount.unit is PLAIN
            and re.search(r"[一-龥]{2}(?:为|是|等于|=)$", text) is not None
        )
        return none and not re.search(
            r"(?:率|比例?|度|额|费用?|款|损失|成本|时间|时长|天数|分|利润|收入)(?:为|是|等于|=)$", text
        )

    @staticmethod
    def _whole(amount: Amount) -> bool:
        """100% and 0% are said without a bound word."""
        return amount.unit.kind == "rate" and amount.value in (0, 100)
