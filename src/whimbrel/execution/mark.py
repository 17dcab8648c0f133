"""Have the version table and the journal say something without running anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import Refused
from ..revisions import rows
from ..revisions.paths import Move
from .journal import Entry
from .outcome import DatabaseOutcome
from .run import now
from .table import comma

if TYPE_CHECKING:
    from .runner import Runner


def stamp(
    runner: Runner, moves: Sequence[Move], current: Sequence[str], *, purge: bool = False, note: str | None = None
) -> DatabaseOutcome:
    """Change the version table without running anything; purge: after it was emptied. note: goes into the journal."""
    for move in moves:
        runner.refuse_long_ids(move.after)
    if moves or purge:
        runner.make_table(purge=purge)
    state = set(current)
    for move in moves:
        change = rows.after_move(move, state)
        ups, downs = (move.after, move.before) if move.is_upgrade else (move.before, move.after)
        with runner.context.per_revision():
            runner.create_table_in_script(state)
            if runner.context.as_sql:
                runner.context.impl.static_output(f"-- Running stamp_revision {comma(move.before)} -> {comma(move.after)}")
            state = runner.record(change, state)
            runner.entries += [runner.entry(runner.graph[id], "stamp", now(), finished=now(), error=note) for id in move.after]
            runner.tell_callbacks(ups, downs, state, is_upgrade=move.is_upgrade, is_stamp=True)
            runner.write_entries()
    return runner.outcome(current, state)


def mark(runner: Runner, entry: Entry, *, is_done: bool, current: Sequence[str]) -> None:
    """Have the journal and the version table say that all of a half-applied revision was done, or undone."""
    change = None
    if is_done:
        after = rows.after_upgrade if entry.direction == "upgrade" else rows.after_downgrade
        change = after(runner.graph, entry.revision, set(current))
    runner.database.has_changed = True
    with runner.context.per_revision():
        if change is not None:
            runner.record(change, set(current))
        runner.journal.drop_parts(entry.id)
        runner.journal.change(entry.id, outcome="done" if is_done else "undone", finished=now())


def accept_edit(runner: Runner, id: str) -> None:
    """Have the journal say that the file of an applied revision is what ran. Raises Refused where there is none."""
    if id not in runner.graph:
        raise Refused(
            f"There is no file of revision {id} to accept.",
            hint=f"'{runner.project.command} show {id} --restore' writes it again as it ran.",
        )
    runner.database.has_changed = True
    with runner.context.per_revision():
        runner.journal.prepare()
        runner.journal.add([runner.entry(runner.graph[id], "accept", now(), finished=now())])
