"""What a stretch of text may say: names of metrics and events, trimmed, and the gates that every text must pass."""

from __future__ import annotations

import re

from kpilib.errors import RuleSyntaxError
from kpilib.syntax.lexer import Word
from kpilib.syntax.near import near_miss
from kpilib.text import Span, later

# Words around a name that do not belong to it.
_BEFORE = re.compile(
    r"^(?:[、,:]|每(?:个)?(?:月|季度|季|年度|年|半年|学期|周|日|天|期|班)(?=[一-龥]{2})|(?:当月|本月|年|月|当年|季度|考核期)内|若是|若|如果|如|凡是|凡|对于|对|因为|因|由于|在|当|但|且|并|并且|其|经(?!济|营|销|理|办|费|验|常)|经查|经核实|发生|出现|存在|产生|造成|发现|检查发现|查出|查到|被查出|另外|另|有(?!效|序|害|关|机|责|形|损|限)|每|一旦|任何一|任何|任意一|任意|"
    r"实际(?=完成)|本月|当月|本季|本年度|年度内|全年|考核期内|各年度考核时|月(?=[0-9])|其中|则|要求|指标值?|考核(?=结果|得分)|从|以|比(?!例|率|重)|与|较|完成(?!率|比例|情况|值|数|度|量|时间|质量|进度|额|百分|效果|程度|周期|及时))+"
)
_AFTER = re.compile(
    r"(?:[、,:]|的情况|的情形|情况|的话|的$|者$|(?<![超及按准工延课耗用学小])时$|则|就|若|为|是|在|应|需|须|要|每|按|完成(?=$)|控制在|控制|达到|保持在|保持|维持在|发生|出现|达$|等于|共|低$|高$|均|都|未|每次|任何$|至少|不$|实际完成$|不得$|能够|可$|至|(?<!迟)到|于|仅|由|以|(?:比|较)(?:目标值?|计划值?|预算值?|标准值?|基准值?|上年同期|去年同期|上年|上月|上期|上季度?|年初|期初|去年|前期|历史最好水平)|(?:当年|年度|全年|本年度?|月度|季度)(?:任务|目标|计划)?(?:的|数|量)?)+$"
)
TRIVIAL = frozenset(
    [
        "发生",
        "出现",
        "发现",
        "有",
        "存在",
        "产生",
        "造成",
        "查出",
        "被",
        "查实",
        "查到",
        "累计",
        "合计",
        "总计",
        "共计",
        "检查发现",
        "每有",
        "完成",
        "达到",
        "实际",
        "实际完成",
        "完成值",
        "实际值",
        "指标",
        "指标值",
        "考核结果",
        "结果",
        "得分",
        "数值",
        "该项",
        "该指标",
        "目标",
        "完成情况",
        "完成率按",
        "者",
        "的",
        "额",
        "值",
        "则",
        "按",
        "比例",
        "超额完成",
        "超额",
        "超额部分",
        "超出部分",
        "超过部分",
        "未完成",
        "不足部分",
        "未完成部分",
        "区间内",
        "区间",
        "之间",
        "范围内",
        "部分",
        "月",
        "学期",
        "半年",
        "季",
        "年",
        "周",
        "日",
        "天",
        "期",
        "班",
        "每月",
        "出",
        "错误数",
        "其",
        "每",
    ]
) | {""}

# One-character events that people write: 迟一次, 错一处, 漏1项.
SHORT_EVENTS = set("错漏缺迟晚误少丢断超空旷逾输赢")
# Events that last: the only words that may stand before a time without a direction.
# Names of marks that somebody gave, out of 100.
SCORED = re.compile(r"(?:成绩|分数|考分|评分|总分|平均分)$")
# Names that one lateness goes by.
LATE = re.compile(r"(?:延误|延迟|延期|延时|逾期|超期|拖延|推迟|滞后|拖期|迟交|晚交|迟报|晚报|晚|迟)(?:天数|时间)?$")
LASTING = later(
    r"(?:延误|延迟|延期|延时|迟到|逾期|超期|超时|拖期|拖延|推迟|滞后|晚|迟|提前|耽误|缺勤|旷工|误工|停机|停工|等待|加班|拖欠|中断|脱岗|早退|请假|事假|病假|缺席|超出|停产|宕机|故障|缺课|离岗|空岗|迟交|晚交|迟报|晚报|超|(?:延误|延迟|延期|逾期|超期|推迟|拖延)(?:报送|提交|上报|交付|完成|归还|送达|发放|交货|上交|办结|回复))$"
)

_DIGITS = re.compile(r"[0-9]")
# Vocabulary that text may not hold outside the idioms, since it would be a clause misread.
_LEAKED = later(
    r"乘|扣|得分|加分|减分|记分|计分|满分|零分|不得|以上|以下|以内|之内|低于|高于|超过|大于|小于|多于|少于|不足|不超|不低|不高|不少|不满|为止|封顶|上限|下限|最多|最高(?=加|扣|得|不)|最低(?=加|扣|得|不)|每(?!周|月|年|日|天|季)|否则|罚|奖励|[%‰×*=+<>≥≤]|分(?=$)"
)
# Two columns of a table that ran together often leave a word twice (工具工具).
_DOUBLED = later(r"([一-龥]{2,})\1")
_HARMLESS = later(
    r"超额完成|处罚|惩罚|罚单|奖罚|(?:调查|抽查|审查|督查|巡查|评估表?|考核|测评|检查|评价|考试|评审|综合|平均)得分|部分|百分|分析|分公司|积分|分类|分解|分工|分管|充分|分配|分钟|分包|分摊|分级|区分|十分|身份|成分|分项|细分|划分|评分标准|分值|评分表|得分率|评分细则|评分项目|评分|平均得分|分店|分局|分校|分部|学分|分别|分厂|分歧|分享|分发|分布|"
    r"罚款|水分|不得(?!分)|少于规定|多于规定|扣款|扣押|扣件|打分"
)


def name_of(text: str) -> str:
    """A metric's or event's name: the text without the words that only lead to it or away from it."""
    text = text.strip("、,:;。. ")
    previous = None
    while text != previous:
        previous = text
        text = _AFTER.sub("", _BEFORE.sub("", text))
    return "" if text in TRIVIAL else text


def share_name(text: str) -> str:
    """The name of a ratio: 客户资料统计表的完成比例 is 完成比例."""
    name = name_of(text)
    head, _, tail = name.rpartition("的")
    return tail if head and len(tail) > 2 and not any(sign in head for sign in "占与比") else name


def leaked(word: Word) -> tuple[str, Span] | None:
    """Vocabulary or digits that hide in free text, with their place."""
    for part in word.parts or (word,):
        if part.kind != "TEXT":
            continue
        text = _HARMLESS.sub(lambda match: "〇" * len(match[0]), part.text)
        match = _LEAKED.search(text) or _DIGITS.search(text)
        if match is not None:
            return match[0], part.span
    return None


def demand_free(word: Word, source: str) -> None:
    """Gate: text that carries no clause holds no vocabulary.

    Raises:
        RuleSyntaxError: it does.
    """
    doubled = _DOUBLED.search(word.text)
    if doubled is not None:
        raise RuleSyntaxError(
            f"「{doubled[0][:20]}」重复了，文字像是损坏了",
            code="KPI111",
            span=word.span,
            source=source,
            hint="删去重复的字",
        )
    for part in word.parts or (word,):
        near = near_miss(_HARMLESS.sub(lambda match: "〇" * len(match[0]), part.text)) if part.kind == "TEXT" else None
        if near is not None:
            raise RuleSyntaxError(
                f"看不懂这里的「{near[0]}」",
                code="KPI105",
                span=_place(source, near[0], part.span),
                source=source,
                hint=f"您是不是想写「{near[1]}」？",
            )
    found = leaked(word)
    if found is None:
        return
    sign, span = found
    raise RuleSyntaxError(
        f"看不懂这里的「{sign}」",
        code="KPI105",
        span=_place(source, sign, span),
        source=source,
        hint="每个数字和计分的词都要能读懂；多余的话请删掉",
    )


def _place(source: str, sign: str, span: Span) -> Span:
    """Where the sign stands within the span, or the whole span where it is spelt otherwise there."""
    start = source.find(sign, span.start, span.end)
    return Span(start, start + len(sign)) if start >= 0 else span


# What names of rates, amounts and times end in.
_NOUNS = later(
    r"(?:率|数|量|额|值|点|比|度|期|长|本|能|力|分|例|间|龄|价|损|耗|均|差|失|款|费|用|金|入|润|效|益|产|成绩|进度|标|次|人|成|利|债|税|货|存|息|重|积|温|速|收|支|出入|响应|延误|延迟|逾期|超期|迟到|偏差|差异|误差|占|率为|误|缺|停机|故障|投诉|增长|降幅|增幅|幅度|库存|情况|水平|比重|指数|评分|得分|考试|培训|测评|检查|评价|业绩|销售|任务|计划|目标|时|岁|年|月|天|出勤|周转|缩短|增|限|题|性|案件|提升|下降|上升|降低|提高|增加|减少|满意)$"
)


def names_metric(name: str) -> bool:
    """Whether a text can be the name of a rate, an amount or a time (gate 2 of the reader)."""
    return (
        not name
        or (name.isascii() and len(name) == 1)
        or _NOUNS.search(name) is not None
        or re.search(r"[A-Za-z]{2,8}$", name) is not None
        or LASTING.search(name) is not None
    )
