"""The manners of the command line: click in Chinese, UTF-8 on any console, errors as text or JSON, quiet endings."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from kpilib.errors import MAX_MESSAGE, KpiError, system_reason
from kpilib.output.table import padded, wrapped
from kpilib.text import cut, display_width

try:
    import click
except ImportError:  # the extra is what brings it
    sys.exit('命令行需要 click：pip install "kpilib[cli]"')

__all__ = ["FINDINGS", "FINE", "USAGE", "Command", "Program", "click", "print_json", "report_error"]

# The number that every JSON document carries; it grows when a reader of the old form could be misled.
JSON_FORMAT = 1

FINE, FINDINGS, USAGE = 0, 1, 2
# What a shell reports for a program that Ctrl-C or a closed pipe ended.
INTERRUPTED, PIPE_CLOSED = 130, 141

_TRANSLATED = (
    (re.compile(r"Got unexpected extra arguments? \((.*)\)\.?", re.S), r"多出来的参数：\1"),
    (re.compile(r"Option '(.*?)' requires an argument\.?"), r"选项 \1 后面要有值"),
    (re.compile(r"Option '(.*?)' requires (\d+) arguments\.?"), r"选项 \1 后面要有 \2 个值"),
    (re.compile(r"Option '(.*?)' does not take a value\.?"), r"选项 \1 后面没有值"),
    (re.compile(r"Missing command\.?"), "缺少命令"),
)


class PipeClosed(Exception):
    """Nobody reads the output any more."""


class Formatter(click.HelpFormatter):
    """Help whose columns count a Chinese character as two."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line."""
        self.write(f"用法：{prog} {args}\n")

    def write_heading(self, heading: str) -> None:
        """The heading of a section."""
        self.write(f"{' ' * self.current_indent}{heading}：\n")

    def write_text(self, text: str) -> None:
        """A paragraph; a line end in the source text is kept."""
        for paragraph in text.split("\n"):
            for line in wrapped(paragraph.strip(), self.width - self.current_indent):
                self.write((" " * self.current_indent + line).rstrip() + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Terms with their explanations beside them."""
        rows = list(rows)
        left = min(col_max, max(display_width(term) for term, _ in rows)) + col_spacing
        for term, text in rows:
            lines = wrapped(text, max(20, self.width - self.current_indent - left))
            if display_width(term) > left - col_spacing:
                lines.insert(0, "")
            for number, line in enumerate(lines):
                start = padded(term if number == 0 else "", left)
                self.write((" " * self.current_indent + start + line).rstrip() + "\n")


class Context(click.Context):
    """A context whose help is set by the formatter above."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help is in Chinese."""

    context_class = Context

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.options_metavar = "[选项]"

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option --help, explained."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示这段说明"
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under their heading."""
        _options(self, ctx, formatter)


def _options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    records = [record for param in command.get_params(ctx) if (record := param.get_help_record(ctx)) is not None]
    records = [(names, text.replace("  [required]", "（必填）")) for names, text in records if names.startswith("-")]
    with formatter.section("选项"):
        formatter.write_dl(records)


class Program(click.Group):
    """The whole program: runs a command, and turns every error into text or JSON and an exit code."""

    context_class = Context
    command_class = Command

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.options_metavar, self.subcommand_metavar = "[选项]", "命令 …"

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option --help, explained."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示这段说明"
        return option

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a newcomer meets them."""
        return list(self.commands)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, then the options."""
        with formatter.section("命令"):
            formatter.write_dl([(name, command.get_short_help_str(200)) for name, command in self.commands.items()])
        _options(self, ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names."""
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"没有命令 {args[0]}；有 {'、'.join(self.commands)}", ctx)
        return super().resolve_command(ctx, args)

    # click would end the program itself where a pipe is closed, with a code of its own.

    def make_context(self, *args: Any, **settings: Any) -> click.Context:
        """Read the arguments; --help prints here."""
        try:
            return super().make_context(*args, **settings)
        except BrokenPipeError:
            raise PipeClosed from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise PipeClosed from None

    # click's main is overloaded by standalone_mode; a program that always exits has the one form.
    def main(self, args: Sequence[str] | None = None, prog_name: str | None = "kpilib", **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run and exit."""
        args = list(map(as_typed, sys.argv[1:])) if args is None else list(args)
        utf8_streams()
        try:
            code = self._run(args, prog_name, extra)
            sys.stdout.flush()
        except (BrokenPipeError, PipeClosed):
            # What is still buffered has no reader; without this Python complains about it when it ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = PIPE_CLOSED
        sys.exit(code)

    def _run(self, args: list[str], prog_name: str | None, extra: dict[str, Any]) -> int:
        extra.pop("standalone_mode", None)
        as_json = "--json" in args
        try:
            return int(super().main(args, prog_name, standalone_mode=False, **extra) or FINE)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message())
            return USAGE
        except click.ClickException as error:
            report_usage(error, as_json=as_json)
            return USAGE
        except KpiError as error:
            report_error(error, as_json=as_json)
            return FINDINGS
        except OSError as error:
            what = f"读不了 {error.filename}" if error.filename else "读写文件出错"
            message = f"{what}（{system_reason(error)}）"
            report_error(KpiError(message, code="KPI807", example=""), as_json=as_json)
            return FINDINGS
        except (click.Abort, KeyboardInterrupt):
            return INTERRUPTED


def as_typed(argument: str) -> str:
    """An argument whose UTF-8 the system read as something else, as under LC_ALL=C, read again."""
    try:
        argument.encode("utf-8")
    except UnicodeEncodeError:
        with suppress(UnicodeError):
            return os.fsencode(argument).decode("utf-8")
    return argument


def utf8_streams() -> None:
    """Print UTF-8 whatever the console calls itself, and never fail on half a surrogate pair."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def print_json(document: dict[str, object], *, stream: Any = None) -> None:
    """Print a document, with its format version first."""
    click.echo(json.dumps({"format": JSON_FORMAT, **document}, ensure_ascii=False, indent=2), file=stream)


def report_error(error: KpiError, *, as_json: bool) -> None:
    """An error as its text on stderr, or as JSON on stdout, where a program looks for the answer."""
    if as_json:
        print_json({"errors": [diagnostic.to_dict() for diagnostic in error.diagnostics]})
    else:
        click.echo(str(error), err=True)


def report_usage(error: click.ClickException, *, as_json: bool) -> None:
    """A mistake in how the program was called."""
    message = cut(in_chinese(error), MAX_MESSAGE)
    if as_json:
        print_json({"errors": [{"code": "usage", "level": "error", "message": message}]})
        return
    context = getattr(error, "ctx", None)
    click.echo(f"用法不对：{message}", err=True)
    if context is not None:
        click.echo(f"{context.get_usage()}\n更多说明：{context.command_path} --help", err=True)


def in_chinese(error: click.ClickException) -> str:
    """What click says, in Chinese; a message of our own stays as it is."""
    if isinstance(error, click.NoSuchOption):
        near = f"；是不是 {'、'.join(error.possibilities)}？" if error.possibilities else ""
        return f"没有选项 {error.option_name}{near}"
    if isinstance(error, click.MissingParameter):
        return f"缺少 {_named(error.param)}"
    if isinstance(error, click.BadParameter):
        if error.param is not None and isinstance(error.param.type, click.Choice):
            return f"{_named(error.param)} 只能是 {'、'.join(map(str, error.param.type.choices))}"
        return f"{_named(error.param)} {error.message}" if error.param is not None else error.message
    message = error.format_message()
    for pattern, chinese in _TRANSLATED:
        if pattern.fullmatch(message):
            return pattern.sub(chinese, message)
    return message


def _named(param: click.Parameter | None) -> str:
    """The name of a parameter as it stands in the help."""
    if param is None:
        return "参数"
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name
