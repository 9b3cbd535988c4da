"""What is wrong with a plan: every mistake in one run, each at its place, in words that help."""

import errno
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpilib.errors import MAX_MESSAGE, InputError, PlanError, TemplateError, system_reason
from kpilib.plan import check_plan, load_plan, parse_plan, plan_text, reading_from_words
from kpilib.plan.files import decoded
from kpilib.syntax.plan_text import read_plan

CASES = Path(__file__).parent / "cases" / "plans"
RULE = "考核目标值为90%；每低1%，减2分"
PLAN = f"方案\n一、业绩（100%）\n（一）回款率（60%）\n{RULE}\n（二）销售率（40%）\n{RULE}\n"


def own(text: str, **options: bool) -> list[str]:
    """The findings of the plan layer itself, printed; those of rules have tests of their own."""
    return [str(finding) for finding in check_plan(text, **options) if finding.code.startswith("KPI7")]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.txt")), ids=lambda path: path.stem)
def test_messages(path: Path) -> None:
    text = path.with_suffix(".kpi").read_text(encoding="utf-8")
    assert "\n\n".join(own(text)) + "\n" == path.read_text(encoding="utf-8")


def test_every_golden_file_has_a_plan() -> None:
    assert {path.stem for path in CASES.glob("*.txt")} <= {path.stem for path in CASES.glob("*.kpi")}


def test_an_error_holds_every_mistake() -> None:
    text = (CASES / "broken.kpi").read_text(encoding="utf-8")
    with pytest.raises(PlanError) as caught:
        parse_plan(text)
    errors = tuple(finding for finding in check_plan(text) if finding.level == "error")
    assert caught.value.diagnostics == errors
    assert {finding.code for finding in errors} >= {"KPI701", "KPI702", "KPI704", "KPI705", "KPI706"}


@pytest.mark.parametrize(
    ("old", "new", "code", "at"),
    [
        ("方案\n", "", "KPI701", ""),
        ("（一）", "一）", "KPI701", ""),
        ("（60%）", "（50%）", "KPI702", "（100%）"),
        ("（100%）", "（90%）", "KPI702", "（90%）"),
        ("（60%）", "（60）", "KPI701", "（60）"),
        ("（60%）", "（0%）", "KPI701", "（0%）"),
        ("销售率", "回款率", "KPI704", "回款率"),
        ("方案\n", "方案\n口径：不足一档按比利\n", "KPI706", "不足一档按比利"),
        ("方案\n", "方案\n等级：90以上\n", "KPI705", "90以上"),
        ("方案\n", "方案\n系数：优秀1.2\n", "KPI705", "优秀1.2"),
        ("方案\n", "方案\n格式：9\n", "KPI701", "9"),
        ("方案\n", "方案\n满分：很多\n", "KPI701", "很多"),
        ("方案\n", "方案\n生效日期：明天\n", "KPI701", "明天"),
        ("（一）回款率（60%）\n", "（一）回款率（60%）\n目标值：很多\n", "KPI701", "很多"),
        ("（一）回款率（60%）\n", "（一）回款率（60%）\n目标直：90%\n", "KPI701", "目标直"),
        ("（一）回款率（60%）\n", "（一）回款率（60%）\n单位：不知道什么\n", "KPI701", "不知道什么"),
        ("（一）回款率（60%）\n", "（一）回款率（60%）\n口径：缺项：记0分\n", "KPI706", "缺项：记0分"),
        (f"{RULE}\n（二）", "（二）", "KPI106", "回款率"),
        ("方案", "方\x00案", "KPI103", "\x00"),
        ("（一）", "几句说明\n（一）", "KPI701", "几句说明"),
        ("（一）", "目标值：90%\n（一）", "KPI701", "目标值：90%"),
        ("一、业绩（100%）\n", "", "KPI701", "（一）回款率（60%）"),
        ("（100%）", "（0%）", "KPI701", "（0%）"),
        ("方案\n", "方案\n版本：1\n版次：2\n", "KPI704", "版次"),
        ("方案\n", "方案\n几句说明\n", "KPI701", "几句说明"),
        ("方案\n", "方案\n职务：专员\n", "KPI701", "职务"),
        ("（60%）", "（60%）、很长的尾巴", "KPI701", "（60%）"),
    ],
)
def test_the_place_of_a_mistake(old: str, new: str, code: str, at: str) -> None:
    text = PLAN.replace(old, new, 1)
    found = [finding for finding in check_plan(text) if finding.code == code and finding.level == "error"]
    assert found, [str(finding) for finding in check_plan(text)]
    if at:
        assert at in [text[finding.span.start : finding.span.end] for finding in found if finding.span is not None]
    with pytest.raises(PlanError):
        parse_plan(text)


@pytest.mark.parametrize(
    ("heading", "at"),
    [
        ("回款率（abc%）", "（abc%）"),
        ("回款率（abc%）：", "（abc%）"),
        ("回款率(二十%)", "(二十%)"),
        ("回款率（百分之二十）", "（百分之二十）"),
        ("回款率（二十分）", "（二十分）"),
        ("回款率（xx分）", "（xx分）"),
        ("回款率（约20%）", "（约20%）"),
        ("回款率（20％左右）", "（20％左右）"),
        ("回款率（20左右）", "（20左右）"),
        ("回款率（占两成）", "（占两成）"),
        ("回款率（20）", "（20）"),
        ("回款率（20%", "（20%"),
        ("回款率20%", "20%"),
        ("回款率 20分", "20分"),
        ("回款率[20%]", "20%]"),
        ("回款率（20%）（60%）", "（20%）"),
        ("回款率（__%）", "（__%）"),
    ],
)
def test_a_weight_that_is_none_is_no_part_of_a_name(heading: str, at: str) -> None:
    text = PLAN.replace("回款率（60%）", heading)
    for changed in (
        text,
        text.replace("一、业绩（100%）\n", f"一、{heading}\n").replace(f"（一）{heading}", "（一）甲（60%）"),
    ):
        (finding,) = [finding for finding in check_plan(changed) if finding.level == "error"]
        assert finding.code == "KPI701"
        assert finding.span is not None
        assert changed[finding.span.start : finding.span.end] == at
        assert "^" in str(finding)


@pytest.mark.parametrize(
    "name",
    [
        "客户满意度（季度）",
        "新增客户（家）",
        "现场管理（5S）",
        "任务（2024年）",
        "客户（100万以上）",
        "加减分（加分）",
        "评价（得分）",
        "A(B)",
    ],
)
def test_a_name_may_have_brackets(name: str) -> None:
    plan = parse_plan(PLAN.replace("回款率（60%）", f"{name}（60%）"))
    assert plan[name].full_marks == 60
    plan = parse_plan(
        PLAN.replace("（二）销售率（40%）", f"（二）{name}").replace(f"{name}\n{RULE}", f"{name}\n一次扣1分")
    )
    assert plan[name].full_marks is None


def test_a_wrong_weight_or_target_hides_no_mistake_of_its_rule() -> None:
    for line in ("回款率（0%）", "回款率（abc%）", "回款率（60%）\n目标值：很多", "回款率（60%）\n单位：不知道什么"):
        text = PLAN.replace(f"回款率（60%）\n{RULE}", f"{line}\n每低1%浮动2分")
        codes = {finding.code for finding in check_plan(text) if finding.level == "error"}
        assert codes - {"KPI702"} == {"KPI701", "KPI105"}


@pytest.mark.parametrize(
    ("grades", "rates", "said"),
    [
        ("90分以上优秀；75分以上良好；75分以下差", "优秀1.2；优良1.0", ["「优良」不是方案的等级", "「良好」「差」没有系数"]),
        ("90分以上优秀；75分以上良好；75分以下差", "优秀1.2；良好x；差0；中1", ["看不懂系数「良好x」", "「中」不是方案的等级"]),
        ("90分以上优秀；75分以上良好；75分以下差", "优秀1.2；优秀1.1", ["「优秀」的系数写了两次", "「良好」「差」没有系数"]),
        ("90分以上优秀；75以丄良好", "优秀1.2；良好1；好1", ["看不懂等级「75以丄良好」"]),
        ("90分以上优秀；75以丄良好", "优秀1.2；良好1；中1", ["看不懂等级「75以丄良好」", "「中」不是方案的等级"]),
    ],
)  # fmt: skip
def test_every_mistake_of_grades_and_coefficients_is_said_at_once(grades: str, rates: str, said: list[str]) -> None:
    text = PLAN.replace("方案\n", f"方案\n等级：{grades}\n系数：{rates}\n")
    found = [finding.message for finding in check_plan(text) if finding.level == "error"]
    assert len(found) == len(said)
    assert all(any(part in message for message in found) for part in said)


@settings(deadline=None)
@given(st.integers(1, 99), st.integers(1, 99))
def test_weights_that_do_not_add_up_say_by_how_much(first: int, second: int) -> None:
    text = PLAN.replace("回款率（60%）", f"回款率（{first}%）").replace("销售率（40%）", f"销售率（{second}%）")
    found = [finding.message for finding in check_plan(text) if finding.code == "KPI702"]
    if first + second == 100:
        assert found == []
    else:
        gap = 100 - first - second
        ending = f"差 {gap}%" if gap > 0 else f"多 {-gap}%"
        assert found == [f"「业绩」下面各项合计 {first + second}%，应为 100%，{ending}"]


def test_weights_written_out_add_up_exactly() -> None:
    thirds = "方案\n一、业绩（100%）\n" + "".join(
        f"（{n}）项{n}（{w}%）\n{RULE}\n" for n, w in zip("一二三", ("33.3", "33.3", "33.4"), strict=True)
    )
    assert own(thirds) == []


# ---- files -----------------------------------------------------------------------------------------------------------


def test_a_file_in_gbk_says_so(tmp_path: Path) -> None:
    path = tmp_path / "sheet.kpi"
    path.write_bytes(PLAN.encode("gbk"))
    with pytest.raises(PlanError, match="不是 UTF-8 编码") as caught:
        load_plan(path)
    assert caught.value.code == "KPI703"
    assert caught.value.hint == "像是 GBK（ANSI）编码：用记事本打开，另存为，编码选 UTF-8"


@pytest.mark.parametrize(
    ("data", "hint"), [("方案".encode("utf-16"), "像是 UTF-16（Unicode）编码"), (b"\xff\xff\xff", "用记事本打开")]
)
def test_other_encodings(data: bytes, hint: str) -> None:
    with pytest.raises(PlanError) as caught:
        decoded(data, "sheet.kpi")
    assert caught.value.hint.startswith(hint)


def test_files_are_read_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "sheet.kpi"
    path.write_text("\ufeff" + PLAN, encoding="utf-8")
    assert load_plan(path) == load_plan(str(path)) == parse_plan(PLAN)
    path.write_bytes(b"a" * 2_000_001)
    with pytest.raises(PlanError) as caught:
        load_plan(path)
    assert caught.value.code == "KPI102"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in (tmp_path / "none.kpi", tmp_path, "没有\x00"):
        with pytest.raises(PlanError) as caught:
            load_plan(name)
        assert caught.value.code == "KPI807"
    with pytest.raises(PlanError) as caught:
        load_plan("大客户专")
    assert caught.value.hint == "是不是自带的方案「大客户专员」？"


@pytest.mark.parametrize("path", [None, 3, b"x", ["x"], 1.5])
def test_a_plan_is_loaded_from_a_path_or_by_a_name(path: object) -> None:
    for read in (load_plan, plan_text):
        with pytest.raises(InputError, match="路径") as caught:
            read(path)  # type: ignore[operator]
        assert caught.value.code == "KPI801"


def test_what_a_system_says_of_a_file_is_said_in_chinese(tmp_path: Path) -> None:
    def said(name: object) -> str:
        with pytest.raises(PlanError) as caught:
            load_plan(name)  # type: ignore[arg-type]
        return caught.value.message.rpartition("：")[2]

    (tmp_path / "file").write_text("方案", encoding="utf-8")
    assert said(tmp_path / "none.kpi") == "没有这个文件或文件夹"
    assert said(tmp_path) == said("") == "这是文件夹，不是文件"
    assert said(tmp_path / "file" / "x.kpi") == "路径中间有一段不是文件夹"
    assert said("长" * 300) == "名称太长"
    assert said("没有\x00") == "名称不能用"
    assert system_reason(PermissionError(errno.EACCES, "Permission denied")) == "没有权限"
    assert system_reason(OSError(9999, "Unknown")) == "系统错误 9999"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_places_are_shown_whatever_ends_a_line(end: str) -> None:
    text = PLAN.replace("销售率（40%）\n", "销售率（40%）\n目标值：很多\n").replace("\n", end)
    (finding,) = [finding for finding in check_plan(text) if finding.code == "KPI701"]
    lines = str(finding).split("\n")
    assert lines[0].endswith("（第6行第5字）")
    assert lines[1:3] == ["  目标值：很多", "  　　　　^^^^"]


def test_a_message_is_bounded_whatever_it_repeats() -> None:
    long = "长" * 3_000_000
    error = InputError(f"不认识「{long}」", hint=long, example=long)
    assert len(str(error)) < 4_000
    assert len(error.args[0]) <= MAX_MESSAGE
    for facts in ({long: "90%"}, {"回款率": long}, {"回款率": {long: 1}}):
        with pytest.raises(InputError) as caught:
            parse_plan(PLAN).score(facts)
        assert len(str(caught.value)) < 4_000


@pytest.mark.parametrize(
    "text",
    [
        "字" * 700_000,
        "方案\n" + "\n" * 20_001,
        "方案\n" + "".join(f"一、组{number}\n" for number in range(101)),
        "方案\n一、组\n" + "".join(f"（一）项{number}\n" for number in range(501)),
        "方案\n版本：" + "长" * 2_001,
        "方案\n一、" + "长" * 61,
        "长" * 181,
        "方案\n" + "口径：不足一档按比例\n" * 21,
    ],
    ids=["bytes", "lines", "groups", "indicators", "value", "name", "title", "repeats"],
)
def test_what_a_stranger_may_send_is_bounded(text: str) -> None:
    found = check_plan(text)
    assert "KPI102" in {finding.code for finding in found}
    assert len(found) <= 200


@pytest.mark.parametrize(
    "text",
    [
        "方案\n" + "目标直：1\n" * 19_000,
        "方案\n一、" + "（ " * 900_000,
        "方案\n一、（" + " " * 1_900_000 + "1分",
        "方案\n等级：" + "好；" * 900,
        "方案\n" + ("口径：" + "取整数；" * 400 + "\n") * 20,
        "方案\n" + "".join(f"一、组{n}\n" + f"（一）项{n}\n口径：{'乱；' * 400}\n{RULE}\n" for n in range(100)),
    ],
    ids=["lines", "brackets", "blanks", "grades", "readings", "own readings"],
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    start = time.perf_counter()
    check_plan(text)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("text", ["", " \n\t\n", "\ufeff"])
def test_an_empty_plan(text: str) -> None:
    assert [finding.code for finding in check_plan(text)] == ["KPI101"]


@settings(deadline=None)
@given(st.text(st.sampled_from("方案一、（一）目标值：等级90%分以上优秀；系数1.2口径不足档按比例注每低减\n 0")))
def test_no_text_breaks_the_reader(text: str) -> None:
    check_plan(text)


@settings(deadline=None)
@given(st.text())
def test_places_lie_in_the_text(text: str) -> None:
    for finding in read_plan(text).diagnostics:
        assert finding.span is not None
        assert 0 <= finding.span.start <= finding.span.end <= max(len(text), 1)
        str(finding)


# ---- facts -----------------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        parse_plan(PLAN).score({"回款律": "90%", "销售率": "90%"})
    assert str(caught.value) == "KPI804 不认识的输入名「回款律」\n  是不是「回款率」？"


@pytest.mark.parametrize("more", [{"units": {"回款律": "%"}}, {"targets": {"回款律": "90%"}}])
def test_unknown_names_of_units_and_targets_too(more: dict[str, dict[str, str]]) -> None:
    with pytest.raises(InputError, match="回款律"):
        parse_plan(PLAN).score({"回款率": "90%", "销售率": "90%"}, **more)


def test_all_wrong_facts_are_reported_at_once() -> None:
    with pytest.raises(InputError) as caught:
        parse_plan(PLAN).score({"回款率": 90, "销售率": "说不清", "别的": 1})
    messages = [finding.message for finding in caught.value.diagnostics]
    assert len(messages) == 3
    assert messages[0] == "不认识的输入名「别的」"
    assert messages[1].startswith("「回款率」：")
    assert messages[2].startswith("「销售率」：")


def test_a_fact_that_is_given_twice() -> None:
    text = "方案\n一、态度（100%）\n（一）考勤（100%）\n迟到一次扣1分，早退一次扣2分\n"
    with pytest.raises(InputError, match="给了两次"):
        parse_plan(text).score({"考勤": {"迟到": 1, "早退": 0}, "考勤.迟到": 1})
    with pytest.raises(InputError, match="没有输入「迟倒」"):
        parse_plan(text).score({"考勤": {"迟倒": 1, "早退": 0}})


def test_a_plan_with_blanks_refuses_to_score() -> None:
    plan = parse_plan("方案\n一、业绩（100%）\n（一）回款率（100%）\n考核目标值为90%；每低__%，减__分\n")
    assert [hole.indicator for hole in plan.holes] == ["回款率", "回款率"]
    with pytest.raises(TemplateError, match="回款率") as caught:
        plan.score({"回款率": "90%"})
    assert caught.value.holes == plan.holes


def test_what_is_to_be_confirmed_is_an_error_in_the_end() -> None:
    text = (CASES / "gaps.kpi").read_text(encoding="utf-8").replace("良好1.0", "良好1.0；及格0.8")
    assert {finding.level for finding in check_plan(text) if finding.code == "KPI705"} == {"需确认"}
    assert {(finding.code, finding.level) for finding in check_plan(text, final=True) if finding.code == "KPI707"} == {
        ("KPI707", "error")
    }
    parse_plan(text)


@pytest.mark.parametrize(
    ("words", "said"),
    [("不足一挡不计", "是不是「不足一档不计」"), ("缺项：记0分", "整个方案"), ("取整", "每项得分取整")],
)
def test_words_of_readings(words: str, said: str) -> None:
    with pytest.raises(PlanError) as caught:
        reading_from_words(words)
    assert caught.value.code == "KPI706"
    assert said in str(caught.value)


@pytest.mark.parametrize("facts", [None, [], "回款率", 3])
def test_facts_are_a_mapping(facts: object) -> None:
    with pytest.raises(InputError):
        parse_plan(PLAN).score(facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["%", 3, ["回款率"]])
@pytest.mark.parametrize("name", ["units", "targets"])
def test_units_and_targets_are_mappings(name: str, given: object) -> None:
    with pytest.raises(InputError, match=f"{name}="):
        parse_plan(PLAN).score({"回款率": "90%"}, **{name: given})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["没有", 3, None, ("回款率",)])
def test_an_indicator_that_is_not_there_is_a_key_error(name: object) -> None:
    with pytest.raises(KeyError):
        parse_plan(PLAN)[name]  # type: ignore[index]


@pytest.mark.parametrize("text", [None, b"", 3])
def test_a_plan_is_a_text(text: object) -> None:
    with pytest.raises(InputError):
        parse_plan(text)  # type: ignore[arg-type]


def test_a_grade_of_what_is_no_number() -> None:
    with pytest.raises(InputError):
        parse_plan(PLAN).grade_of("很多")
