"""``resume``: finish or undo what stopped half-way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import click

from ..errors import UsageError
from ..events import Direction, Listener, Noticed, ignore
from ..lines import Line, line
from ..project import Project
from ..revisions.index import history
from ._cli import Call, subcommand
from ._migrate import Migrated
from ._plan import NO_CONSENT, Consent, accept_option, consent_to, guard_of
from ._settings import run_options

if TYPE_CHECKING:
    from ..execution.journal import Entry
    from ..execution.outcome import DatabaseOutcome
    from ..execution.runner import Runner

Way = Literal["on", "back", "mark-done", "mark-undone"]


@dataclass(frozen=True)
class Resumed(Migrated):
    """What ran on each database, and which revisions were undone or marked."""

    settled: tuple[tuple[str, str], ...] = ()

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line for each revision that was not run to its end."""
        for revision, what in self.settled:
            yield line((revision, "revision"), f": {what}")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {**super().as_data(), "settled": dict(self.settled)}


def resume(
    project: Project,
    way: Way = "on",
    *,
    yes: bool = False,
    any_values: bool = False,
    consent: Consent = NO_CONSENT,
    on_event: Listener = ignore,
) -> Resumed:
    """Settle every revision that stopped half-way.

    way: go "on" after the last statement that ran; "back" undoes what ran; the marks answer for the statement that is in
    doubt, or, where none is, say that everything of the revision has been done or undone by hand.
    yes: rows that would go with what is undone may go. any_values: what ran counts, also where the revision would do it with
    other values now. consent: to what loses data, besides what the run before it had. Raises HalfApplied where it cannot be
    settled like that.
    """
    from ..execution.env import Database, Task, run_environment
    from ..execution.runner import Runner

    done: list[DatabaseOutcome] = []
    settled: list[tuple[str, str]] = []

    def work(database: Database) -> None:
        runner = Runner(project, history(project), database, on_event)
        if runner.journal.half_applied():
            runner.alone(half_applied=True)
        for entry in runner.journal.half_applied():
            outcome = settle(runner, entry, way, yes=yes, any_values=any_values, consent=consent)
            if isinstance(outcome, str):
                settled.append((entry.revision, outcome))
            else:
                done.append(outcome)

    run_environment(project, Task(work, options={"sql": False}))
    if not done and not settled:
        on_event(Noticed("Nothing has stopped half-way."))
    return Resumed(tuple(done), settled=tuple(settled))


def settle(runner: Runner, entry: Entry, way: Way, *, yes: bool, any_values: bool, consent: Consent) -> DatabaseOutcome | str:
    """Settle one revision; what was done to it, in words, or what ran."""
    from ..execution.half_applied import decided
    from ..execution.mark import mark
    from ..execution.patience import Patience
    from ..execution.step import Earlier
    from ..execution.undo import undo

    current = runner.current(entry.revision)
    answer = {"mark-done": True, "mark-undone": False}.get(way)
    parts, is_answered = decided(runner.journal, runner.dialect, entry, runner.project, ran=answer)
    if answer is not None and not is_answered:
        mark(runner, entry, is_done=answer, current=current)
        return "marked as done" if answer else "marked as undone"
    patience = Patience(runner.database, runner.project.settings, runner.on_event)
    runner.recorder.execute = patience.execute
    if way == "back":
        with patience.kept():
            patience.run(lambda: undo(runner, entry, parts, yes=yes), is_repeatable=False)
        mark(runner, entry, is_done=False, current=current)
        return "undone"
    direction: Direction = "upgrade" if entry.direction == "upgrade" else "downgrade"
    agreed = {each.text for part in parts for each in part.statements if each.kind == "consent"}
    runner.guard = guard_of(runner, "resume", Consent(consent.accepted | agreed), runner.on_event)
    earlier = Earlier(entry.id, parts, any_values)
    with patience.kept():
        return patience.run(lambda: runner.resume(entry.revision, direction, earlier, current), is_repeatable=False)


@subcommand(verbose="Say when a revision begins, too.")
@click.option("--back", is_flag=True, help="Undo what ran, the last operation first.")
@click.option("--yes", is_flag=True, help="With --back: rows that go with what is undone may go.")
@click.option("--any-values", is_flag=True, help="What ran counts, also where it would run with other values now.")
@accept_option
@run_options
@click.option("--mark-done", is_flag=True, help="The statement in doubt has run; or all of the revision was done by hand.")
@click.option("--mark-undone", is_flag=True, help="The statement in doubt has not run; or all was undone by hand.")
def command(
    call: Call, back: bool, yes: bool, any_values: bool, accept: tuple[str, ...], mark_done: bool, mark_undone: bool
) -> Resumed:
    """Finish what stopped half-way.

    MySQL and MariaDB cannot roll back DDL, and some statements of PostgreSQL refuse a transaction. When such a revision
    fails or its process is killed, what ran is on record. This goes on after it, or undoes it with --back.
    """
    asked: list[Way] = ["back"] * back + ["mark-done"] * mark_done + ["mark-undone"] * mark_undone  # type: ignore[assignment]
    if len(asked) > 1:
        raise UsageError("--back, --mark-done and --mark-undone exclude each other.")
    way = asked[0] if asked else "on"
    return resume(call.project, way, yes=yes, any_values=any_values, consent=consent_to(accept), on_event=call.tell)
