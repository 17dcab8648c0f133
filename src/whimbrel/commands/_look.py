"""Ask every database of a project where it is, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass

from ..project import Project


@dataclass(frozen=True)
class Position:
    """Where one database is: its name ("" for the default one), its address, the rows of its version table."""

    name: str
    url: str
    heads: tuple[str, ...]


def positions(project: Project) -> list[Position]:
    """Where each database of the project is."""
    from ..execution.env import Database, Task, run_environment
    from ..execution.table import VersionTable

    found: list[Position] = []

    def look(database: Database) -> None:
        found.append(Position(database.name, database.url, VersionTable(database.context).read()))

    run_environment(project, Task(look, context={"dont_mutate": True}))
    return found


def current_heads(project: Project) -> tuple[str, ...]:
    """The applied heads of all databases of the project."""
    return tuple(dict.fromkeys(head for position in positions(project) for head in position.heads))
