"""``ensure-version``: create the version table."""

from __future__ import annotations

import click

from ..project import Project
from ._cli import Call, subcommand
from ._migrate import Migrated


def ensure_version(project: Project, *, sql: bool = False) -> Migrated:
    """Create the version table of every database where it is missing."""
    from ..execution.env import Database, Task, run_environment
    from ..execution.outcome import DatabaseOutcome
    from ..execution.table import VersionTable

    done: list[DatabaseOutcome] = []

    def work(database: Database) -> None:
        table = VersionTable(database.context)
        current = table.read()
        database.has_changed = True
        database.context.ensure_table()
        done.append(DatabaseOutcome(database.name, database.url, current, current))

    run_environment(project, Task(work, as_sql=sql, options={"sql": sql}))
    return Migrated(tuple(done))


@subcommand()
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it.")
def command(call: Call, sql: bool) -> Migrated:
    """Create the version table, if it is not there.

    It remembers which revisions were applied; 'upgrade' creates it by itself.
    """
    return ensure_version(call.project, sql=sql)
