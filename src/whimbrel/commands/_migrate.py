"""What upgrade and downgrade have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..errors import UsageError
from ..events import Listener, ignore
from ..lines import Line
from ..project import Project
from ..revisions import names
from ..revisions.graph import Graph
from ..revisions.index import history
from ._backup import Saved, save_pending
from ._plan import NO_CONSENT, Consent, refuse_dangers

if TYPE_CHECKING:
    from ..execution.outcome import DatabaseOutcome

Path = Callable[[Graph, str, Collection[str]], Sequence[str]]


@dataclass(frozen=True)
class Migrated:
    """What ran on each database."""

    databases: tuple[DatabaseOutcome, ...]
    backups: tuple[Saved, ...] = ()

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids of the revisions that ran on any database, in their order."""
        return tuple(dict.fromkeys(one.revision for database in self.databases for one in database.applied))

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """Nothing more: each revision had its line when it was done."""
        return iter(())

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        backups = {"backups": [saved.as_data() for saved in self.backups]} if self.backups else {}
        return {"databases": [database.as_data() for database in self.databases], **backups}


def migrate(
    project: Project,
    target: str,
    direction: Literal["upgrade", "downgrade"],
    path: Path,
    *,
    sql: bool,
    tag: str | None,
    on_event: Listener,
    backup: str | None = None,
    consent: Consent = NO_CONSENT,
) -> Migrated:
    """Run a path on every database that env.py connects to, or write its script.

    backup: a file for a backup of each before anything runs, "" for a new one, None for none. consent: to what loses data.
    Raises Refused where a danger is not accepted.
    """
    from ..execution.env import Database, Task, run_environment
    from ..execution.runner import Runner

    graph = history(project)
    options = {"sql": sql, "tag": tag, "revision": target}
    start, target = split_range(project, graph, target, direction, sql)

    def allow(runner: Runner, found: Sequence[str]) -> None:
        refuse_dangers(runner, found, direction, consent, on_event)

    backups = save_pending(project, path, graph, target, backup, options, on_event, allow)
    done: list[DatabaseOutcome] = []

    def work(database: Database) -> None:
        runner = Runner(project, graph, database, ignore if sql else on_event)
        current = runner.start()
        found = path(runner.graph, target, current)
        if found or not current:
            current = runner.alone()
            found = path(runner.graph, target, current)
        if not backups:  # else it was judged before
            allow(runner, found)
        done.append(runner.run(found, direction, current))

    context = {"starting_rev": start, "destination_rev": target, "tag": tag}
    run_environment(project, Task(work, as_sql=sql, options=options, context=context))
    return Migrated(tuple(done), backups)


def split_range(
    project: Project, graph: Graph, target: str, direction: str, sql: bool
) -> tuple[str | tuple[str, ...] | None, str]:
    """The start and the end of ``start:end``, which only a script may have, and a script downwards must have."""
    start, colon, end = target.partition(":")
    if not colon:
        if sql and direction == "downgrade":
            raise UsageError(
                "A script that goes down must know where it starts.",
                hint=f"Write {project.command} downgrade --sql start:{target}.",
            )
        return None, target
    if not sql:
        raise UsageError(
            f"'{target}' is a range, which only --sql takes: a database knows where it is.",
            hint=f"Write '{project.command} {direction} {end}', or add --sql.",
        )
    return names.find_all(graph, start) or None, end
