"""For a person: plain lines, in colours where a terminal is."""

from __future__ import annotations

import os
import sys
from traceback import format_exception
from typing import Any, TextIO

import click

from ..errors import WhimbrelError
from ..events import BackedUp, Event, FileWritten, Noticed, Progressed, RevisionFinished, RevisionStarted
from ..lines import Line, Meaning, Reportable, Span, line, plain, size
from ._status import Status

STYLES: dict[Meaning, dict[str, Any]] = {
    "revision": {"fg": "yellow"},
    "head": {"fg": "cyan", "bold": True},
    "label": {"fg": "green", "bold": True},
    "path": {"fg": "magenta"},
    "good": {"fg": "green"},
    "bad": {"fg": "red", "bold": True},
    "dim": {"dim": True},
    "graph": {"fg": "red"},
    "strong": {"bold": True},
    "plain": {"reset": False},
}


class TextReport:
    """Results and progress to the standard output, notices and errors to the standard error."""

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, traceback: bool = False, all_to_stderr: bool = False
    ) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self.traceback = traceback
        self.out = sys.stderr if all_to_stderr else sys.stdout
        self.status = Status(sys.stderr)

    def event(self, event: Event) -> None:
        """Show one thing as it happens."""
        if self.quiet:
            return
        if isinstance(event, Progressed):
            self.status.show(event)
            return
        self.status.clear()
        match event:
            case RevisionFinished():
                where: list[Span] = [(f"[{event.database}] ", "strong")] if event.database else []
                message = f"  {event.message}" if event.message else ""
                took: Span = (f"  ({duration(event.seconds)})", "dim")
                write(line(*where, f"{event.direction}  ", (event.revision, "revision"), message, took), self.out)
            case RevisionStarted() if self.verbose:
                write(line((f"running {event.direction} of {event.revision} …", "dim")), sys.stderr)
            case BackedUp():
                where = [(f"[{event.database}] ", "strong")] if event.database else []
                took = (f"  ({size(event.bytes)}, {duration(event.seconds)})", "dim")
                write(line(*where, "backup  ", (event.path, "path"), took), self.out)
            case FileWritten():
                write(line("Created ", (event.path, "path")), self.out)
            case Noticed():
                write(line(event.text), sys.stderr)

    def result(self, result: Reportable) -> None:
        """Show what came of it."""
        self.status.clear()
        if not self.quiet:
            for each in result.as_lines(verbose=self.verbose):
                write(each, self.out)

    def error(self, error: WhimbrelError) -> None:
        """Show what went wrong, where, and what next."""
        self.status.clear()
        if self.traceback:
            sys.stderr.write("".join(format_exception(error)))
        first, *rest = error.message.splitlines() or [""]
        write(line(("Error: ", "bad"), first), sys.stderr)
        for each in rest:
            write(line(each), sys.stderr)
        if error.place:
            write(line("  at ", (error.place, "path")), sys.stderr)
        if error.state:
            write(line(error.state), sys.stderr)
        if error.hint:
            write(line(("Next: ", "good"), error.hint), sys.stderr)


def write(words: Line, stream: TextIO) -> None:
    """Print one line, with colours on a terminal, and never fail for a character that the stream cannot show."""
    coloured = is_coloured(stream)
    text = "".join(click.style(text, **STYLES[meaning]) for text, meaning in words) if coloured else plain(words)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), file=stream, color=coloured)
    stream.flush()


def is_coloured(stream: TextIO) -> bool:
    """Whether colours are wanted: a terminal, and nobody said no (https://no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(os.environ.get("FORCE_COLOR")) or stream.isatty()


def duration(seconds: float) -> str:
    """A time as a person reads it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


report = TextReport
