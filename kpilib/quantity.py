"""Exact numbers with units, and the one rounding: half away from zero."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from attrs import field, frozen

from kpilib.errors import InputError
from kpilib.text import normalise

# Digits on either side of the point that a number from outside may have.
MAX_DIGITS = 30


@frozen
class Unit:
    """A unit: `kind` is what may be compared with what, `size` is how many base units of the kind it holds."""

    kind: str
    symbol: str
    size: Fraction = Fraction(1)

    @property
    def is_count(self) -> bool:
        """Whether the unit counts things, so that only whole numbers make sense."""
        return self.kind.startswith("count:")


def _units(kind: str, **sizes: str) -> dict[str, Unit]:
    return {symbol: Unit(kind, symbol, Fraction(size)) for symbol, size in sizes.items()}


PLAIN = Unit("number", "")
MARKS = Unit("marks", "分")
PERCENT = Unit("rate", "%", Fraction(1, 100))
RATIO = Unit("rate", "ratio")
TIMES = Unit("times", "倍")

UNITS: dict[str, Unit] = {
    "": PLAIN,
    "%": PERCENT,
    "ratio": RATIO,
    "个百分点": Unit("rate", "个百分点", Fraction(1, 100)),
    "百分点": Unit("rate", "百分点", Fraction(1, 100)),
    "‰": Unit("rate", "‰", Fraction(1, 1000)),
    "个千分点": Unit("rate", "个千分点", Fraction(1, 1000)),
    "分": MARKS,
    "倍": TIMES,
    **_units("money", 元="1", 块="1", 角="1/10", 千元="1000", 万元="10000", 百万元="1000000", 千万元="10000000", 亿元="100000000"),
    **_units("time", 天="1", 日="1", 自然日="1", 周="7", 星期="7", 个星期="7", 小时="1/24", 个小时="1/24", 分钟="1/1440", 秒="1/86400", 秒钟="1/86400"),
    **_units("time", s="1/86400", ms="1/86400000", 毫秒="1/86400000", h="1/24", min="1/1440"),
    **_units("workday", 工作日="1", 个工作日="1"),
    **_units("month", 月="1", 个月="1", 季度="3", 个季度="3", 年="12"),
    **_units("measure:重量", 吨="1000", 公斤="1", 千克="1", 克="1/1000", kg="1", 斤="1/2"),
    **_units("measure:长度", 公里="1000", 千米="1000", 米="1", 厘米="1/100", 毫米="1/1000", mm="1/1000", km="1000"),
    **_units("measure:面积", 平方米="1", 亩="2000/3", 公顷="10000"),
    **_units("measure:体积", 立方米="1", 升="1/1000"),
    **_units("measure:电量", 千瓦时="1"),
    **_units("measure:年龄", 岁="1", 周岁="1"),
    **_units("measure:温度", 度="1", 摄氏度="1"),
}  # fmt: skip

# Measure words: each is a count of its own kind.
_WORDS = (
    "人次 辆次 人天 例次 台次 架次 车次 批次 户次 次 个 家 项 起 例 件 条 人 户 批 笔 篇 处 单 方 名 位 份 场 期 台 套 张 本 课时 门 "
    "款 种 级 宗 辆 站 点 组 班 幅 封 则 科 页 行 字 只 部 艘 间 栋 座 株 头 颗 块 节 届 轮 回 样 类 票 箱 桶 袋 "
    "包 卷 根 支 面 把 盘 段 层 床 所 校 村 镇 县 队 员 遍 趟 声 步 口 发 店 床日 床位 档 环 枚 瓶 双 对 顶 扇 片 堂 "
    "道 星 字符 册 具 级别 区 街"
)
MEASURES = _WORDS.split()
for _word in MEASURES:
    UNITS.setdefault(_word, Unit(f"count:{_word}", _word))

ANY_COUNT = Unit("count:*", "次")  # how often, where the text names an event without a measure word

for _word in ("名", "位", "员"):  # people, however they are counted
    UNITS[_word] = Unit("count:人", _word)

_DIGITS = {
    char: value
    for value, chars in enumerate(("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for char in chars
}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}

_ARABIC = re.compile(r"[+-]?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?\Z")
_QUANTITY = re.compile(
    r"(?P<sign>[+±-]?)(?P<per>百分之|千分之)?"
    r"(?P<number>[0-9][0-9,]*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?|[零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟点半]+)"
    r"(?P<myriad>[百千]?[万亿]|(?<=[0-9])[百千](?=万|亿|元|$)|)(?P<unit>.*)\Z",
    re.S,
)
_PROPORTION = re.compile(r"(?P<a>[0-9]+(?:\.[0-9]+)?):(?P<b>[0-9]+(?:\.[0-9]+)?)\Z")


def chinese_number(text: str) -> Fraction:
    """The value of a number written in Chinese digits, such as 二十五, 三点五, 半 or 两.

    >>> chinese_number("一百零五")
    Fraction(105, 1)
    """
    if text == "半":
        return Fraction(1, 2)
    whole, dot, part = text.partition("点")
    half = whole.endswith("半") and len(whole) > 1
    if half:
        whole = whole[:-1]
    total = section = 0
    digit: int | None = None
    if all(char in _DIGITS for char in whole) and len(whole) > 1:
        if len(whole) == 2 and _DIGITS[whole[1]] == _DIGITS[whole[0]] + 1:
            raise ValueError(text)  # 三四 is three or four
        total = int("".join(str(_DIGITS[char]) for char in whole))
    else:
        for char in whole:
            if char in _DIGITS:
                if digit not in (None, 0):
                    raise ValueError(text)
                digit = _DIGITS[char]
            elif char in _TENS:
                section += (1 if digit is None else digit) * _TENS[char]
                digit = None
            else:
                raise ValueError(text)
        if digit and len(whole) > 1 and whole[-2] in "百佰千仟":
            digit *= _TENS[whole[-2]] // 10  # 一百二 is 120
        total += section + (digit or 0)
    value = Fraction(total)
    if dot:
        if not part or any(char not in _DIGITS for char in part):
            raise ValueError(text)
        value += Fraction(int("".join(str(_DIGITS[char]) for char in part)), 10 ** len(part))
    return value + Fraction(1, 2) if half else value


def exact(value: str | int | float | Decimal | Fraction) -> Fraction:
    """The exact value of a plain number; a float means its shortest decimal form.

    Raises:
        InputError: not a finite number, a bool, or more than 30 digits on either side of the point.
    """
    kind = type(value)
    if kind is bool or not isinstance(value, (str, int, float, Decimal, Fraction)):
        raise InputError(f"{_shown(value)} 不是数", code="KPI801", hint="这里要一个数，例如 85.4 或 Decimal('85.4')")
    if isinstance(value, Fraction):
        result = value
    elif isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise InputError("数太大", code="KPI801", hint=f"最多 {MAX_DIGITS} 位")
        result = Fraction(int(value))
    else:
        text = (
            normalise(value).strip()
            if isinstance(value, str)
            else str(value)
            if isinstance(value, Decimal)
            else repr(float(value))
        )
        if len(text) > 80 or not _ARABIC.match(text):
            raise InputError(f"{_shown(value)} 不是有限的数", code="KPI801", hint="这里要一个数，例如 85.4")
        mantissa, _, exponent = text.replace(",", "").lower().partition("e")
        if abs(int(exponent or 0)) > MAX_DIGITS + 5:
            raise InputError("数太大或太小", code="KPI801", hint=f"小数点两边最多 {MAX_DIGITS} 位")
        result = Fraction(Decimal(mantissa)) * Fraction(10) ** int(exponent or 0)
    if abs(result.numerator) >= abs(result.denominator) * 10**MAX_DIGITS or result.denominator > 10 ** (MAX_DIGITS + 5):
        raise InputError("数太大或太小", code="KPI801", hint=f"小数点两边最多 {MAX_DIGITS} 位")
    return result


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return f"「{text if len(text) <= 40 else text[:40] + '…'}」"


def _fraction(value: str | int | float | Decimal | Fraction) -> Fraction:
    return value if type(value) is Fraction else exact(value)


def _unit(value: Unit | str) -> Unit:
    return unit_named(value) if isinstance(value, str) else value


@frozen
class Quantity:
    """An exact number in a unit; `.base` is its value in base units of the unit's kind."""

    number: Fraction = field(converter=_fraction)
    unit: Unit = field(default=PLAIN, converter=_unit)

    @property
    def base(self) -> Fraction:
        """The value in base units: a rate as a ratio, money in 元, time in days."""
        return self.number * self.unit.size

    def __str__(self) -> str:
        return f"{decimal_text(self.number)}{'' if self.unit is RATIO else self.unit.symbol}"


def unit_named(symbol: str, *, own_count: bool = True) -> Unit:
    """The unit of that name; an unknown measure word is a count of its own kind where `own_count` allows it.

    Raises:
        InputError: no such unit.
    """
    unit = UNITS.get(symbol)
    if unit is not None:
        return unit
    if own_count and 0 < len(symbol) <= 4 and all("一" <= char <= "鿿" for char in symbol):
        return Unit(f"count:{symbol}", symbol)
    raise InputError(f"不认识的单位{_shown(symbol)}", code="KPI801", hint="常用单位：% ‰ 分 元 万元 天 小时 次 个 家")


def parse_quantity(text: str) -> Quantity:
    """Read one quantity as people write it: 85.4%, 百分之五, 30万元, 1:1.5, 半天, －3％, 3次.

    Raises:
        InputError: the text is not one number with at most one unit.
    """
    folded = normalise(text).strip()
    proportion = _PROPORTION.match(folded.replace(" ", ""))
    if proportion is not None:
        if exact(proportion["a"]) != 1:
            raise InputError(f"{_shown(text)} 的先后次序不明", code="KPI801", hint="写成 1:n", example="1:1.5")
        return Quantity(exact(proportion["b"]))
    match = _QUANTITY.match(folded) if len(folded) <= 80 else None
    if match is None or match["sign"] == "±":
        raise InputError(f"{_shown(text)} 不是一个带单位的数", code="KPI801", hint="写成数字加单位", example="85.4%")
    number = number_value(match["number"])
    if match["sign"] == "-":
        number = -number
    unit_text = match["unit"].strip()
    number, unit_text = scale_myriad(number, match["myriad"], unit_text)
    if match["per"]:
        if unit_text or match["myriad"]:
            raise InputError(f"{_shown(text)} 有两个单位", code="KPI801", example="85.4%")
        return Quantity(number, UNITS["%"] if match["per"] == "百分之" else UNITS["‰"])
    return Quantity(number, unit_named(unit_text))


def number_value(text: str) -> Fraction:
    """The value of the digits of a number, Arabic or Chinese.

    Raises:
        InputError: not a number.
    """
    if text[0].isdigit():
        return exact(text)
    try:
        return chinese_number(text)
    except ValueError:
        raise InputError(f"{_shown(text)} 不是一个数", code="KPI801") from None


def scale_myriad(number: Fraction, myriad: str, unit: str) -> tuple[Fraction, str]:
    """Apply 万/亿: 30万元 is 30 of 万元, 30万 is 300000."""
    if myriad and f"{myriad}{unit}" in UNITS:
        return number, f"{myriad}{unit}"
    for char in myriad:
        number *= _MYRIADS.get(char) or _TENS[char]
    return number, unit


def round_half_away(value: Fraction, places: int) -> Fraction:
    """Round to a number of decimal places, a half away from zero (四舍五入)."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if value >= 0 else -whole, 10**places)


def to_decimal(value: Fraction) -> Decimal:
    """The same number as a Decimal without trailing zeros; only for fractions that end.

    Raises:
        ValueError: the fraction has no finite decimal form.
    """
    denominator, twos, fives = value.denominator, 0, 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    if denominator != 1:
        raise ValueError(f"{value} has no finite decimal form")
    places = max(twos, fives)
    digits = value.numerator * 10**places // value.denominator
    return Decimal((0 if digits >= 0 else 1, tuple(map(int, str(abs(digits)))), -places))


def decimal_text(value: Fraction) -> str:
    """Plain digits where the number ends, a/b where it does not."""
    try:
        return f"{to_decimal(value):f}"
    except ValueError:
        return str(value)
