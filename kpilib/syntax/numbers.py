"""The numbers of a sentence: found before its words, so that a word's neighbours can be told by one letter."""

from __future__ import annotations

import re
from fractions import Fraction

from attrs import frozen

from kpilib.errors import InputError
from kpilib.quantity import PLAIN, UNITS, Unit, number_value, scale_myriad, unit_named
from kpilib.syntax.tree import Amount

# The letters that stand for a number in the skeleton of a sentence (grammar/words.lark explains them).
# They cannot occur otherwise: normalise() folds full-width letters.
MARKS, RATE, COUNT, AMOUNT, NUMBER, ZERO, RANGE, MARKS_RANGE, BLANK_MARKS, DATE, ITEM, BREAK = (
    "ＭＰＣＡＮＺＲＳＯＤＩＢ"
)


@frozen
class Found:
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


def _unit_pattern() -> str:
    parts = []
    for symbol in sorted((name for name in UNITS if name and name != "ratio"), key=len, reverse=True):
        guard = _NOT_BEFORE.get(symbol, "")
        parts.append(re.escape(symbol) + (f"(?![{guard}])" if guard else ""))
    return "(?:" + "|".join(parts) + ")"


_U = _unit_pattern()
_D = r"[0-9]+(?:,[0-9]{3}(?![0-9]))*(?:\.[0-9]+)?"
_C = r"(?:[一二两三四五六七八九十百千]+(?:点[零一二三四五六七八九]+)?|零点[零一二三四五六七八九]+)"
_BLANK = r"(?:_+|--+|X{2,}|x{2,}|□+|○+|…+|\*{2,}|[0-9]*\.?X{2,}|\{[a-z_]+\}|\(\)|\(_+\)|(?<=[加减扣得为记每])[XxN](?=分|%|次|家|个|元))"
_E = rf"(?=[,;。:(){ITEM}]|$|[扣加减得记计])"

_FINDER = re.compile(
    "|".join(
        (
            r"(?P<date>(?:19|20)[0-9]{2}(?:-(?:19|20)[0-9]{2})?年度?(?:[0-9]{1,2}月(?:份|底|末|初)?(?:[0-9]{1,2}[日号])?)?|(?<![0-9.])[0-9]{1,2}月(?:份|底|末|初|[0-9]{1,2}[日号])|"
            r"[0-9]{1,2}号|(?<=[月次每])[0-9]{1,2}日(?=[之以前])|[0-9]{1,2}日(?=之前|以前|前)|第(?:[0-9]+|[一二三四五六七八九十]+)(?:个|季度|名|次|项|条|款)?|[0-9]{1,2}[点时](?:[0-9]{1,2}分)?(?=之前|以前|前))",
            rf"(?P<range>(?P<ra>±?{_D}|{_C})(?P<ru>{_U})?(?:\(含\))?(?:-|~|至|到|~~)(?P<rb>{_D}|{_C})(?P<rm>[万亿]?)(?P<rv>{_U})(?![0-9])|(?P<na>{_D})(?P<nu>%?)[-~至到](?P<nb>{_D})(?P<nv>%?)(?![0-9.]))",
            r"(?P<ratio>(?<![0-9])1:[0-9]+(?:\.[0-9]+)?(?![0-9:]))",
            rf"(?P<part>(?:百分之|千分之)(?:{_D}|{_C}))",
            r"(?P<own>(?P<ownd>[0-9]+|[一两三四五六七八九十])(?P<ownu>[一-龥])(?=,?[扣加减得][0-9一二三四五六七八九十]))",
            rf"(?P<amount>[±+-]?(?P<digits>{_D})(?P<myriad>[百千]?[万亿]|)(?P<unit>{_U})?)",
            rf"(?P<hanzi>(?<![第统唯万单专同划均之周])(?<!星期)(?P<hdigits>{_C}|半)(?P<hmyriad>[万亿]?)(?P<hunit>{_U}))",
            rf"(?P<blank>{_BLANK}(?P<bm>万?)(?P<bunit>{_U})?|(?<=[一-龥])-(?P<dunit>{_U}))",
            rf"(?P<missing>(?<=[高低多少于过为降升减加超到])(?P<munit>%|个百分点|人次|次|个|家|项|件|人|天|万元|元|小时|户|起|例|条|份|台|分钟|批|笔|名){_E})",
            rf"(?P<missmarks>(?<![不予免无][加减扣奖])(?<=[加减扣奖])分(?=[,;。:(){ITEM}]|$))",
        )
    )
)

_WITHOUT_OWN = re.compile(_FINDER.pattern.replace("(?P<ownd>[0-9]+|[一两三四五六七八九十])", "(?P<ownd>(?!))"))


def _letter(unit: Unit, value: Fraction | None) -> str:
    if unit.kind == "marks":
        return MARKS
    if unit.kind == "rate":
        return RATE
    if unit.is_count:
        return COUNT
    if unit.kind == "number":
        return ZERO if value == 0 else NUMBER
    return AMOUNT


def find(text: str, start: int) -> Found | None:
    """The first number of a folded, squeezed text from `start` on."""
    while (match := _FINDER.search(text, start)) is not None:
        found = _read(match)
        if found is not None:
            return found
        start = match.end()
    return None


def _read(match: re.Match[str]) -> Found | None:
    kind = match.lastgroup
    start, end = match.span()
    group = match.groupdict()
    if group["date"]:
        return Found(DATE, start, end, Amount(None))
    if group["range"]:
        return _range(group, start, end)
    if group["ratio"]:
        return Found(NUMBER, start, end, Amount(number_value(group["ratio"][2:])))
    if group["part"]:
        text = group["part"]
        return Found(RATE, start, end, Amount(number_value(text[3:]), UNITS["%" if text[0] == "百" else "‰"]))
    if group["own"]:
        if (
            group["ownu"] in UNITS
            or group["ownu"] in "分各均应可将再另则只的都万亿千百十点倍以及般定致样直旦流律切共向生带方"
            or match.string[start - 1 : start] in tuple("第统唯万单专同划均之")
        ):
            return _again(match)
        return Found(COUNT, start, end, Amount(number_value(group["ownd"]), unit_named(group["ownu"])))
    if group["amount"]:
        return _plain(match, group["digits"], group["myriad"], group["unit"] or "")
    if group["hanzi"]:
        if group["hanzi"] == "十分" and match.string[start - 1 : start] not in tuple("加减扣得计记"):
            return None
        if match.string[max(0, start - 2) : start] in ("全部", "所有", "上述", "以上", "下列", "以下"):
            return None  # 满足全部三项条件
        following = match.string[end : end + 1]
        if (
            match.string[start - 1 : start] == "每"
            and group["hunit"] in ("年", "季度", "个月", "周")
            and following not in "扣减加得,"
        ):
            return None  # 每半年检查一次
        if (
            group["hdigits"] in ("百", "千", "十")
            and match.string[start - 1 : start] == "每"
            and match.string[end : end + 1] == "的"
        ):
            return None  # 每百万元的投诉: what the count is held against
        try:
            return _plain(match, group["hdigits"], group["hmyriad"], group["hunit"])
        except InputError:
            return None
    if group["blank"]:
        unit = (
            UNITS[(group["bm"] or "") + (group["bunit"] or group["dunit"] or "")]
            if (group["bunit"] or group["dunit"])
            else PLAIN
        )
        if group["blank"] == "()" and unit is PLAIN:
            return None
        return Found(_letter(unit, None), start, end, Amount(None, unit))
    if group["missing"]:
        unit = UNITS[group["munit"]]
        return Found(_letter(unit, None), start, end, Amount(None, unit))
    assert kind is not None
    return Found(BLANK_MARKS, start, end, Amount(None, UNITS["分"]))


def _again(match: re.Match[str]) -> Found | None:
    """The number without the guess that the next character is a measure word."""
    again = _WITHOUT_OWN.match(match.string, match.start())
    return _read(again) if again is not None else None


def _plain(match: re.Match[str], digits: str, myriad: str, symbol: str) -> Found:
    start, end = match.span()
    value, symbol = scale_myriad(number_value(digits), myriad or "", symbol)
    sign = match[0][0]
    if sign in "+±-" and start and match.string[start - 1] in "0123456789%)" + BREAK:
        start, sign = start + 1, ""  # a sign after a number is a dash, and not of this number
    amount = Amount(-value if sign == "-" else value, UNITS[symbol])
    return Found(_letter(amount.unit, value), start, end, amount, absolute=sign == "±", plus=sign == "+")


def _range(group: dict[str, str | None], start: int, end: int) -> Found | None:
    if group["na"] is not None:
        low, high = number_value(group["na"]), number_value(group["nb"] or "")
        unit = UNITS["%"] if group["nu"] or group["nv"] else PLAIN
        return Found(RANGE, start, end, Amount(low, unit), Amount(high, unit))
    text = group["ra"] or ""
    high, symbol = scale_myriad(number_value(group["rb"] or ""), group["rm"] or "", group["rv"] or "")
    unit = UNITS[symbol]
    low_unit = UNITS[group["ru"]] if group["ru"] else unit
    low = number_value(text.lstrip("±"))
    if low_unit.kind != unit.kind:
        return None
    if group["rm"] and not group["ru"] and f"{group['rm']}{group['rv']}" not in UNITS:
        low *= high / number_value(group["rb"] or "")
    return Found(MARKS_RANGE if unit.kind == "marks" else RANGE, start, end, Amount(low, low_unit), Amount(high, unit))
