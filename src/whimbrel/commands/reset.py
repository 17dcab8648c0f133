"""``reset``: rebuild a development database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..errors import Refused
from ..events import Listener, ignore
from ..lines import Line, line
from ..project import Project
from ._cli import Call, subcommand
from ._settings import run_options
from .upgrade import upgrade

if TYPE_CHECKING:
    from ..execution.env import Database
    from ..execution.outcome import DatabaseOutcome

TEST_WORDS = ("test", "dev", "local", "scratch", "tmp")


@dataclass(frozen=True)
class Reset:
    """What was dropped from each database, and what ran on it afterwards."""

    dropped: dict[str, list[str]]
    databases: tuple[DatabaseOutcome, ...]

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line a database."""
        for url, tables in self.dropped.items():
            yield line(
                "Rebuilt ", (url, "path"), f": {len(tables)} table{'' if len(tables) == 1 else 's'} dropped and made anew."
            )

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {"dropped": self.dropped, "databases": [database.as_data() for database in self.databases]}


def reset(project: Project, *, yes: bool = False, on_event: Listener = ignore) -> Reset:
    """Drop everything in every database of the project and upgrade to the heads.

    yes: somebody has said that the rows may go. Raises Refused without it, and for every database that does not look
    like one for development: unless the application is in debug or testing mode, that is a local SQLite file or a
    database with "test", "dev" or the like in its name.
    """
    from ..execution.env import Task, run_environment
    from ..execution.lock import take_lock

    found: dict[str, list[str]] = {}

    def look(database: Database) -> None:
        found[database.url] = tables_of(database)
        if not is_for_development(project, database):
            raise Refused(
                f"{database.url} does not look like a development database: the application is not in debug mode, and its"
                f" name does not say test or dev. It holds {len(found[database.url])} tables and views.",
                hint="If it really is one, start the application in debug mode ('flask --debug …').",
            )

    run_environment(project, Task(look, context={"dont_mutate": True}))
    if not yes:
        listed = "; ".join(f"{url} ({len(tables)} tables)" for url, tables in found.items())
        raise Refused(f"All tables and their rows would be dropped from {listed}.", hint="Add --yes to do it.")

    def drop(database: Database) -> None:
        from ..dialects import dialect_of
        from ..execution.journals import journal_of

        connection = database.connection
        assert connection is not None
        take_lock(project, database, on_event)
        database.has_changed = True
        with database.context.per_revision():
            journal_of(database.context).clear()
            dialect_of(connection.dialect.name).drop_all(connection)

    run_environment(project, Task(drop, context={"dont_mutate": True}))
    return Reset(found, upgrade(project, "heads", on_event=on_event).databases)


def tables_of(database: Database) -> list[str]:
    """The tables that would be dropped."""
    from ..dialects import dialect_of
    from ..execution.journal import Names

    assert database.connection is not None
    ours = Names(database.context.own_names)
    return [name for name in dialect_of(database.connection.dialect.name).tables(database.connection) if not ours.include(name)]


def is_for_development(project: Project, database: Database) -> bool:
    """Whether nobody will miss the rows."""
    from ..dialects import dialect_of

    assert database.connection is not None
    url = database.connection.engine.url
    if project.surroundings.is_development or dialect_of(url.get_backend_name()).is_local(url):
        return True
    return any(word in (url.database or "").lower() for word in TEST_WORDS)


@subcommand()
@click.option("--yes", is_flag=True, help="Drop the tables and their rows without asking.")
@run_options
def command(call: Call, yes: bool) -> Reset:
    """Rebuild a development database.

    Drops everything in it and upgrades to the newest revision. Refuses without --yes, and on anything that looks like
    production.
    """
    return reset(call.project, yes=yes, on_event=call.tell)
