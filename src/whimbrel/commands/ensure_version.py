"""``ensure-version``: create the version table."""

from __future__ import annotations

import click

from ..events import Listener, ignore
from ..project import Project
from ..revisions.index import history
from ._cli import Call, subcommand
from ._migrate import Migrated
from ._settings import wait_option


def ensure_version(project: Project, *, sql: bool = False, on_event: Listener = ignore) -> Migrated:
    """Create the version table of every database where it is missing."""
    from ..execution.env import Database, Task, run_environment
    from ..execution.outcome import DatabaseOutcome
    from ..execution.runner import Runner

    done: list[DatabaseOutcome] = []

    def work(database: Database) -> None:
        runner = Runner(project, history(project), database, on_event)
        runner.start()
        current = runner.alone()
        runner.create_table_in_script(set())
        runner.make_table(journal=False)
        done.append(runner.outcome(current, set(current)))

    run_environment(project, Task(work, as_sql=sql, options={"sql": sql}))
    return Migrated(tuple(done))


@subcommand()
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it.")
@wait_option
def command(call: Call, sql: bool) -> Migrated:
    """Create the version table, if it is not there.

    It remembers which revisions were applied; 'upgrade' creates it by itself.
    """
    return ensure_version(call.project, sql=sql, on_event=call.tell)
