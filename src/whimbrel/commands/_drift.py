"""What check and current have in common that look whether a database is what its history makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..errors import PendingChanges
from ..events import Listener, Noticed
from ..project import Project
from ..revisions.index import history


def drift_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--drift``."""
    text = "Compare the database with what its revisions make of an empty one, too."
    return click.option("--drift", is_flag=True, help=text)(command)


def refuse_drift(project: Project, on_event: Listener) -> None:
    """Raise PendingChanges where a database differs from what its revisions make of an empty one of its kind."""
    from ..execution.env import Database, Task, run_environment
    from ..execution.runner import Runner
    from ..execution.structure import drift, listed

    graph = history(project)
    found: dict[str, list[str]] = {}

    def look(database: Database) -> None:
        runner = Runner(project, graph, database, on_event)
        heads = runner.start()
        lines, why_not = drift(runner, heads) if heads else ([], None)
        if why_not:
            on_event(Noticed(f"Not looked for drift: {why_not}"))
        if lines:
            found[database.url] = lines

    run_environment(project, Task(look, context={"dont_mutate": True}))
    if found:
        raise PendingChanges(
            "\n".join(f"The database {url} has drifted from its history:\n{listed(lines)}" for url, lines in found.items()),
            hint="Undo there what was done by hand, or write a revision for it.",
            data={"drift": found},
        )
