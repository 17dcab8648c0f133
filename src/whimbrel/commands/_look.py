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


def positions(project: Project) -> list[Position]:
    """Where each database of the project is."""
    from ..execution.env import Database, Task, run_environment
    from ..execution.journals import journal_of
    from ..execution.kept import kept_revisions, without_file
    from ..execution.table import VersionTable

    graph = history(project)
    found: list[Position] = []

    def look(database: Database) -> None:
        heads = VersionTable(database.context).read()
        position = Position(database.name, database.url, heads, graph)
        if gone := [id for id in heads if id not in graph]:
            journal = journal_of(database.context)
            kept = kept_revisions(graph, journal, gone)
            position = replace(position, graph=graph.with_kept(kept), kept=tuple(without_file(kept, journal, project.command)))
        found.append(position)

    run_environment(project, Task(look, context={"dont_mutate": True}))
    return found


def current_heads(project: Project) -> tuple[str, ...]:
    """The applied heads of all databases of the project."""
    return tuple(dict.fromkeys(head for position in positions(project) for head in position.heads))
