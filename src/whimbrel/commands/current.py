"""``current``: where each database is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from ..errors import PendingChanges
from ..events import Listener, Noticed, ignore
from ..lines import Line, line
from ..project import Project
from ..revisions import paths
from ..revisions.revision import Revision
from ._cli import Call, subcommand
from ._drift import drift_option, refuse_drift
from ._look import Position, positions
from ._revisions import data, entry, title


@dataclass(frozen=True)
class Current:
    """The applied revisions of each database, one for each of its branches."""

    databases: tuple[tuple[Position, tuple[Revision, ...]], ...]

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Those of all databases."""
        return tuple(dict.fromkeys(revision for _, found in self.databases for revision in found))

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line a revision, with the name of its database where there are several."""
        for position, revisions in self.databases:
            name = f"  [{position.name or 'default'}]" if len(self.databases) > 1 else ""
            if verbose:
                yield line(f"Current revision(s) for {position.url}:", name)
            for revision in revisions:
                if verbose:
                    yield from entry(position.graph, revision)
                else:
                    spans = title(position.graph, revision)
                    yield line(*spans, (name, "strong"))

    def as_data(self) -> list[dict[str, Any]]:
        """The same for machines."""
        return [
            {
                "name": position.name,
                "url": position.url,
                "revisions": [data(position.graph, one, position.heads) for one in found],
            }
            for position, found in self.databases
        ]


def current(project: Project, *, check_heads: bool = False, edits: bool = False, on_event: Listener = ignore) -> Current:
    """Where each database of the project is.

    check_heads: raise PendingChanges where one of them is not at all heads. edits: notice applied revisions that were edited.
    """
    found: list[tuple[Position, tuple[Revision, ...]]] = []
    for position in positions(project, edits=edits):
        graph = position.graph
        tips = paths.current_of_each_branch(graph, position.heads)
        for text in (*position.kept, *position.edited):
            on_event(Noticed(text))
        found.append((position, tuple(graph[id] for id in tips)))
        if check_heads and set(position.heads) != set(graph.effective_heads):
            pending = paths.upgrade(graph, "heads", position.heads)
            raise PendingChanges(
                f"The database {position.url} is not at the head: {len(pending)} pending, the next is {pending[0]}."
                if pending
                else f"The database {position.url} is not at the head.",
                hint=f"Run '{project.command} upgrade'.",
                data={"pending": pending, "current": list(position.heads)},
            )
        if not tips:
            where = f" to {position.name}" if position.name else ""
            on_event(Noticed(f"No revision has been applied{where} yet."))
    return Current(tuple(found))


@subcommand(verbose="Show the database and all that is known of each revision.")
@click.option("-c", "--check-heads", is_flag=True, help="Exit with 1 where a database is not at the newest revision.")
@drift_option
def command(call: Call, check_heads: bool, drift: bool) -> Current:
    """Show which revision each database is at."""
    if drift:
        refuse_drift(call.project, call.tell)
    return current(call.project, check_heads=check_heads, edits=call.verbose, on_event=call.tell)
