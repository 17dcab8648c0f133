"""What upgrade and downgrade have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from ..errors import UsageError
from ..events import Event, Listener, Noticed, ignore
from ..lines import Line
from ..project import Project
from ..revisions import names
from ..revisions.graph import Graph
from ..revisions.index import history
from ._backup import Saved, save_pending
from ._plan import NO_CONSENT, Consent, dangers, guard_of, is_judged, refusal, unaccepted

if TYPE_CHECKING:
    from ..execution.env import Database
    from ..execution.outcome import DatabaseOutcome
    from ..execution.runner import Runner
    from ..hazards.finding import Finding

USUAL = {"upgrade": "head", "downgrade": "-1"}
"""Where each goes unless told otherwise."""

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
    from ..execution.env import Task, run_environment
    from ..execution.runner import Runner

    graph = history(project)
    options = {"sql": sql, "tag": tag, "revision": target}
    start, target = split_range(project, graph, target, direction, sql)
    tell = once(on_event)
    typed = [direction, *([] if target == USUAL[direction] else [target]), *(["--tag", tag] if tag else [])]
    typed += [] if backup is None else [f"--backup={backup}" if backup else "--backup"]
    done: dict[int, DatabaseOutcome] = {}
    weighed: list[Finding] = []
    judged: dict[int, tuple[str, ...]] = {}
    """What waits until every database was looked at, by the order in which env.py comes to them."""

    def pending(database: Database) -> tuple[Runner, Sequence[str], Sequence[str]]:
        runner = Runner(project, graph, database, ignore if sql else tell)
        current = runner.start()
        found = path(runner.graph, target, current)
        if found or not current:
            current = runner.alone()
            found = path(runner.graph, target, current)
        return runner, current, found

    def first(database: Database) -> None:
        """Judge, and run at once where no other database of this run may be refused, or nothing is to be judged."""
        number = len(done) + len(judged)
        runner, current, found = pending(database)
        weighed.extend(dangers(runner, found, direction, consent, tell))
        is_one_of_several = "engine_name" in database.arguments and is_judged(runner)
        if unaccepted(weighed) or (found and (backup is not None or is_one_of_several)):
            judged[number] = tuple(found)
        else:
            runner.guard = guard_of(runner, direction, consent, tell) if found else None
            done[number] = runner.run(found, direction, current)

    def second(database: Database) -> None:
        """Run what was judged; what has changed meanwhile is judged again."""
        number = next(numbers)
        if number not in judged:
            return
        runner, current, found = pending(database)
        if tuple(found) != judged[number]:
            refuse(dangers(runner, found, direction, consent, tell))
        runner.guard = guard_of(runner, direction, consent, tell) if found else None
        done[number] = runner.run(found, direction, current)

    def refuse(weighed: Sequence[Finding]) -> None:
        if blocked := unaccepted(weighed):
            known = {key for each in weighed for key in (each.short_key, each.full_key)}
            given, unknown = consent.accepted | consent.given, consent.accepted - known
            error = refusal(blocked, project.command, typed, given, unknown)
            if any(outcome.applied for outcome in done.values()):
                error.state = "Nothing has been run on that database; another one has been migrated."
            raise error

    context = {"starting_rev": start, "destination_rev": target, "tag": tag}
    backups: tuple[Saved, ...] = ()
    if sql and backup is not None:
        raise UsageError("--sql only writes a script: there is nothing to back up.", hint="Leave one of --sql and --backup out.")
    run_environment(project, Task(first, as_sql=sql, options=options, context=context))
    refuse(weighed)
    if judged:
        backups = save_pending(project, path, graph, target, backup, options, tell)
        numbers = count()
        run_environment(project, Task(second, options=options, context=context))
    return Migrated(tuple(done[number] for number in sorted(done)), backups)


def once(tell: Listener) -> Listener:
    """Say each notice once."""
    said: set[str] = set()

    def heard(event: Event) -> None:
        if isinstance(event, Noticed):
            if event.text in said:
                return
            said.add(event.text)
        tell(event)

    return heard


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
