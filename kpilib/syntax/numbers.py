"""The numbers of a sentence: found before its words, so that a word's neighbours can be told by one letter."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache
from typing import NamedTuple

from kpilib.errors import InputError
from kpilib.quantity import PLAIN, UNITS, Unit, number_value, scale_myriad, unit_named
from kpilib.syntax.tree import Amount
from kpilib.text import later

# The letters that stand for a number in the skeleton of a sentence (grammar/words.lark explains them).
# They cannot occur otherwise: normalise() folds full-width letters.
MARKS, RATE, COUNT, AMOUNT, NUMBER, ZERO, RANGE, MARKS_RANGE, BLANK_MARKS, DATE, ITEM, BREAK, MONEY, NAMED = (
    "ＭＰＣＡＮＺＲＳＯＤＩＢＹＷ"
)


class Found(NamedTuple):
    """A number in a text: its letter, its place, and one amount (two for a range)."""

    letter: str
    start: int
    end: int
    low: Amount
    high: Amount | None = None
    absolute: bool = False  # ±30%
    plus: bool = False  # +5分


# A unit is not a unit where the next character makes another word of it: 一项目, 一家庭, 二次开发.
_NOT_BEFORE = {
    "分": "之比点制数率值钟公部厂管项析别成配", "项": "目", "家": "庭长具政", "人": "员力事均", "名": "称单", "次": "品日月年级要数", "条": "例款", "件": "数",
    "单": "位独价据", "方": "案法面式向便", "级": "别", "期": "间限末初", "度": "数", "天": "然", "周": "期边一二三四五六日", "本": "月季年项", "台": "账",
    "点": "评击数", "组": "织长员合", "班": "长组", "科": "室长目", "行": "为业动政", "部": "门", "所": "有得需", "发": "现生放布货", "店": "长铺", "对": "应比象于",
    "包": "括含装", "场": "所地", "节": "约能省", "回": "款访复", "门": "店诊", "日": "常报志期", "月": "度份底初末报均", "年": "度底初末均", "面": "积对", "位": "置",
    "起": "草点重", "种": "类", "处": "理罚室分", "封": "面闭", "队": "伍员", "员": "工", "口": "头", "段": "落", "层": "次面", "笔": "记试", "户": "均型", "元": "素旦",
    "课": "程", "票": "数否", "村": "民", "校": "长", "档": "案", "只": "有要能是", "页": "面", "字": "数", "双": "方向", "片": "区", "站": "点长", "例": "如外会", "批": "准复评",
    "倍": "数", "环": "比境节", "款": "项", "块": "状", "类": "别", "样": "品", "讲": "课", "组长": "", "套": "餐", "s": "abcdefghijklmnopqrtuvwxyz",
    "h": "abcdefgijklmnopqrstuvwxyz",
    "区": "域别间分", "街": "道", "道": "路德理", "星": "期级",
}  # fmt: skip


_LONGEST = max(len(name) for name in UNITS)
_D = r"[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?"
_C = r"(?:[一二两三四五六七八九十百千]+(?:点[零一二三四五六七八九]+)?|零点[零一二三四五六七八九]+)"
_BLANK = (
    r"(?:_+|--+|X{2,}|x{2,}|□+|○+|…+|\*{2,}|[0-9]*\.?X{2,}|\{[a-z_]+\}|\(\)|\(_+\)"
    r"|(?<=[加减扣得为记每])[XxN](?=分|%|次|家|个|元))"
)
_DATE = (
    r"(?:19|20)[0-9]{2}(?:-(?:19|20)[0-9]{2})?年度?(?:[0-9]{1,2}月(?:份|底|末|初)?(?:[0-9]{1,2}[日号])?)?"
    r"|(?<![0-9.])[0-9]{1,2}月(?:份|底|末|初|[0-9]{1,2}[日号])|[0-9]{1,2}号|(?<=[月次每])[0-9]{1,2}日(?=[之以前])"
    r"|[0-9]{1,2}日(?=之前|以前|前)|第(?:[0-9]+|[一二三四五六七八九十]+)(?:个|季度|名|次|项|条|款)?"
    r"|[0-9]{1,2}[点时](?:[0-9]{1,2}分)?(?=之前|以前|前)"
)
# Numbers that belong to a name: 一次交验合格率, 百公里油耗, 千人负伤率, 5S检查, 24小时内办结率, 30天留存率.
_NAME = (
    r"一次(?=(?:交验|交检|送检|报检|检验|抽检|性|通过|合格|成功|验收|开机|投产|办结|解决|修复|接通|直通|装配|良品|备案|上线))"
    r"|二次(?=(?:验|开发|供水|搬运|污染|加工|核算|复核|装修|利用|回访))"
    r"|三包(?=[一-龥])|(?<![0-9])[3-9][Ss](?=[一-龥])"
    r"|(?<![0-9一二两三四五六七八九十])(?:[百千][万亿]?|[万亿])(?:元|公里|车公里|人|台|件|吨|户|辆|次)(?=[一-龥]{1,6}?(?:率|耗|量|成本|费|比|利润|产值|收入|数))"
    r"|[0-9]+(?:秒钟?|分钟|小时|天|日|个?工作日|个?月|[smhd])(?:以内|之内|内)(?=[一-龥]{2,8}?(?:率|数|量))"
    r"|[A-Z][0-9]级(?=[一-龥])|[一二三四]级(?=故障|事件|事故|预警|客户|缺陷|响应)|(?<![0-9.])[0-9]{3,5}(?=热线|平台|工单)"
    rf"|(?:^|(?<=[,;。:({ITEM}]))[0-9]+(?:日|天|个?月)(?=[一-龥]{{1,4}}?率)"
)
_NAME_SIGNS = frozenset("次包Ss百千万亿内级线台单天日月")
_DATE_SIGNS = frozenset("年月号日第点时")
_MISSING = r"%|个百分点|人次|次|个|家|项|件|人|天|万元|元|小时|户|起|例|条|份|台|分钟|批|笔|名"
_END = rf"[,;。:(){ITEM}]|$"
_PLAIN = (
    rf"(?P<half>(?<=[得扣减计记给的分])一半(?=的?分|分值|,|。|;|$))|(?P<ratio>(?<![0-9])1:[0-9]+(?:\.[0-9]+)?(?![0-9:]))|(?P<part>(?:百分之|千分之)(?:{_D}|{_C}))"
    rf"|(?P<blank>{_BLANK})|(?P<number>[±+-]?{_D})|(?P<hanzi>(?<![第统唯万专同划均之周])(?<!星期)(?<!(?<![工订清账保运报罚菜名])单)(?:{_C}|半))"
    rf"|(?P<zero>(?<=[为是])零(?=,?(?:得|记|计|加|满分|的|时|者)))|(?P<dash>(?<=[一-龥])-)|(?P<missing>(?<=[高低多少于过为降升减加超到])(?:{_MISSING})(?=[扣加减得记计]|{_END}))"
    rf"|(?P<marks>(?<![不予免无][加减扣奖])(?<=[加减扣奖])分(?={_END}))"
)


@cache
def _start(dated: bool, named: bool) -> re.Pattern[str]:
    """Where a number can start; dates and names are looked for only in texts that hold one of their signs."""
    first = [f"(?P<date>{_DATE})"] if dated else []
    return re.compile("|".join([*first, *([f"(?P<named>{_NAME})"] if named else []), _PLAIN]))


_MYRIAD = re.compile(r"[百千]?[万亿]")
_SECOND = re.compile(rf"(?:\(含\))?(?:-|~|至|到|~~)(?P<digits>{_D}|{_C})")
_OWN = later(r"[一-龥](?=,?[扣加减得][0-9一二三四五六七八九十])")
_NO_OWN = set("半分各均应可将再另则只的都万亿千百十点倍以及般定致样直旦流律切共向生带方")


def _letter(unit: Unit, value: Fraction | None) -> str:
    if unit.kind == "marks":
        return MARKS
    if unit.kind == "rate":
        return RATE
    if unit.is_count:
        return COUNT
    if unit.kind == "number":
        return ZERO if value == 0 else NUMBER
    return MONEY if unit.kind == "money" else AMOUNT


def _unit_at(text: str, position: int) -> str:
    """The longest unit that stands at a position and is not part of another word, or nothing."""
    for length in range(min(_LONGEST, len(text) - position), 0, -1):
        symbol = text[position : position + length]
        following = text[position + length : position + length + 1]
        if symbol in UNITS and symbol != "ratio" and not (following and following in _NOT_BEFORE.get(symbol, "")):
            return symbol
    return ""


_REFERRING = re.compile(r"[一1](?:个)?(?:档|单位)")


def starts_in(text: str) -> re.Pattern[str]:
    """Where numbers can start in a text: the pattern that `find` searches it with, made once for all of it."""
    return _start(not _DATE_SIGNS.isdisjoint(text), not _NAME_SIGNS.isdisjoint(text))


def find(text: str, start: int, pattern: re.Pattern[str]) -> Found | None:
    """The first number of a folded, squeezed text from `start` on."""
    while (match := pattern.search(text, start)) is not None:
        found = _read(match)
        if found is not None:
            return found
        start = match.end()
    return None


def amounts_in(text: str) -> tuple[Amount, ...]:
    """The numbers of a folded, squeezed text that have a value; 一档 and 一个单位 only refer to one."""
    amounts: list[Amount] = []
    text, found = _REFERRING.sub("", text), None
    pattern = starts_in(text)
    while (found := find(text, found.end if found is not None else 0, pattern)) is not None:
        amounts += [amount for amount in (found.low, found.high) if amount is not None and amount.value is not None]
    return tuple(amounts)


def _read(match: re.Match[str]) -> Found | None:
    kind = match.lastgroup
    text, (start, end) = match.string, match.span()
    said = match[0]
    if kind in ("number", "hanzi"):
        return _range(text, start, end) or _single(text, start, end, kind == "hanzi")
    if kind == "half":
        return Found(RATE, start, end, Amount(Fraction(50), UNITS["%"]))
    if kind == "named":
        return Found(NAMED, start, end, Amount(None))
    if kind == "zero":
        return Found(ZERO, start, end, Amount(Fraction(0)))
    if kind == "date":
        return Found(DATE, start, end, Amount(None))
    if kind == "ratio":
        return Found(NUMBER, start, end, Amount(number_value(said[2:])))
    if kind == "part":
        return Found(RATE, start, end, Amount(number_value(said[3:]), UNITS["%" if said[0] == "百" else "‰"]))
    if kind == "missing":
        return Found(_letter(UNITS[said], None), start, end, Amount(None, UNITS[said]))
    if kind == "marks":
        return Found(BLANK_MARKS, start, end, Amount(None, UNITS["分"]))
    if text.startswith("万", end) and not _unit_at(text, end):
        return Found(AMOUNT, start, end + 1, Amount(None, UNITS["元"]))
    symbol = _unit_at(text, end)
    if not symbol and (kind == "dash" or said == "()"):
        return None
    return Found(_letter(UNITS[symbol], None), start, end + len(symbol), Amount(None, UNITS[symbol]))


def _single(text: str, start: int, end: int, hanzi: bool) -> Found | None:
    """One number with its unit; Chinese digits are a number only before a unit."""
    digits = text[start:end].lstrip("±+-")
    sign = text[start] if not text[start:end].startswith(digits) else ""
    myriad = _MYRIAD.match(text, end)
    multiple = myriad[0] if myriad is not None else ""
    symbol = _unit_at(text, end + len(multiple))
    stop = end + len(multiple) + len(symbol)
    own = _OWN.match(text, end) if not multiple and not symbol and not sign else None
    if own is not None and own[0] not in _NO_OWN and (hanzi is False or len(digits) == 1):
        return Found(COUNT, start, own.end(), Amount(number_value(digits), unit_named(own[0])))
    if hanzi and (not symbol or _is_word(text, start, stop, digits, symbol)):
        return None
    try:
        value, symbol = scale_myriad(number_value(digits), multiple, symbol)
    except InputError:
        if hanzi:
            return None
        raise
    if sign and start and text[start - 1] in "0123456789%)" + BREAK:
        start, sign = start + 1, ""  # a sign after a number is a dash, and not of this number
    amount = Amount(-value if sign == "-" else value, UNITS[symbol])
    return Found(_letter(amount.unit, value), start, stop, amount, absolute=sign == "±", plus=sign == "+")


def _is_word(text: str, start: int, end: int, digits: str, symbol: str) -> bool:
    """Whether Chinese digits and a unit are not meant as a number where they stand."""
    before, following = text[start - 1 : start], text[end : end + 1]
    if digits == "十" and symbol == "分" and before not in tuple("加减扣得计记"):
        return True  # 十分满意
    if text[max(0, start - 2) : start] in ("全部", "所有", "上述", "以上", "下列", "以下"):
        return True  # 满足全部三项条件
    if before == "每" and symbol in ("年", "季度", "个月", "周") and following not in "扣减加得,":
        return True  # 每半年检查一次
    return before == "每" and digits in ("百", "千", "十") and following == "的"  # 每百万元的投诉


def _range(text: str, start: int, end: int) -> Found | None:
    """80-89分, 90%~98%, 三至五天, 30万元~300万元; None where there is no range."""
    symbol = _unit_at(text, end)
    myriad = _MYRIAD.match(text, end) if not symbol else None
    if myriad is not None:
        symbol = myriad[0] + _unit_at(text, myriad.end())
    second = _SECOND.match(text, end + len(symbol))
    if second is None or text[start] in "+-":
        return None
    position = second.end()
    multiple = _MYRIAD.match(text, position)
    scale = multiple[0] if multiple is not None else ""
    last = _unit_at(text, position + len(scale))
    stop = position + len(scale) + len(last)
    if (text[stop : stop + 1].isdigit() and not last) or (
        not last and (scale or symbol not in ("", "%") or text[stop : stop + 1] == ".")
    ):
        return None
    try:
        low, low_name = _scaled(text[start:end].lstrip("±"), symbol)
        high, high_name = scale_myriad(number_value(second["digits"]), scale, last)
    except InputError:
        return None
    if not last:
        unit = UNITS["%"] if symbol == "%" else PLAIN
        return Found(RANGE, start, stop, Amount(low, unit), Amount(high, unit)) if text[end - 1].isdigit() else None
    unit = UNITS[high_name]
    low_unit = UNITS.get(low_name) if symbol else unit
    if low_unit is None or low_unit.kind != unit.kind:
        return None
    if scale and not symbol and scale + last not in UNITS:
        low *= high / number_value(second["digits"])  # 20-30万: both are myriads
    letter = MARKS_RANGE if unit.kind == "marks" else RANGE
    return Found(letter, start, stop, Amount(low, low_unit), Amount(high, unit))


def _scaled(digits: str, symbol: str) -> tuple[Fraction, str]:
    myriad = _MYRIAD.match(symbol)
    multiple = myriad[0] if myriad is not None and symbol not in UNITS else ""
    return scale_myriad(number_value(digits), multiple, symbol[len(multiple) :])
