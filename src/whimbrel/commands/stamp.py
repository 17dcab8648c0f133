"""``stamp``: say that a database is at a revision, without running anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..events import Listener, Noticed, ignore
from ..lines import Line, line
from ..project import Project
from ..revisions import names, paths, rows
from ..revisions.index import history
from ..revisions.paths import Move
from ._cli import Call, subcommand
from ._migrate import Migrated
from ._settings import wait_option

if TYPE_CHECKING:
    from ..execution.runner import Runner


class Stamped(Migrated):
    """What the version table of each database says now."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line a database that has changed."""
        for database in self.databases:
            name = f" [{database.name or 'default'}]" if len(self.databases) > 1 else ""
            if set(database.before) != set(database.after):
                yield line("Stamped", (name, "strong"), ": ", (" and ".join(database.after) or "base", "revision"))


def stamp(
    project: Project,
    revisions: str | Sequence[str] = "head",
    *,
    sql: bool = False,
    tag: str | None = None,
    purge: bool = False,
    unchecked: bool = False,
    on_event: Listener = ignore,
) -> Stamped:
    """Make the version table of every database say that it is at these revisions.

    purge: forget first what it says, as for a revision that has no file any more. sql: write the script instead.
    Raises Refused where a database has not the structure of these revisions. unchecked: don't look.
    """
    from ..execution import mark
    from ..execution.env import Database, Task, run_environment
    from ..execution.outcome import DatabaseOutcome
    from ..execution.runner import Runner

    if purge and sql:
        raise UsageError("--purge needs a database, and --sql writes a script.", hint="Leave one of them out.")
    graph = history(project)
    wanted = [revisions] if isinstance(revisions, str) else list(revisions)
    options = {"sql": sql, "tag": tag, "purge": purge, "revisions": wanted}
    start, targets = split_ranges(wanted, sql)
    starts = names.find_all(graph, start) or None
    ends = names.find_all(graph, [target for target in targets if not names.RELATIVE.match(target)])
    done: list[DatabaseOutcome] = []

    def work(database: Database) -> None:
        runner = Runner(project, graph, database, on_event)
        current = () if purge else runner.start()
        moves = paths.stamp(runner.graph, targets, current)
        if moves or not current:
            latest = runner.alone()
            current = () if purge else latest
            moves = paths.stamp(runner.graph, targets, current)
        why_not = "--unchecked" if unchecked else None if sql else check(runner, moves, current)
        note = f"Not checked whether the database has that structure: {why_not}" if why_not else None
        done.append(mark.stamp(runner, moves, current, purge=purge, note=note))

    context = {"starting_rev": starts, "destination_rev": ends, "tag": tag, "purge": purge}
    run_environment(project, Task(work, as_sql=sql, options=options, context=context))
    return Stamped(() if sql else tuple(done))


def check(runner: Runner, moves: Sequence[Move], current: Collection[str]) -> str | None:
    """Raise Refused where a database has not the structure of what it is going to be stamped with; base needs none.

    Returns why it could not be looked at, if so.
    """
    from ..execution.structure import refuse_difference

    state = set(current)
    for move in moves:
        state = rows.after_move(move, state).apply_to(state)
    if not (moves and state):
        return None
    why_not = refuse_difference(runner, state, unchecked="--unchecked")
    if why_not:
        runner.on_event(Noticed(f"Not checked whether the database has that structure: {why_not}"))
    return why_not


def split_ranges(revisions: list[str], sql: bool) -> tuple[str | None, list[str]]:
    """The start that a script assumes, if it is given, and the revisions to stamp."""
    starts = {revision.partition(":")[0] for revision in revisions if ":" in revision}
    if starts and not sql:
        raise UsageError("A range start:end goes with --sql only: a database knows where it is.")
    if len(starts) > 1:
        raise UsageError("A script can start from one revision only.")
    return next(iter(starts), None), [revision.rpartition(":")[2] for revision in revisions]


@subcommand()
@click.argument("revisions", nargs=-1, metavar="[REVISION]...")
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it; a REVISION may be a range start:end.")
@click.option("--tag", help="A word for env.py, which may ask for it.")
@click.option("--purge", is_flag=True, help="Forget first which revisions the database says it is at.")
@click.option("--unchecked", is_flag=True, help="Don't look whether the database has that structure.")
@wait_option
def command(call: Call, revisions: tuple[str, ...], **options: Any) -> Stamped:
    """Set the revision without running anything.

    For a database that has the tables already: made by create_all(), or migrated by other means. REVISION is head
    unless given; give one for each branch; base means that nothing has been applied.

    The database is compared with what these revisions make of an empty one, and the command refuses where they differ.
    """
    return stamp(call.project, revisions or ("head",), on_event=call.tell, **options)
