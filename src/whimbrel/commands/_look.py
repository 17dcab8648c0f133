"""Ask every database of a project where it is, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..project import Project
from ..revisions.graph import Graph
from ..revisions.index import history


@dataclass(frozen=True)
class Position:
    """Where one database is: its name ("" for the default one), its address, the rows of its version table."""

    name: str
    url: str
    heads: tuple[str, ...]
    graph: Graph
    """The history, with what has no file any more and was kept by this database."""
    kept: tuple[str, ...] = ()
    """In words where that came from."""
    edited: tuple[str, ...] = ()
    """In words which applied revisions have another code now than the one that ran; found out where asked for."""


def positions(project: Project, *, edits: bool = False) -> list[Position]:
    """Where each database of the project is. edits: find out which applied revisions were edited, too."""
    from ..execution.env import Database, Task, run_environment
    from ..execution.journals import journal_of, look_into
    from ..execution.kept import edited, kept_revisions, was_edited, without_file
    from ..execution.table import VersionTable

    graph = history(project)
    found: list[Position] = []

    def look(database: Database) -> None:
        heads = VersionTable(database.context).read()
        position = Position(database.name, database.url, heads, graph)
        journal = journal_of(database.context)
        gone = [id for id in heads if id not in graph]
        unread = look_into(journal) if edits or gone else ()
        position = replace(position, kept=unread)
        if edits:
            position = replace(position, edited=tuple(was_edited(one).message for one in edited(graph, journal, heads)))
        if gone:
            kept = kept_revisions(graph, journal, gone)
            position = replace(
                position, graph=graph.with_kept(kept), kept=(*unread, *without_file(kept, journal, project.command))
            )
        found.append(position)

    run_environment(project, Task(look, context={"dont_mutate": True}))
    return found


def current_heads(project: Project) -> tuple[str, ...]:
    """The applied heads of all databases of the project."""
    return tuple(dict.fromkeys(head for position in positions(project) for head in position.heads))
