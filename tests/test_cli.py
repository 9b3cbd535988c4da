"""The command line: what it prints where, its exit codes, and how it ends when it is cut off."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from kpilib.cli import DEMO, main
from kpilib.text import display_width

RULE = "每低1%，减2分；低于70%，该项考核记为0分"
AT = ("--full-marks", "20", "--target", "90%", "--at", "85.4%")
PLAN = """\
销售人员考核
等级：90分以上优秀；75分以上良好；60分以上及格；低于60分不及格
奖金系数：优秀1.2；良好1.0；及格0.8；不及格0

一、业绩（60%）
（一）回款率（40%）
考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分
（二）新客户数（20%）
目标值：10家
每少1家扣2分

二、纪律（40%）
（一）出勤（40%）
迟到一次扣1分，旷工一次扣5分
"""
FACTS = """\
姓名,工号,回款率(%),新客户数,出勤.迟到,出勤.旷工
张三,1001,85.4,9,1,0
李四,1002,八成,9,1,0
王五,1003,99,12,0,0
"""
GOOD_FACTS = "".join(line for line in FACTS.splitlines(keepends=True) if "八成" not in line)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.kpi").write_text(PLAN, encoding="utf-8")
    (tmp_path / "facts.csv").write_text(FACTS, encoding="utf-8")
    (tmp_path / "good.csv").write_text(GOOD_FACTS, encoding="utf-8")
    return tmp_path


def kpilib(*args: str, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(main, args, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def program(*args: str, env: Mapping[str, str] | None = None, **rest: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "kpilib.cli", *args],
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=60,
        **rest,
    )


# ---- score, explain --------------------------------------------------------------------------------------------------


def test_score_prints_the_points_alone() -> None:
    result = kpilib("score", RULE, *AT)
    assert (result.stdout, result.exit_code) == ("10.8\n", 0)


def test_score_of_several_inputs() -> None:
    rule = "迟到一次扣1分，旷工一次扣5分"
    result = kpilib("score", rule, "--full-marks", "20", "--at", "迟到=2", "--at", "旷工＝1次")
    assert (result.stdout, result.exit_code) == ("13\n", 0)
    assert kpilib("score", rule, "--at", "x=1", "--at", "x=1").exit_code == 2


def test_the_step_is_a_choice_of_the_reading() -> None:
    given = ("--full-marks", "20", "--target", "90%", "--at", "85.4%", "--step")
    assert [kpilib("score", "每低1%，减2分", *given, step).stdout.strip() for step in ("linear", "floor", "ceil")] == [
        "10.8",
        "12",
        "10",
    ]


def test_score_as_json() -> None:
    document = json.loads(kpilib("score", RULE, *AT, "--json").stdout)
    assert (document["format"], document["points"]) == (1, "10.8")
    assert isinstance(document["rule"], str)
    assert all({"code", "level", "message"} <= note.keys() for note in document["notes"])


def test_a_bare_number_for_a_rate_is_refused() -> None:
    result = kpilib("score", RULE, "--full-marks", "20", "--target", "90%", "--at", "85.4")
    assert (result.stdout, result.exit_code) == ("", 1)
    assert re.match("KPI[0-9]{3} ", result.stderr)


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ((), "缺少实际值：--at 迟到=值 --at 旷工=值"),
        (("--at", "3"), "没有名称"),
        (("--at", "早退=1"), "没有输入「早退」"),
        (("--at", "迟到=1", "--at", "迟 到=2"), "「迟到」给了两次"),
    ],
)
def test_values_that_name_no_input_are_usage_errors(at: tuple[str, ...], said: str) -> None:
    result = kpilib("score", "迟到一次扣1分，旷工一次扣5分", "--full-marks", "20", *at)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_rule_that_cannot_be_read_is_an_error_with_carets_and_no_traceback() -> None:
    result = kpilib("score", "每低1%浮动2分", *AT)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "^" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("at", [(), ("--at", "85%"), ("--at", "x=85%", "--at", "y=1")])
@pytest.mark.parametrize("command", ["score", "explain"])
def test_a_rule_with_blanks_says_where_they_are(command: str, at: tuple[str, ...]) -> None:
    given = (command, "每低__%，减__分", "--full-marks", "20", "--target", "90%", *at)
    result = kpilib(*given)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(re.findall("^KPI301 「.*」还空着$", result.stderr, re.MULTILINE)) == 2
    assert "    ^^" in result.stderr.replace("　", "  ")
    assert [error["code"] for error in json.loads(kpilib(*given, "--json").stdout)["errors"]] == ["KPI301"] * 2


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--full-marks", "abc", "--full-marks 要一个大于 0 的数，如 20，不是「abc」"),
        ("--full-marks", "0", "--full-marks 要一个大于 0 的数"),
        ("--full-marks", "20%", "--full-marks 要一个大于 0 的数"),
        ("--full-marks", "9" * 100_000, "--full-marks 要一个大于 0 的数"),
        ("--target", "abc", "--target 要一个带单位的数，如 90% 或 不低于90%，不是「abc」"),
        ("--target", "及时", "--target 要一个带单位的数"),
    ],
)
@pytest.mark.parametrize(
    "command", [("score", RULE), ("explain", RULE), ("check", "--rule", RULE), ("fmt", "--rule", RULE)]
)
def test_a_wrong_option_is_named(command: tuple[str, ...], option: str, value: str, said: str) -> None:
    result = kpilib(*command, option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"用法不对：{said}")
    assert len(result.stderr) < 1_000


@pytest.mark.parametrize("marks", ["20", "20分", "２０", "1e1", "0.5"])
def test_full_marks_are_written_in_many_ways(marks: str) -> None:
    assert kpilib("score", RULE, "--full-marks", marks, *AT[2:]).exit_code == 0


@pytest.mark.parametrize("rule", ["", " ", "\0", "x" * 10_000, "每低1%\ud800扣2分", "--", "每低__%，减__分"])
def test_odd_rules_are_errors_and_never_tracebacks(rule: str) -> None:
    for extra in ((), ("--json",)):
        result = kpilib("score", "--full-marks", "20", "--target", "90%", "--at", "85%", *extra, "--", rule)
        assert result.exit_code in {1, 2}
        if extra:
            assert json.loads(result.stdout)["errors"]


def test_explain_a_rule() -> None:
    result = kpilib("explain", RULE, *AT)
    assert result.exit_code == 0
    assert "10.8" in result.stdout
    assert json.loads(kpilib("explain", RULE, *AT, "--json").stdout)["format"] == 1


def test_explain_a_person(folder: Path) -> None:
    given = ("explain", "--plan", "plan.kpi", "--facts", "facts.csv", "--who")
    result = kpilib(*given, "张三")
    assert result.exit_code == 0
    assert "总分：87.8 分" in result.stdout
    assert kpilib(*given, "1001").stdout == result.stdout
    assert json.loads(kpilib(*given, "张三", "--json").stdout)["total"] == "87.8"
    bad = kpilib(*given, "李四")
    assert bad.exit_code == 1
    assert "第3行「回款率(%)」" in bad.stderr
    assert kpilib(*given, "钱七").exit_code == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("check", "plan.kpi", "--full-marks", "20"), "--full-marks 只和 --rule 一起用"),
        (("check", "plan.kpi", "--target", "90%", "--step", "floor"), "--target、--step 只和 --rule 一起用"),
        (("fmt", "plan.kpi", "--full-marks", "20"), "--full-marks 只和 --rule 一起用"),
        (("run", "plan.kpi", "--facts", "facts.csv", "--sheet", "X"), "--sheet 只用于 .xlsx"),
        (("explain", "--plan", "plan.kpi", "--facts", "facts.csv", "--who", "张三", "--sheet", "X"), "--sheet 只用于 .xlsx"),
        (("explain", "--plan", "plan.kpi", "--facts", "facts.csv", "--who", "张三", "--at", "1"), "--at 只和一句规则一起用"),
        (("explain", RULE, *AT, "--who", "张三"), "--who 只和 --plan 一起用"),
    ],
)  # fmt: skip
def test_an_option_that_would_do_nothing_is_a_usage_error(args: tuple[str, ...], said: str, folder: Path) -> None:
    result = kpilib(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


def test_what_the_system_says_of_a_file_is_said_in_chinese(folder: Path) -> None:
    assert kpilib("run", "plan.kpi", "--facts", "none.csv").stderr == "KPI807 读不了 none.csv（没有这个文件或文件夹）\n"
    result = kpilib("run", "plan.kpi", "--facts", "good.csv", "--out", "none/out.csv")
    assert "（没有这个文件或文件夹）" in result.stderr
    Path("dir.csv").mkdir()
    assert "文件夹 dir.csv 里没有 .xlsx 和 .csv" in kpilib("run", "plan.kpi", "--facts", "dir.csv").stderr
    Path("dir.kpi").mkdir()
    assert "读不了「dir.kpi」：这是文件夹，不是文件\n" in kpilib("check", "dir.kpi").stdout
    Path("bad.xlsx").write_bytes(b"PK" + b"x" * 100)
    assert "文件损坏，或者不是 .xlsx\n" in kpilib("run", "plan.kpi", "--facts", "bad.xlsx").stderr


@pytest.mark.parametrize(
    "args", [(), ("--plan", "p"), ("--plan", "p", "--facts", "f"), ("规则", "--plan", "p"), ("--who", "张三")]
)
def test_explain_wants_a_rule_or_a_person(args: tuple[str, ...]) -> None:
    assert kpilib("explain", *args).exit_code == 2


# ---- check, fmt ------------------------------------------------------------------------------------------------------


def test_check_a_plan(folder: Path) -> None:
    result = kpilib("check", "plan.kpi")
    assert result.exit_code == 0
    assert result.stdout.startswith("plan.kpi：")
    Path("bad.kpi").write_text(PLAN.replace("每低1%，减2分", "每低1%浮动2分"), encoding="utf-8")
    result = kpilib("check", "plan.kpi", "bad.kpi")
    assert result.exit_code == 1
    assert "[错误] KPI" in result.stdout
    assert "（第7行" in result.stdout


def test_check_reads_standard_input(folder: Path) -> None:
    assert kpilib("check", "-", stdin=PLAN).exit_code == 0
    assert kpilib("check", "-", stdin=PLAN.encode("utf-8-sig")).exit_code == 0
    result = kpilib("check", "-", stdin=PLAN.encode("gbk"))
    assert result.exit_code == 1
    assert "KPI703" in result.stdout


def test_check_final_wants_everything_settled() -> None:
    rule = "考核目标值为100万元；每少15万元扣3分"
    loose = kpilib("check", "--rule", rule, "--full-marks", "20")
    assert loose.exit_code == 0
    assert "需确认" in loose.stdout
    final = kpilib("check", "--rule", rule, "--full-marks", "20", "--final")
    assert final.exit_code == 1


def test_check_as_json(folder: Path) -> None:
    Path("bad.kpi").write_text(PLAN.replace("每低1%，减2分", "每低1%浮动2分"), encoding="utf-8")
    result = kpilib("check", "bad.kpi", "none.kpi", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"], document["format"]) == (1, False, 1)
    assert [checked["file"] for checked in document["checked"]] == ["bad.kpi", "none.kpi"]
    assert document["checked"][0]["findings"][0]["line"] == 7
    assert document["checked"][1]["findings"][0]["code"] == "KPI807"


def test_fmt_prints_text_that_means_the_same(folder: Path) -> None:
    first = kpilib("fmt", "plan.kpi")
    assert first.exit_code == 0
    again = kpilib("fmt", "-", stdin=first.stdout)
    assert again.stdout == first.stdout
    rule = kpilib("fmt", "--rule", "每低１％，減2分", "--full-marks", "20", "--target", "90%")
    assert rule.exit_code == 0
    assert kpilib("score", rule.stdout.strip(), *AT).stdout == "10.8\n"
    assert json.loads(kpilib("fmt", "plan.kpi", "--json").stdout)["texts"][0]["text"].strip() == first.stdout.strip()


def test_fmt_writes_files_once(folder: Path) -> None:
    wanted = kpilib("fmt", "plan.kpi").stdout
    assert "改写了 plan.kpi" in kpilib("fmt", "plan.kpi", "--write").stdout
    assert Path("plan.kpi").read_text(encoding="utf-8") == wanted
    assert kpilib("fmt", "plan.kpi", "--write").stdout == ""
    Path("bad.kpi").write_text("不是方案", encoding="utf-8")
    assert kpilib("fmt", "bad.kpi", "--write").exit_code == 1
    assert Path("bad.kpi").read_text(encoding="utf-8") == "不是方案"


@pytest.mark.parametrize("args", [("check",), ("fmt",), ("fmt", "-", "--write"), ("fmt", "没有.kpi", "--write")])
def test_check_and_fmt_want_something(args: tuple[str, ...], folder: Path) -> None:
    assert kpilib(*args).exit_code == 2


# ---- run, demo -------------------------------------------------------------------------------------------------------


def test_run_scores_the_good_rows_and_lists_the_bad(folder: Path) -> None:
    result = kpilib("run", "plan.kpi", "--facts", "facts.csv", "--out", "out.xlsx")
    assert result.exit_code == 1
    assert result.stdout == "3 行，已评分 2，有误 1；结果在 out.xlsx\n"
    assert "第3行「回款率(%)」" in result.stderr
    rows = CalamineWorkbook.from_path("out.xlsx").get_sheet_by_name("结果").to_python()
    total = rows[0].index("总分")
    assert [row[total] for row in rows[1:]] == [87.8, "", 100.0]


def test_run_without_bad_rows(folder: Path) -> None:
    for out in ("out.csv", "out.json", "out.xlsx"):
        result = kpilib("run", "plan.kpi", "--facts", "good.csv", "--out", out)
        assert (result.exit_code, result.stderr) == (0, "")
        assert Path(out).exists()


def test_run_shows_a_table_without_out(folder: Path) -> None:
    result = kpilib("run", "plan.kpi", "--facts", "facts.csv")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert "有误" in lines[3]


def test_run_as_json(folder: Path) -> None:
    document = json.loads(kpilib("run", "plan.kpi", "--facts", "facts.csv", "--json").stdout)
    assert [row["total"] for row in document["results"]] == ["87.8", None, "100"]
    assert document["results"][1]["errors"][0]["row"] == 3
    result = kpilib("run", "plan.kpi", "--facts", "facts.csv", "--out", "out.csv", "--json")
    assert json.loads(result.stdout)["summary"]["faulty"] == 1
    assert result.stderr == ""


def test_a_table_that_breaks_off_is_one_error_in_json_too(folder: Path) -> None:
    rows = "".join(f"人{number},{number},90,10,0,0\n" for number in range(5_000))
    Path("late.csv").write_bytes((FACTS.partition("\n")[0] + "\n" + rows).encode() + b"\xff\n")
    result = kpilib("run", "plan.kpi", "--facts", "late.csv", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["errors"][0]["code"] == "KPI703"


def test_run_says_which_columns_are_missing(folder: Path) -> None:
    Path("few.csv").write_text("姓名,回款率(%)\n张三,90\n", encoding="utf-8")
    result = kpilib("run", "plan.kpi", "--facts", "few.csv")
    assert result.exit_code == 0
    assert "没有「新客户数」列，这一项全部待定" in result.stderr


def test_only_so_many_faults_are_listed(folder: Path) -> None:
    rows = "".join(f"人{number},{number},八成\n" for number in range(80))
    Path("bad.csv").write_text(f"姓名,工号,回款率\n{rows}", encoding="utf-8")
    result = kpilib("run", "plan.kpi", "--facts", "bad.csv", "--out", "out.csv")
    assert "还有 30 处" in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("none.kpi", "--facts", "facts.csv"),
        ("plan.kpi", "--facts", "none.csv"),
        ("plan.kpi", "--facts", "plan.kpi"),
        ("plan.kpi", "--facts", "empty"),
        ("plan.kpi", "--facts", "facts.csv", "--out", "none/out.csv"),
        ("plan.kpi", "--facts", "facts.csv", "--out", "out.pdf"),
    ],
)
def test_files_that_cannot_be_used_are_errors(args: tuple[str, ...], folder: Path) -> None:
    (folder / "empty").mkdir()
    result = kpilib("run", *args)
    assert result.exit_code == 1
    assert result.stderr.startswith("KPI807")
    assert json.loads(kpilib("run", *args, "--json").stdout)["errors"][0]["code"] == "KPI807"


def test_demo_scores_the_shipped_table(folder: Path) -> None:
    result = kpilib("demo")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    rule = next(number for number, line in enumerate(lines) if line.startswith("─"))
    people = lines[rule + 1 : rule + 9]
    assert all(people)
    assert lines[rule + 9] == ""
    assert "总分：" in result.stdout
    document = json.loads(kpilib("demo", "--json").stdout)
    assert len(document["results"]) == 8


def test_the_shipped_plan_is_ready_to_decide_on_money() -> None:
    assert kpilib("check", DEMO, "--final").exit_code == 0


# ---- the program as a whole ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", "score", "explain", "check", "fmt", "run", "demo"])
def test_help_is_chinese_and_fits(command: str) -> None:
    result = kpilib(*[command] * bool(command), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("用法：")
    assert not re.search("Usage|Options|Show this|required|Commands", result.stdout)
    assert all(display_width(line) <= 80 for line in result.stdout.splitlines())
    assert all(line == line.rstrip() for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("chek",), "没有命令 chek"),
        (("score",), "缺少 规则"),
        (("score", "x", "--foo"), "没有选项 --foo"),
        (("score", "x", "--step", "up"), "--step 只能是 linear、floor、ceil"),
        (("score", "x", "y"), "多出来的参数：y"),
        (("score", "x", "--at"), "选项 --at 后面要有值"),
        (("run", "x", "--json=1"), "选项 --json 后面没有值"),
        (("run", "x"), "缺少 --facts"),
        (("--foo",), "没有选项 --foo"),
    ],
)
def test_usage_errors_are_chinese_and_2(args: tuple[str, ...], said: str) -> None:
    result = kpilib(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Error" not in result.stderr
    if args[-1] != "--at":
        assert said in json.loads(kpilib(*args, "--json").stdout)["errors"][0]["message"]


def test_without_a_command_the_help_is_shown() -> None:
    assert kpilib().exit_code == 2
    assert kpilib("--version").stdout.startswith("kpilib ")


def test_output_is_utf8_on_a_console_that_is_not(folder: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    run = program("run", "plan.kpi", "--facts", "facts.csv", env=env)
    assert run.returncode == 1
    assert "张三" in run.stdout.decode("utf-8")
    assert "第3行" in run.stderr.decode("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="the arguments of POSIX are bytes")
def test_arguments_are_utf8_where_the_system_says_ascii(folder: Path) -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    run = program("score", RULE, *AT, env=env)
    assert (run.stdout, run.returncode) == (b"10.8\n", 0)


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
@pytest.mark.parametrize(
    "args", [("run", "plan.kpi", "--facts", "good.csv"), ("demo", "--json"), ("--help",), ("score", RULE, *AT)]
)
def test_a_closed_pipe_is_quiet(args: tuple[str, ...], folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "kpilib.cli", *args]
    run = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert (run.returncode, run.stderr) == (141, b"")


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
def test_an_interrupt_is_quiet_and_leaves_nothing(folder: Path) -> None:
    os.mkfifo("facts-later.csv")
    command = [sys.executable, "-m", "kpilib.cli", "run", "plan.kpi", "--facts", "facts-later.csv", "--out", "o.csv"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open("facts-later.csv", "w", encoding="utf-8"):
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert (out.strip(), err.strip()) == (b"", b"")
    assert not Path("o.csv").exists()
    assert not list(folder.glob(".kpilib-*"))


def test_progress_is_for_terminals_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kpilib import cli

    shown: list[str] = []
    clock = iter(range(10_000))
    monkeypatch.setattr(cli.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(cli.click, "echo", lambda text, **_: shown.append(text))
    with cli.Progress() as silent:
        silent(256)
    assert shown == []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with cli.Progress() as progress:
        for rows in range(1, 1_000):
            progress(rows)
    assert shown[0] == "\r已打分 256 行"
    assert shown[-1] == "\r\x1b[K"


def test_without_click_the_extra_is_named() -> None:
    code = "import sys; sys.modules['click'] = None; import kpilib.cli"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=60)
    assert run.returncode == 1
    assert run.stderr == '命令行需要 click：pip install "kpilib[cli]"\n'


# ---- boundary tables -------------------------------------------------------------------------------------------------


def test_check_prints_the_boundary_table_of_a_rule() -> None:
    given = ("check", "--rule", RULE, "--full-marks", "20", "--target", "90%", "--table")
    result = kpilib(*given)
    assert result.exit_code == 0
    assert "【规则】每低1%扣2分；小于70%不得分（满分 20 分）" in result.stdout
    assert len([line for line in result.stdout.splitlines() if line.startswith("□")]) == 11
    (document,) = json.loads(kpilib(*given, "--json").stdout)["checked"]
    (table,) = document["tables"]
    assert table["boundaries"]["tables"][0]["rows"][6]["points"] == "0.02"
    assert "tables" not in json.loads(kpilib(*given[:-1], "--json").stdout)["checked"][0]


def test_check_prints_a_table_for_each_indicator(folder: Path) -> None:
    result = kpilib("check", "plan.kpi", "--table")
    assert result.exit_code == 0
    assert re.findall("【(.*?)】", result.stdout) == ["回款率", "新客户数", "出勤"]


def test_what_cannot_be_listed_says_why(folder: Path) -> None:
    assert "目标值还没有给" in kpilib("check", "--rule", "每低1%扣2分", "--full-marks", "20", "--table").stdout
    blank = kpilib("check", "--rule", "每低__%扣2分", "--full-marks", "20", "--target", "90%", "--table")
    assert "还有空着没填的数：每低多少" in blank.stdout
    wrong = kpilib("check", "--rule", "每低1%浮动2分", "--full-marks", "20", "--table")
    assert (wrong.exit_code, "【" in wrong.stdout) == (1, False)
    (folder / "wrong.kpi").write_text("只有标题\n", encoding="utf-8")
    both = kpilib("check", "wrong.kpi", "plan.kpi", "--table")
    assert (both.exit_code, "【回款率】" in both.stdout) == (1, True)


def test_points_that_are_scaled_in_the_total_say_so(folder: Path) -> None:
    plan = "考核\n口径：计分制 百分制加权\n一、业绩（100%）\n（一）回款率（40%）\n90%以上得100分；低于90%得60分\n（二）率（60%）\n90%以上得100分；低于90%得60分\n"
    (folder / "scaled.kpi").write_text(plan, encoding="utf-8")
    result = kpilib("check", "scaled.kpi", "--table")
    assert "下面的得分乘以 0.4 计入总分" in result.stdout, result.stdout


SHEET = """\
| 考核指标 | 权重 | 评分标准 | {extra} |
|---|---|---|---|
| 回款率 | {weight} | 90%以上得60分；低于90%得0分 | x |
| 考勤 | 40% | 迟到一次扣1分 | |
"""


def test_import_writes_a_plan_and_says_what_is_wrong_with_the_sheet(folder: Path) -> None:
    (folder / "sheet.md").write_text(SHEET.format(extra="备注", weight="60%"), encoding="utf-8")
    fine = kpilib("import", "sheet.md", "--out", "new.kpi")
    assert (fine.exit_code, fine.stdout, fine.stderr) == (0, "", "sheet.md：没有问题；方案在 new.kpi\n")
    assert kpilib("check", "new.kpi").exit_code == 0
    assert kpilib("import", "sheet.md").stdout == (folder / "new.kpi").read_text(encoding="utf-8")
    (folder / "sheet.md").write_text(SHEET.format(extra="难度", weight="约60%"), encoding="utf-8")
    wrong = kpilib("import", "sheet.md", "--out", "new.kpi")
    assert wrong.exit_code == 1
    assert [line for line in wrong.stderr.splitlines() if not line.startswith(" ")] == [
        "[错误] 第3行第2列　KPI823 看不懂「回款率」的权重「约60%」",
        "[需确认] 第1行第4列　KPI822 不认识的列「难度」，内容留在每个指标的「注：」里，不参与计分",
        "sheet.md：错误 1，需确认 1；方案在 new.kpi",
    ]
    assert "（权重？）" in (folder / "new.kpi").read_text(encoding="utf-8")
    assert kpilib("check", "new.kpi").exit_code == 1


def test_import_as_json(folder: Path) -> None:
    (folder / "sheet.md").write_text(SHEET.format(extra="得分", weight="60%"), encoding="utf-8")
    document = json.loads(kpilib("import", "sheet.md", "--json").stdout)
    assert (document["format"], document["ok"], document["out"]) == (1, True, None)
    assert document["columns"][3] == {"heading": "得分", "address": "第1行第4列", "title": "评分", "kept": ""}
    assert ("第1行第4列", "KPI822", "info") in [(f["address"], f["code"], f["level"]) for f in document["findings"]]
    assert document["plan"].startswith("sheet\n格式：1\n")


def test_import_of_what_is_no_sheet(folder: Path) -> None:
    for name, code in (("plan.kpi", "KPI807"), ("no.xlsx", "KPI807")):
        result = kpilib("import", name)
        assert result.exit_code == 1
        assert result.stderr.startswith(code)
