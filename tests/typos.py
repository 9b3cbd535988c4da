"""The typo test: one character of a vocabulary word replaced, in every sentence of the tables, must be refused.

python tests/typos.py            prints the share refused and every typo that still compiles
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import kpilib
from kpilib.syntax.lexer import lex
from kpilib.text import normalise

CASES = Path(__file__).parent / "cases"

# Characters that are mistaken for each other, by shape or by sound.
LOOK_ALIKES = {
    "低": "底抵", "减": "咸碱", "扣": "叩口", "得": "的锝", "分": "份芬", "高": "搞稿", "超": "召抄", "过": "进锅", "每": "海母", "满": "蔓瞒", "以": "已似",
    "上": "卡止", "下": "卞吓", "于": "干予", "足": "促捉", "达": "迏哒", "到": "倒道", "加": "茄架", "最": "罪醉", "多": "夕哆", "为": "伪维", "止": "址正",
    "完": "玩宛", "项": "顶相", "目": "日木", "标": "票彪", "值": "植直", "记": "纪己", "零": "令玲", "否": "吾杏", "则": "侧测", "不": "木部", "无": "元吴",
    "未": "末味", "内": "肉那", "外": "夕处", "比": "此毕", "例": "列利", "按": "安案", "计": "什讣", "算": "蒜酸", "封": "风峰", "顶": "项丁", "奖": "桨浆",
    "励": "历厉", "少": "小步", "升": "开生", "降": "隆绛", "提": "题堤", "增": "曾赠", "且": "目切", "或": "惑域", "至": "致室", "含": "舍函", "累": "垒类",
    "档": "挡当", "基": "其墓", "准": "谁淮", "大": "太犬", "小": "少晓", "及": "级极", "等": "筝寺", "出": "山初", "逾": "愈喻", "届": "届界", "考": "老拷",
    "核": "该刻", "给": "合纶", "予": "子矛", "除": "徐余", "罚": "罗伐", "倒": "到捣", "起": "赳启", "差": "羞叉", "率": "卒律", "乘": "剩乖", "照": "昭召",
    "类": "米娄", "推": "堆雄", "此": "比些", "般": "搬股", "均": "匀钧", "总": "总忽", "限": "限艰", "直": "真宜", "负": "负贝", "设": "没役", "保": "堡褒",
    "底": "低庇", "合": "和盒", "满分": "", "要": "耍腰", "求": "球救", "控": "控空", "制": "制刷", "在": "再存", "之": "乏芝", "间": "问简", "者": "着都",
}  # fmt: skip
STRANGE = "㐀"
# What carries no meaning of its own: text, numbers with their measure words, separators, notes.
FREE = {
    "TEXT",
    "NUMBER",
    "ZERO_NUMBER",
    "COUNT",
    "AMOUNT",
    "RATE",
    "RANGE",
    "MARKS_RANGE",
    "SEPARATOR",
    "NOTE",
    "EXAMPLE",
    "PROPORTION",
}


class Typo(NamedTuple):
    """One replacement in one sentence."""

    row: dict
    text: str
    word: str
    wrong: str


def typos(row: dict) -> list[Typo]:
    """The typos of a sentence; those that make another word of the vocabulary are left out."""
    text = row["text"]
    found = []
    for word in lex(text):
        if word.kind in FREE:
            continue
        for position in range(word.span.start, word.span.end):
            folded = normalise(text)[position]
            if not "一" <= folded <= "鿿":
                continue
            for substitute in LOOK_ALIKES.get(folded, "") + STRANGE:
                if substitute == text[position]:
                    continue
                wrong = text[:position] + substitute + text[position + 1 :]
                if not _another_word(wrong, position, word.kind):
                    found.append(Typo(row, wrong, word.text, substitute))
    return found


def _another_word(text: str, position: int, kind: str) -> bool:
    """Whether the replaced character is itself part of a word of the vocabulary."""
    try:
        words = lex(text)
    except kpilib.KpiError:
        return False
    return any(word.span.start <= position < word.span.end and word.kind not in FREE for word in words)


def compiled(row: dict, text: str) -> kpilib.Rule | None:
    try:
        rule = kpilib.compile_rule(
            text, full_marks=row["full_marks"], target=row["target"], reading=kpilib.Reading(**row["reading"])
        )
    except kpilib.KpiError:
        return None
    return None if rule.holes else rule


def effect(row: dict, rule: kpilib.Rule) -> str:
    """same: the points of the right sentence; loud: the inputs of the right sentence are refused; silent: other points."""
    right = compiled(row, row["text"])
    assert right is not None
    try:
        return "same" if all(rule.score(value) == right.score(value) for value, _ in row["probes"]) else "silent"
    except kpilib.KpiError:
        return "loud"


def rows() -> list[dict]:
    """The sentences of the tables that are scored."""
    found = []
    for path in sorted(CASES.glob("*.jsonl")):
        found += [
            row
            for line in path.read_text(encoding="utf-8").splitlines()
            if line and (row := json.loads(line))["expect"] == "score"
        ]
    return found


def survey(sentences: list[dict]) -> tuple[int, list[tuple[Typo, kpilib.Rule, str]]]:
    """How many typos there are, and those that still compile, with their effect."""
    total, passed = 0, []
    for row in sentences:
        if compiled(row, row["text"]) is None:
            continue
        for typo in typos(row):
            total += 1
            rule = compiled(row, typo.text)
            if rule is not None:
                passed.append((typo, rule, effect(row, rule)))
    return total, passed


def main() -> int:
    total, passed = survey(rows())
    by_effect = Counter(effect for _, _, effect in passed)
    for (word, effect), count in Counter((typo.word, effect) for typo, _, effect in passed).most_common(60):
        print(f"{count:4} {effect:7} {word}")
    for typo, rule, effect in passed if "-v" in sys.argv else []:
        if effect != "same":
            print(f"{typo.row['id']:14} {effect:7} {typo.text!r} -> {rule.text}")
    share = 100 * (total - len(passed)) / total
    print(f"{total} typos, {total - len(passed)} refused ({share:.1f} %); of the rest: {dict(by_effect)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
