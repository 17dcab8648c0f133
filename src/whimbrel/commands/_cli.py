"""What every click command has: the common options, the project, the report, one screen for every error."""

from __future__ import annotations

import atexit
import gc
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, wraps
from traceback import extract_tb
from typing import Any, Protocol

import click

from .. import _registry
from ..errors import Unexpected, WhimbrelError
from ..events import Event, Listener
from ..lines import Reportable
from ..project import Project, display_path
from ..settings import NAMES

META = "whimbrel.session"
STEPS = re.compile(r"-\d+(:.*)?")


class Report(Protocol):
    """Shows what a command tells; ``reports/`` has one for each format."""

    def event(self, event: Event) -> None: ...
    def result(self, result: Reportable) -> None: ...
    def error(self, error: WhimbrelError) -> None: ...


class Session(Protocol):
    """How the command line was started; ``extension.py`` and ``cli.py`` each have one."""

    def project(self, directory: str | None, x: tuple[str, ...]) -> Project: ...


@dataclass(frozen=True)
class Call:
    """One command as the user typed it: the project it is for, and who listens."""

    project: Project
    tell: Listener
    x: tuple[str, ...] = ()
    verbose: bool = False


@dataclass
class Settings:
    """The common options, which may stand before or after the name of the command."""

    directory: str | None = None
    x: tuple[str, ...] = ()
    quiet: bool = False
    traceback: bool = False
    values: dict[str, Any] = field(default_factory=dict)


class OptionalValue(click.Option):
    """An option that may go without its value: ``--backup``, or ``--backup=FILE``. What follows a space is never its value."""


class Command(click.Command):
    """A click command that takes ``-1`` for a revision, ``-2:`` for a range, and not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does it, after moving such steps behind ``--``."""
        optional = {name for option in self.params if isinstance(option, OptionalValue) for name in option.opts}
        args = [f"{arg}=" if arg in optional and "--" not in args[:n] else arg for n, arg in enumerate(args)]
        valued = {
            name for option in self.params if isinstance(option, click.Option) and not option.is_flag for name in option.opts
        }
        steps = [
            n
            for n, arg in enumerate(args)
            if STEPS.fullmatch(arg) and "--" not in args[:n] and (not n or args[n - 1] not in valued)
        ]
        if steps:
            ends = ["--"] if "--" not in args else []
            args = [arg for n, arg in enumerate(args) if n not in steps] + ends + [args[n] for n in steps]
        return super().parse_args(ctx, args)


def run(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Make the project, call the function of a command with it and its own options, report."""
    ctx = click.get_current_context()
    directory, x = options.pop("directory", None), options.pop("x_arg", ())
    quiet, traceback, verbose = (options.pop(name, False) for name in ("quiet", "traceback", "verbose"))
    typed = {name: options.pop(name) for name in NAMES if name in options}
    before: Settings = ctx.meta.get(f"{META}.settings") or Settings()
    report_class = _registry.load("reports", options.pop("format", None) or "text", "report")
    trace = traceback or before.traceback
    report: Report = report_class(quiet=quiet or before.quiet, verbose=verbose, traceback=trace)
    try:
        session: Session = ctx.meta[META]
        project = session.project(directory or before.directory, tuple(x) or before.x)
        project.typed = typed
        with few_collections():
            result = function(Call(project, report.event, tuple(x) or before.x, verbose), **options)
    except WhimbrelError as error:
        report.error(error)
        ctx.exit(error.exit_code)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        report.error(unexpected(error))
        ctx.exit(1)
    if isinstance(result, Reportable):
        report.result(result)
        if getattr(result, "exit_code", 0):
            ctx.exit(result.exit_code)  # type: ignore[attr-defined]
    return result


@contextmanager
def few_collections() -> Iterator[None]:
    """Collect garbage seldom: a command is over soon, and each collection looks through all that was imported.

    A fifth of the time of a short command (``bench/``).
    """
    leave_imports_alone()
    before = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_seldom() -> None:
    """From now on."""
    first, second, third = gc.get_threshold()
    gc.set_threshold(max(first, 50_000) if first else 0, max(second, 50), third)


def collect_seldom_while_loading(command: str) -> None:
    """The same where Flask's command line loads the application for one of our commands: the models are still to come."""
    if click.get_current_context(silent=True) is not None and command in sys.argv[1:]:
        collect_seldom()


@cache
def leave_imports_alone() -> None:
    """Once in a process: what is there now stays to the end, and at the end nothing need be looked through."""
    gc.freeze()
    atexit.register(gc.freeze)


def unexpected(error: Exception) -> Unexpected:
    """An exception that nobody foresaw, on one screen."""
    frame = extract_tb(error.__traceback__)[-1]
    made = Unexpected(
        f"Something unexpected happened: {type(error).__name__}: {error}",
        place=f"{display_path(frame.filename)}:{frame.lineno}",
        hint="Add --traceback to see the way there, and please report it if it is not your application's.",
    )
    made.__cause__ = error
    return made


def subcommand(*, verbose: str = "Say more.", **settings: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make the command of a module, named after the module. verbose: the help of ``-v``.

    The function gets a Call and returns something Reportable, or raises WhimbrelError.
    """

    def decorate(function: Callable[..., Any]) -> Command:
        @wraps(function)
        def callback(**options: Any) -> Any:
            return run(function, options)

        name = function.__module__.rpartition(".")[2].replace("_", "-")
        made = click.command(name, cls=Command, **settings)(callback)
        made.params += common_options(verbose)
        return made

    return decorate


def common_options(verbose: str) -> list[click.Parameter]:
    """The options that every command has."""
    formats = click.Choice([name.replace("_", "-") for name in _registry.names("reports")])
    return [
        click.Option(["-d", "--directory"], metavar="DIR", help="The migrations folder (default: migrations)."),
        click.Option(
            ["-x", "--x-arg"], multiple=True, metavar="NAME=VALUE", help="An argument for env.py; may be given several times."
        ),
        click.Option(["--format"], type=formats, default="text", show_default=True, help="How to print the result."),
        click.Option(["-v", "--verbose"], is_flag=True, help=verbose),
        click.Option(["-q", "--quiet"], is_flag=True, help="Print errors only."),
        click.Option(["--traceback"], is_flag=True, help="Show the Python traceback of an error."),
    ]


class Group(click.Group):
    """The group of all commands; each is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of our commands, of other packages' and of those that were added in the program."""
        ours = (name.replace("_", "-") for name in _registry.names("commands"))
        return sorted({*ours, *_registry.foreign("commands"), *self.commands})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """One command: what was added in the program goes first, ``ensure_version`` is ``ensure-version``."""
        return super().get_command(ctx, name) or self.named(name)

    def named(self, name: str) -> click.Command | None:
        """One of our own commands, or of other packages'."""
        module = name.replace("-", "_")
        if module in _registry.names("commands"):
            ours: click.Command = _registry.load("commands", module, "command")
            return ours
        point = _registry.foreign("commands").get(name)
        return point.load() if point else None

    def complete(self) -> Group:
        """The group with every command in ``commands``, for code that looks there."""
        for name in self.list_commands(click.Context(self)):
            if name not in self.commands and (found := self.named(name)):
                self.add_command(found, name)
        return self

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does it, with likely names where there is no such command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from ..revisions.near import near

            likely = near(args[0], self.list_commands(ctx), most=2)
            if not likely or "Did you mean" in error.message:
                raise
            names = " or ".join(f"'{name}'" for name in likely)
            raise click.UsageError(f"{error.message} Did you mean {names}?", ctx) from error
