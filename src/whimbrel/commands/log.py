"""``log``: what ran on each database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..errors import RevisionNotFound, UsageError
from ..events import Listener, Noticed, ignore
from ..lines import Line, Span, line
from ..project import Project
from ..revisions.index import history
from ._cli import Call, subcommand

if TYPE_CHECKING:
    from ..execution.env import Database
    from ..execution.journal import Entry, Journal

FACTS = ("outcome", "started", "finished", "seconds", "user", "host", "pid", "tool", "commit", "file", "checksum", "run")


@dataclass(frozen=True)
class Log:
    """The entries of the journals, the newest first, each with the name of its database; and sources, where asked for."""

    entries: tuple[tuple[str, Entry], ...]
    is_about_one: bool = False
    sources: tuple[str, ...] = ()

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line an entry; all that is known of it where one revision was asked for; or its source and nothing else."""
        if self.sources:
            for text in self.sources[0].splitlines():
                yield line(text)
            return
        several = len({name for name, _ in self.entries}) > 1
        for name, entry in self.entries:
            where: list[Span] = [(f"[{name or 'default'}] ", "strong")] if several else []
            message = f"  {entry.message}" if entry.message else ""
            outcome: Span = ("", "plain") if entry.outcome == "done" else (f" {entry.outcome}", "bad")
            when = entry.started[:19].replace("T", " ")
            who: Span = (f"  {entry.user}@{entry.host}", "dim")
            yield line(
                *where, (f"{when}  ", "dim"), f"{entry.direction}", outcome, "  ", (entry.revision, "revision"), message, who
            )
            if verbose or self.is_about_one:
                for fact in FACTS:
                    if (value := getattr(entry, fact)) is not None:
                        yield line(f"    {fact + ':':10} {value}")
                for text in (entry.error or "").splitlines():
                    yield line("    ", (text, "bad"))

    def as_data(self) -> list[dict[str, Any]]:
        """The same for machines."""
        sources = dict(zip((entry.id for _, entry in self.entries), self.sources, strict=False))
        return [
            {"database": name, **entry.as_data()} | ({"source": sources[entry.id]} if entry.id in sources else {})
            for name, entry in self.entries
        ]


def log(
    project: Project,
    revision: str | None = None,
    *,
    source: bool = False,
    accept_edit: bool = False,
    most: int | None = None,
    on_event: Listener = ignore,
) -> Log:
    """What the journals of all databases say, the newest first.

    revision: an id or its beginning. source: with the source that ran to its end last. accept_edit: from now on the file of an
    applied revision is what ran. most: how many entries of a database at the most.
    """
    from ..execution.env import Task, run_environment
    from ..execution.journals import journal_of
    from ..execution.mark import accept_edit as accept
    from ..execution.runner import Runner

    found: list[tuple[str, Entry]] = []
    sources: list[str] = []

    def look(database: Database) -> None:
        journal = journal_of(database.context)
        entries = journal.read()[::-1]
        if revision is not None:
            ids = matching(entries, revision)
            if accept_edit and ids:
                accept(Runner(project, history(project), database, on_event), ids[0])
                entries = journal_of(database.context).read()[::-1]
            entries = [entry for entry in entries if entry.revision in ids]
            if source:
                sources.extend(kept_source(journal, entries))
        found.extend((database.name, entry) for entry in entries[:most])

    run_environment(project, Task(look, context={"dont_mutate": True}, needs_history=False))
    if revision is not None and not found:
        raise RevisionNotFound(
            f"No revision '{revision}' is in the journal: it has not run here with Whimbrel.",
            hint=f"'{project.command} log' lists what has; '{project.command} show {revision}' shows the file.",
        )
    if source and not sources:
        raise RevisionNotFound(f"The journal has no source of '{revision}': only bytecode ran.")
    if not found:
        on_event(Noticed("The journal is empty: nothing has run here with Whimbrel yet."))
    return Log(tuple(found), revision is not None, tuple(sources))


def matching(entries: list[Entry], revision: str) -> list[str]:
    """The ids that a name stands for. Raises UsageError where it is the beginning of several."""
    ids = list(dict.fromkeys(entry.revision for entry in entries if entry.revision.startswith(revision)))
    if revision in ids:
        return [revision]
    if len(ids) > 1:
        raise UsageError(f"'{revision}' is the beginning of several revisions: {', '.join(ids)}.")
    return ids


def kept_source(journal: Journal, entries: list[Entry]) -> Iterator[str]:
    """The newest source that ran to its end; one that failed or stopped, where none did."""
    for entry in sorted(entries, key=lambda each: (each.outcome != "done", each.direction == "downgrade")):
        if (text := journal.source(entry.id)) is not None:
            yield text
            return


@subcommand(verbose="Show all that is known of each entry.")
@click.argument("revision", required=False)
@click.option("--source", is_flag=True, help="Print the source of REVISION as it ran here.")
@click.option("--accept-edit", is_flag=True, help="REVISION was edited after it ran: take the file for what ran.")
@click.option("-n", "most", type=click.IntRange(min=1), metavar="NUMBER", help="Show so many entries at the most.")
def command(call: Call, revision: str | None, source: bool, accept_edit: bool, most: int | None) -> Log:
    """Show what ran, when, and by whom.

    The journal is kept in the database itself: every run of every revision, with its source. With REVISION, all about
    that one.
    """
    if revision is None and (source or accept_edit):
        raise UsageError(f"{'--source' if source else '--accept-edit'} needs a revision.")
    return log(call.project, revision, source=source, accept_edit=accept_edit, most=most, on_event=call.tell)
