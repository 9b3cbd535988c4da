"""Scorecards as people keep them, in three formats: what the plan says, what it scores, and where each finding points."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet_files import Rows, write_docx, write_markdown, write_xlsx

import kpilib
from kpilib.sheets import ImportedSheet

FORMATS = ("xlsx", "docx", "md")


def written(folder: Path, kind: str, title: str, rows: Rows) -> Path:
    """A sheet with its title: a merged row of a spreadsheet, a line above the table elsewhere."""
    path = folder / f"考核表.{kind}"
    if kind == "xlsx":
        return write_xlsx(path, [[title, *["<"] * (max(map(len, rows)) - 1)], *rows])
    return write_docx(path, title, rows) if kind == "docx" else write_markdown(path, f"# {title}", rows)


class Sheet(NamedTuple):
    title: str
    rows: Rows
    facts: dict[str, Any]
    total: str
    grade: str | None = None
    formats: tuple[str, ...] = FORMATS
    confirmed: bool = True  # nothing is left to confirm
    has: tuple[str, ...] = ()  # lines of the plan


SALES = Sheet(
    "大客户经理季度考核表",
    [
        ["考核项目", "考核指标", "权重", "目标值", "评分标准", "计算公式", "数据来源", "备注", "得分"],
        ["工作业绩（70%）", "1. 销售完成率", 0.4, 0.9, "1. 每低1%，扣2分\n2. 低于70%，该项不得分", "实际销售额÷计划销售额", "财务部", "按季", ""],
        ["^", "2. 回款率", 0.3, "≥95%", "每低1%扣1分，每高1%加1分，最高加3分", "实际回款÷应收款", "同上", "/", ""],
        ["工作能力\n30%", "3. 客户投诉", 0.1, "", "每起投诉扣5分", "", "客服中心", "—", ""],
        ["^", "4. 新客户数", 0.2, "5家", "每少1家扣4分", "", "客户档案", "以合同为准", ""],
        ["合计", "<", 1.0, "", "", "", "", "", ""],
        ["等级：90分以上优秀；75分以上良好；低于75分不合格", *["<"] * 8],
        ["注：季度末次月5日前完成评分", *["<"] * 8],
    ],
    {"销售完成率": "85.4%", "回款率": "97%", "客户投诉": 1, "新客户数": 4},
    "83.8",
    "良好",
    has=(
        "一、工作业绩（70%）", "（一）销售完成率（40%）", "目标值：90%", "计算公式：实际销售额÷计划销售额", "数据来源：财务部", "注：按季",
        "2. 低于70%，该项不得分", "目标值：≥95%", "二、工作能力（30%）", "注：季度末次月5日前完成评分",
    ),
)  # fmt: skip

SERVICE = Sheet(
    "客服岗位月度考核表",
    [
        ["考核内容", "<", "权重", "考核标准", "分值", "评分人", "评分", "<"],
        ["考核项目", "考核指标", "^", "^", "^", "^", "自评", "上级评分"],
        ["服务质量", "一次解决率", 0.3, "目标值为90%，每低1%扣2分", "", "客服主管", "", ""],
        ["^", "沟通能力", 0.2, "能灵活运用多种技巧", "20分", "客服主管", "", ""],
        ["^", "^", "^", "有一定说服力", "10分", "^", "", ""],
        ["^", "^", "^", "无法清楚表达", "0分", "^", "", ""],
        ["工作纪律", "考勤", 0.3, "迟到一次扣1分，旷工一次扣5分", "", "人力资源部", "", ""],
        ["^", "培训", 0.2, "缺席一次扣4分", "", "人力资源部", "", ""],
    ],
    {"一次解决率": "88%", "沟通能力": "有一定说服力", "考勤": {"迟到": 2, "旷工": 0}, "培训": 0},
    "84",
    has=("（二）沟通能力（20%）", "有一定说服力（10分）", "评分人：客服主管", "（一）考勤（30%）"),
)

WORKSHOP = Sheet(
    "车间班组考核表",
    [
        ["序号", "考核项目", "分值", "评分细则", "责任部门", "考核周期"],
        ["一、工作业绩（60分）", "<", "<", "<", "<", "<"],
        [1, "产量完成率", "40分", "目标值为100%，每低1%扣2分", "生产部", "月度"],
        [2, "一次交检合格率", "20分", "98%以上得20分；95%以上得10分；低于95%不得分", "质检部", "月度"],
        ["二、安全与纪律（40分）", "<", "<", "<", "<", "<"],
        ["序号", "考核项目", "分值", "评分细则", "责任部门", "考核周期"],  # the header again, on the next page
        [3, "安全事故", "20分", "每起扣10分", "安环部", "月度"],
        [4, "现场5S", "20分", "不合格一项扣2分", "安环部", "季度"],
        ["合计", "<", 100, "", "", ""],
    ],
    {"产量完成率": "98%", "一次交检合格率": "96%", "安全事故": 1, "现场5S": 2},
    "72",
    has=("一、工作业绩（60分）", "责任部门：质检部", "考核周期：季度", "（二）现场5S（20分）"),
)

NESTED = Sheet(
    "部门主管考核表",
    [
        ["考核维度", "权重", "考核指标", "权重", "评分标准"],
        ["业绩", "70%", "回款率", "60%", "目标值90%，每低1%扣2分"],
        ["^", "^", "新客户", "40%", "目标值5家，每少1家扣2分"],
        ["态度", "30%", "考勤", "100%", "迟到一次扣1分"],
    ],
    {"回款率": "89%", "新客户": 5, "考勤": 3},
    "95",
    confirmed=False,
    has=("一、业绩（70%）", "（一）回款率（42%）", "（二）新客户（28%）", "（一）考勤（30%）"),
)

POOL = Sheet(
    "出纳岗位考核表",
    [
        ["项目", "指标", "比重", "扣分标准", "单位", "标准值"],
        ["业绩", "报销及时率", "80%", "每低1%扣2分", "百分比", "98"],
        ["纪律", "考勤", 0.2, "迟到一次扣1分", "", ""],
        ["^", "差错", "^", "每笔差错扣5分", "笔", ""],
        ["加分项", "合理化建议", "", "每条加2分，最高加6分", "", ""],
    ],
    {"报销及时率": 97, "考勤": 2, "差错": 1, "合理化建议": 4},
    "97",
    formats=("xlsx", "docx"),
    has=("二、纪律（20%）", "（一）考勤", "单位：%", "目标值：98%", "三、加分项"),
)

PLAIN = Sheet(
    "仓管员考核表",
    [
        ["考核指标", "权重", "满分", "考核办法", "适用对象"],
        ["盘点准确率", "0.6", 100, "99%以上得100分；95%以上得80分；低于95%得0分", "库区一"],
        ["发货差错", "0.4", "", "每次差错扣5分", "库区二"],
    ],
    {"盘点准确率": "96%", "发货差错": 1},
    "83",
    has=("一、盘点准确率（60%）", "满分：100分", "适用：库区一", "二、发货差错（40%）"),
)

SHEETS = {
    "sales": SALES, "service": SERVICE, "workshop": WORKSHOP, "nested": NESTED, "pool": POOL, "plain": PLAIN,
}  # fmt: skip
CASES = [(name, kind) for name, sheet in SHEETS.items() for kind in sheet.formats]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_sheet_becomes_a_plan_that_scores(name: str, kind: str, tmp_path: Path) -> None:
    sheet = SHEETS[name]
    read = kpilib.import_sheet(written(tmp_path, kind, sheet.title, sheet.rows))
    assert [str(finding) for finding in read.findings if finding.level == "error"] == []
    assert read.ok is sheet.confirmed
    lines = read.plan_text.splitlines()
    assert lines[0] == sheet.title
    assert [line for line in sheet.has if line not in lines] == []
    plan = kpilib.parse_plan(read.plan_text)
    scored = plan.score(sheet.facts)
    assert scored.pending == ()
    assert (scored.total, scored.grade) == (Decimal(sheet.total), sheet.grade)
    # Nobody who formats the plan changes it.
    assert kpilib.parse_plan(plan.text) == plan


@pytest.mark.parametrize("name", SHEETS)
def test_the_three_formats_give_one_plan(name: str, tmp_path: Path) -> None:
    sheet = SHEETS[name]
    texts = [kpilib.import_sheet(written(tmp_path, kind, sheet.title, sheet.rows)).plan_text for kind in sheet.formats]
    # Markdown has no merged cells, so a source that goes on below is not known there.
    assert len(set(texts)) == 1


def test_the_columns_say_what_they_became(tmp_path: Path) -> None:
    read = kpilib.import_sheet(written(tmp_path, "xlsx", SALES.title, SALES.rows))
    told = {column.heading: (column.address, column.title, column.kept) for column in read.columns}
    assert told["评分标准"] == ("考核表!E2", "评分标准", "评分标准：")
    assert told["备注"] == ("考核表!H2", "备注", "注：")
    assert told["得分"] == ("考核表!I2", "评分", "")
    assert len(told) == 9
    ignored = [finding for finding in read.findings if finding.code == "KPI822"]
    assert [(finding.address, finding.level) for finding in ignored] == [("考核表!I2", "info")]


# ---- findings --------------------------------------------------------------------------------------------------------

WRONG: Rows = [
    ["考核项目", "考核指标", "权重", "目标值", "扣分原则", "计算公式", "难度", "得分"],
    ["业绩", "回款率", "约20%", "90%", "每低1%浮动2分", "得分=回款率*20", "高", "18"],
    ["^", "新客户", "30%", "及时", "根据情况酌情打分", "", "", ""],
    ["纪律", "考勤", "30%", "", "迟到一次扣1分", "", "=1+1", ""],
    ["^", "新客户", "30%", "5家", "每少1家扣2分", "", "", ""],
]


def found(read: ImportedSheet) -> list[tuple[str, str, str]]:
    return [(f.address, f.code, f.level) for f in read.findings if f.level != "info"]


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        ("xlsx", lambda row, column: f"考核表!{'ABCDEFGH'[column - 1]}{row + 1}"),
        ("docx", lambda row, column: f"表1 第{row}行第{column}列"),
        ("md", lambda row, column: f"第{row + 2 + (row > 1)}行第{column}列"),
    ],
)
def test_every_finding_has_the_address_of_its_cell(kind: str, at: Callable[[int, int], str], tmp_path: Path) -> None:
    read = kpilib.import_sheet(written(tmp_path, kind, "考核", WRONG))
    assert set(found(read)) == {
        (at(2, 3), "KPI823", "error"),  # 约20%
        (at(2, 5), "KPI105", "error"),  # 浮动
        (at(2, 6), "KPI701", "需确认"),  # 得分= in a formula
        (at(3, 4), "KPI823", "需确认"),  # 及时
        (at(3, 5), "KPI601", "error"),  # 酌情
        (at(5, 2), "KPI704", "error"),  # 新客户 twice
        (at(1, 7), "KPI822", "需确认"),  # 难度
    }
    assert not read.ok
    for words in ("约20%", "每低1%浮动2分", "目标值：及时", "根据情况酌情打分", "难度：=1+1"):
        assert words in read.plan_text
    with pytest.raises(kpilib.PlanError):
        kpilib.parse_plan(read.plan_text)


def test_a_message_shows_the_words_of_the_cell(tmp_path: Path) -> None:
    read = kpilib.import_sheet(written(tmp_path, "xlsx", "考核", WRONG))
    shown = {finding.address: str(finding) for finding in read.findings if finding.level != "info"}
    assert shown["考核表!C3"] == "考核表!C3　KPI823 看不懂「回款率」的权重「约20%」\n  写成 20% 或 20分"
    assert shown["考核表!E3"] == (
        "考核表!E3　KPI105 看不懂这里的「浮动」\n  每低1%浮动2分\n  　　  ^^^^\n"
        "  界限和得分之间不能有别的话\n  可以这样写：90%以上得10分"
    )
    assert shown["考核表!G2"] == (
        "考核表!G2　KPI822 不认识的列「难度」，内容留在每个指标的「注：」里，不参与计分\n"
        "  参与计分的，把列名改成 评分标准、目标值……"
    )


def simple(*rows: list[Any]) -> Rows:
    return [["考核指标", "权重", "评分标准"], *rows]


@pytest.mark.parametrize(
    ("rows", "address", "message"),
    [
        (simple(["产量", 60, "每少1件扣2分"], ["考勤", 30, "迟到一次扣1分"]), "考核表!B2", "指标的权重没有写单位，加起来是 90：不是 100，也不是 1"),
        (simple(["产量", "60%", "每少1件扣2分"], ["考勤", "30%", "迟到一次扣1分"]), "考核表!B4", "各组合计 90%，应为 100%，差 10%"),
        (simple(["产量", "60%", "每少1件扣2分"], ["考勤", "40%", "迟到一次扣1分"], ["合计", "110%", ""]), "考核表!B5", "合计写的是 110%，各项加起来是 100"),
        (simple(["产量", "60%", "每少1件扣2分"], ["考勤", "^", "迟到一次扣1分"], ["废品率", "40%", "每高1%扣1分"]), "考核表!B3", "权重 60% 合并在几个指标上：产量、考勤"),
        (simple(["产量（50%）", "60%", "每少1件扣2分"], ["考勤", "40%", "迟到一次扣1分"]), "考核表!B3", "「产量」写了不同的权重：50%、60%"),
        (simple(["产量", "50%", "每少1件扣2分"], ["^", "50%", "废品一件扣2分"]), "考核表!B4", "「产量」有几个权重：50%、50%"),
        (simple(["", "60%", "每少1件扣2分"], ["考勤", "40%", "迟到一次扣1分"]), "考核表!B3", "这一行没有指标的名称"),
        (simple(["产量", "0%", "每少1件扣2分"], ["考勤", "100%", "迟到一次扣1分"]), "考核表!B3", "看不懂「产量」的权重「0%」"),
        (simple(["产量", "100%", ""]), "考核表!A3", "「产量」没有计分的规定"),
        (simple(["产量", "", "每少1件扣2分"], ["考勤", "100%", "迟到一次扣1分"]), "考核表!A3", "「产量」没有权重：它的加分、扣分直接算进总分"),
        (simple(["产量", "50%", "迟到一次扣1分"], ["考勤", "50%", "^"]), "考核表!C3", "这一格的规则合并在几个指标上，每个都按它计分：产量、考勤"),
    ],
)  # fmt: skip
def test_weights_and_rows_that_do_not_fit(rows: Rows, address: str, message: str, tmp_path: Path) -> None:
    read = kpilib.import_sheet(written(tmp_path, "xlsx", "考核", rows))
    assert (address, message) in [(finding.address, finding.message) for finding in read.findings]
    assert not read.ok


def test_rows_with_marks_are_levels_only_where_the_best_is_the_whole_weight(tmp_path: Path) -> None:
    rows: Rows = [
        ["考核指标", "权重", "评分标准", "分值"],
        ["安全", "100%", "现场整洁", "60分"],
        ["^", "^", "劳保齐全", "40分"],
    ]
    read = kpilib.import_sheet(written(tmp_path, "xlsx", "考核", rows))
    said = "「安全」的几行各有分值：60分、40分。是几个等级，还是几个小项？"
    assert ("考核表!D3", said) in [(finding.address, finding.message) for finding in read.findings]
    with pytest.raises(kpilib.PlanError):
        kpilib.parse_plan(read.plan_text)


def test_a_weight_in_doubt_keeps_the_plan_from_scoring_until_it_is_filled_in(tmp_path: Path) -> None:
    rows = simple(["产量", "待定", "目标值10件，每少1件扣2分"], ["考勤", "40%", "迟到一次扣1分"])
    text = kpilib.import_sheet(written(tmp_path, "xlsx", "考核", rows)).plan_text
    assert "一、产量（权重？）" in text
    assert "注：权重：待定" in text
    with pytest.raises(kpilib.PlanError):
        kpilib.parse_plan(text)
    plan = kpilib.parse_plan(text.replace("（权重？）", "（60%）"))
    assert plan.score({"产量": 9, "考勤": 0}).total == Decimal(98)


def test_marks_that_are_not_100_are_the_plans_own_where_the_sheet_says_so(tmp_path: Path) -> None:
    rows: Rows = [
        ["指标", "分值", "评分标准"],
        ["产量", 80, "每少1件扣2分"],
        ["考勤", 40, "迟到一次扣1分"],
        ["合计", 120, ""],
    ]
    plan = kpilib.parse_plan(kpilib.import_sheet(written(tmp_path, "xlsx", "考核", rows)).plan_text)
    assert (plan.full_marks, [item.full_marks for item in plan.indicators]) == (120, [80, 40])


def test_sub_headings_of_marks_are_what_their_conditions_are_worth(tmp_path: Path) -> None:
    rows: Rows = [
        ["指标", "权重", "评分标准", "<", "<"],
        ["^", "^", "50分", "30分", "0分"],
        ["回款率", "50%", "90%以上", "80%以上", "低于80%"],
        ["合格率", "50%", "98%以上", "95%以上", "低于95%"],
    ]
    plan = kpilib.parse_plan(kpilib.import_sheet(written(tmp_path, "docx", "考核", rows)).plan_text)
    assert plan.score({"回款率": "85%", "合格率": "98%"}).total == Decimal(80)


# ---- several tables, several sheets ----------------------------------------------------------------------------------


def test_tables_of_one_document_are_one_scorecard(tmp_path: Path) -> None:
    head = ["考核指标", "权重", "评分标准"]
    path = write_docx(
        tmp_path / "主任.docx",
        "车间主任考核表", "适用于全体车间主任，每月考核一次，由生产部负责。", "一、业绩指标（60%）",
        [head, ["产量", "60", "目标值100件，每少1件扣2分"]],
        "二、态度指标（40%）",
        [head, ["考勤", "40", "迟到一次扣1分"], ["合计", "40", ""]],
        "等级：90分以上优秀；低于90分合格",
        [["等级", "优秀", "合格"], ["系数", "1.2", "1.0"]],
    )  # fmt: skip
    read = kpilib.import_sheet(path)
    plan = kpilib.parse_plan(read.plan_text)
    assert plan.title == "车间主任考核表"
    assert [(group.name, group.full_marks) for group in plan.groups] == [("业绩指标", 60), ("态度指标", 40)]
    sheet = plan.score({"产量": 98, "考勤": 1})
    assert (sheet.total, sheet.grade) == (Decimal(95), "优秀")
    said = {(finding.address, finding.level): finding.message for finding in read.findings if finding.code == "KPI824"}
    assert said["表3 第1行第1列", "需确认"] == "表3不是考核表，没有读：等级、优秀、合格"
    assert said["第2段", "info"].startswith("表格外面的 1 段文字没有写进方案")


def test_complete_scorecards_are_not_mixed(tmp_path: Path) -> None:
    one, two = simple(["产量", "100%", "每少1件扣2分"]), simple(["考勤", "100%", "迟到一次扣1分"])
    path = write_markdown(tmp_path / "两岗.md", "# 操作工", one, "# 保安", two)
    with pytest.raises(kpilib.InputError) as error:
        kpilib.import_sheet(path)
    assert (error.value.code, error.value.message) == ("KPI821", "文件里有 2 张考核表，各自的权重都加到 100")
    assert "1. 操作工；2. 保安" in error.value.hint
    assert kpilib.import_sheet(path, table=2).plan_text.startswith("保安\n格式：1\n\n一、考勤（100%）\n")
    with pytest.raises(kpilib.InputError, match="没有第 3 张考核表，一共 2 张"):
        kpilib.import_sheet(path, table=3)


def test_the_other_sheets_of_a_workbook_are_named(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "表.xlsx", simple(["产量", "100%", "每少1件扣2分"]), sheet="一岗", others=["二岗"])
    read = kpilib.import_sheet(path)
    assert "读的是工作表「一岗」；没有读：二岗" in [finding.message for finding in read.findings]
    with pytest.raises(kpilib.InputError, match="没有工作表「三岗」"):
        kpilib.import_sheet(path, sheet="三岗")
    with pytest.raises(kpilib.InputError, match="没有找到考核表"):
        kpilib.import_sheet(path, sheet="二岗")


def test_a_header_again_right_under_a_row_leaves_the_row_alone(tmp_path: Path) -> None:
    rows = simple(["产量", "60%", "每少1件扣2分"], ["考核指标", "权重", "评分标准"], ["考勤", "40%", "迟到一次扣1分"])
    read = kpilib.import_sheet(written(tmp_path, "md", "考核", rows))
    assert [item.name for item in kpilib.parse_plan(read.plan_text).indicators] == ["产量", "考勤"]


def test_a_name_with_nothing_below_it_is_kept_and_said(tmp_path: Path) -> None:
    rows = simple(
        ["一、业绩", "<", "<"], ["二、纪律", "<", "<"], ["考勤", "100%", "迟到一次扣1分"], ["三、能力", "<", "<"]
    )
    read = kpilib.import_sheet(written(tmp_path, "docx", "考核", rows))
    said = [(finding.address, finding.message) for finding in read.findings if finding.level == "需确认"]
    assert said == [
        ("表1 第5行第1列", "「三、能力」下面没有指标，写在方案开头的「注：」里"),
        ("表1 第2行第1列", "「业绩」下面没有指标，写在方案开头的「注：」里"),
    ]
    assert {"注：三、能力", "注：业绩"} <= set(read.plan_text.splitlines())


def test_what_has_no_heading_above_it_is_kept_and_said(tmp_path: Path) -> None:
    rows: Rows = [["考核指标", "权重", "评分标准", ""], ["考勤", "100%", "迟到一次扣1分", "只算工作日"]]
    read = kpilib.import_sheet(written(tmp_path, "xlsx", "考核", rows))
    assert ("考核表!D3", "KPI822", "需确认") in found(read)
    assert "注：只算工作日" in read.plan_text.splitlines()


def test_words_that_would_be_other_lines_of_a_plan_stay_what_they_are(tmp_path: Path) -> None:
    rows: Rows = [
        ["考核指标", "权重", "评分标准", "备注"],
        ["投诉：有效投诉", "50%", "每起扣5分\n二、被通报的每次扣10分", "满分：10分\n目标值：90%"],
        ["考勤", "50%", "迟到一次扣1分\n注：迟到以打卡为准", "一、按月\u2028（二）按人<br>口径：不足一档不计"],
    ]
    read = kpilib.import_sheet(written(tmp_path, "xlsx", "一、考核：表", rows))
    plan = kpilib.parse_plan(read.plan_text)
    assert [item.name for item in plan.indicators] == ["投诉 有效投诉", "考勤"]
    first, second = plan.groups
    rule = plan.indicators[0].rule_text
    assert rule.split("\n")[0] == "每起扣5分"
    assert "被通报的每次扣10分" in rule
    assert first.remarks == ("名称：投诉：有效投诉", "满分：10分", "目标值：90%")
    assert second.remarks == ("一、按月", "（二）按人", "口径：不足一档不计")
    assert (first.full_marks, plan.reading.step) == (50, "linear")


# ---- whatever the cells hold -----------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "", "产量", "考勤（20%）", "1. 回款率", "一、业绩（50%）", "每低1%扣2分", "目标值为90%，每低1%扣2分", "根据情况酌情打分", "迟到一次扣1分\n旷工一次扣5分",
        "合计", "100%", "20%", "20", "0.2", "待定", "5家", "财务部", "同上", "/", "注：说明", "考核指标", "权重", "评分标准", "（一）小项", "格式：1", "满分：5分",
        "签字：", "投诉：数", "^", "<", "备 注", "等级：90分以上优秀；90分以下合格", "口径：不足一档不计", "（", "=1+1",
    ]
)  # fmt: skip
HEADS = st.lists(
    st.sampled_from(["考核项目", "权重", "目标值", "计算公式", "数据来源", "备注", "难度", "满分", "得分"]), max_size=4
)


def squeezed(text: str) -> str:
    return "".join(text.replace("<br>", "\n").split())


@settings(deadline=None)
@given(heads=HEADS, body=st.lists(st.lists(WORDS, min_size=6, max_size=6), min_size=1, max_size=7))
def test_nothing_is_lost_and_nothing_in_doubt_is_scored(
    heads: list[str], body: list[list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    header = ["考核指标", "评分标准", *heads]
    rows = [[None if value in "<^" else value for value in row[: len(header)]] for row in body]
    path = write_xlsx(tmp_path_factory.mktemp("sheet") / "表.xlsx", [header, *rows])
    try:
        read = kpilib.import_sheet(path)
    except kpilib.InputError as error:
        assert error.code in ("KPI821", "KPI807")  # noqa: PT017
        return
    plan = squeezed(read.plan_text)
    columns = {index for index, head in enumerate(header) if head not in ("权重", "满分", "得分")}
    names = {column.heading for column in read.columns}
    for row in rows:
        numbers = [value for value in row if value in ("合计", "100%", "20%", "20", "0.2", "满分：5分")]
        if numbers or {value for value in row if value} & {*names, "考核指标", "权重", "评分标准", "备 注"}:
            continue  # totals, headers again, and numbers that became weights
        for index in columns & set(range(len(row))):
            value = row[index]
            for line in (value or "").split("\n"):
                bare = (
                    line.replace("1. ", "")
                    .replace("一、", "")
                    .replace("（一）", "")
                    .replace("（20%）", "")
                    .replace("（50%）", "")
                )
                kept = squeezed(bare) in plan or squeezed(bare.replace("：", "")) in plan
                assert kept or line in ("同上", "/", "（"), (line, read.plan_text)
    try:
        loaded = kpilib.parse_plan(read.plan_text)
    except kpilib.PlanError:
        assert any(finding.level == "error" for finding in read.findings)
    else:
        assert all(finding.level != "error" or finding.code == "KPI702" for finding in read.findings)
        assert loaded.text
