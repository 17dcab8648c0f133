"""Run revisions on one database, one after the other, and record each in the version table with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.exc import DBAPIError

from .._alembic import callbacks, options_of, step_info
from ..dialects import dialect_of
from ..errors import NotCommitted, Refused, RevisionFailed, WhimbrelError
from ..events import Direction, Listener, RevisionFinished, RevisionStarted
from ..project import Project
from ..revisions import rows
from ..revisions.graph import Graph
from ..revisions.paths import Move
from ..revisions.revision import Revision
from ..revisions.rows import Rows
from . import trouble
from .env import Database
from .lock import take_lock
from .outcome import Applied, DatabaseOutcome
from .patience import Patience
from .table import VersionTable

SHARED = 25
SHARED_SECONDS = 0.25
"""How many revisions share a transaction on a new database, and for how long at the most.

Few enough for PostgreSQL's lock table (max_locks_per_transaction), short enough to see progress.
"""


@dataclass(frozen=True)
class Step:
    """A revision that is ready to run, and what the version table says afterwards."""

    revision: Revision
    direction: Direction
    call: Callable[[], Any]
    change: Rows


class Runner:
    """Runs a path on one database."""

    def __init__(self, project: Project, graph: Graph, database: Database, on_event: Listener) -> None:
        self.project = project
        self.graph = graph
        self.database = database
        self.context = database.context
        self.table = VersionTable(self.context)
        self.on_event = on_event
        self.applied: list[Applied] = []
        self.commits_before = 0

    def start(self) -> tuple[str, ...]:
        """The applied heads, unless somebody is about to change them: then once that is done."""
        self.context.impl.start_migrations()
        try:
            return self.table.read()
        except DBAPIError as error:
            if not dialect_of(self.context.dialect.name).is_busy(error):
                raise
        return self.alone()

    def alone(self) -> tuple[str, ...]:
        """The applied heads once no other process runs revisions here; it stays away until env.py has ended."""
        if self.database.connection is None:
            return self.table.read()
        take_lock(self.project, self.database, self.on_event)
        return self.table.read_latest()

    def make_table(self, *, purge: bool = False) -> None:
        """Create the version table where it is missing; purge: and empty it."""
        if not self.context.as_sql:
            self.database.has_changed = True
            with self.context.per_revision():
                self.context.ensure_table(purge=purge)

    def run(self, path: Sequence[str], direction: Direction, current: Sequence[str]) -> DatabaseOutcome:
        """Run these revisions. Raises RevisionFailed where one fails; those before it stay, as far as env.py commits each."""
        steps = self.steps(path, direction, current)
        self.refuse_long_ids(path)
        may_share = self.may_share_transactions(current)
        if not current:
            self.make_table()
        self.commits_before = self.commits()
        state = set(current)
        patience = Patience(self.database, self.project.settings, self.on_event)
        with patience.kept() if steps else nullcontext():
            while steps:
                group = steps[: SHARED if may_share else 1]
                ended = patience.run(partial(self.together, group, state), self.commits)
                state = ended[-1]
                del steps[: len(ended)]
        return self.outcome(current, state)

    def may_share_transactions(self, current: Sequence[str]) -> bool:
        """Whether some revisions may be committed together, for speed: on a database that was empty at the start.

        Not where env.py asks for a transaction for each.
        """
        if current or not self.context.commits_each or self.database.connection is None:
            return False
        if options_of(self.context).get("transaction_per_migration"):
            return False
        dialect = dialect_of(self.context.dialect.name)
        tables = set(dialect.tables(self.database.connection)) - {self.table.table.name}
        return dialect.ddl_rolls_back and not tables

    def stamp(self, moves: Sequence[Move], current: Sequence[str], *, purge: bool = False) -> DatabaseOutcome:
        """Change the version table without running anything; purge: after it was emptied."""
        for move in moves:
            self.refuse_long_ids(move.after)
        if not current:
            self.make_table(purge=purge)
        state = set(current)
        for move in moves:
            change = rows.after_move(move, state)
            ups, downs = (move.after, move.before) if move.is_upgrade else (move.before, move.after)
            with self.context.per_revision():
                self.create_table_in_script(state)
                if self.context.as_sql:
                    self.context.impl.static_output(f"-- Running stamp_revision {comma(move.before)} -> {comma(move.after)}")
                state = self.record(change, state)
                self.tell_callbacks(ups, downs, state, is_upgrade=move.is_upgrade, is_stamp=True)
        return self.outcome(current, state)

    def outcome(self, before: Sequence[str], after: set[str]) -> DatabaseOutcome:
        """What has been done so far."""
        return DatabaseOutcome(self.database.name, self.database.url, tuple(before), tuple(sorted(after)), tuple(self.applied))

    # -- before anything runs

    def steps(self, path: Sequence[str], direction: Direction, current: Sequence[str]) -> list[Step]:
        """Everything loaded and looked at before the first revision runs."""
        after = rows.after_upgrade if direction == "upgrade" else rows.after_downgrade
        state, steps = set(current), []
        for id in path:
            revision, change = self.graph[id], after(self.graph, id, state)
            steps.append(Step(revision, direction, self.database.function(revision, direction), change))
            state = change.apply_to(state)
        return steps

    def refuse_long_ids(self, path: Sequence[str]) -> None:
        """Raise Refused where a revision id does not fit into the version table."""
        longest = max(path, key=len, default="")
        if len(longest) <= 32 or not dialect_of(self.context.dialect.name).checks_length:
            return
        fits = self.table.longest()
        if fits is not None and len(longest) > fits:
            raise Refused(
                f"The revision id {longest} has {len(longest)} characters, and the version table of this database takes {fits}.",
                hint=f"Shorten it in its file and in the files that name it, or widen {self.table.table.fullname}.version_num.",
            )

    # -- one revision

    def together(self, steps: Sequence[Step], state: set[str]) -> list[set[str]]:
        """Run revisions in one transaction until it has lasted long enough; what the version table has after each."""
        states: list[set[str]] = []
        seconds: list[float] = []
        began = time.perf_counter()
        step = steps[0]
        if not self.context.is_one_transaction:
            self.commits_before = self.commits()
        try:
            with self.context.per_revision():
                for step in steps:
                    started = time.perf_counter()
                    self.on_event(RevisionStarted(self.database.name, step.revision.id, step.revision.message, step.direction))
                    states.append(self.step(step, states[-1] if states else state))
                    seconds.append(time.perf_counter() - started)
                    if time.perf_counter() - began > SHARED_SECONDS:
                        break
        except WhimbrelError:
            raise
        except Exception as error:
            raise self.failed(error, step) from error
        for done, took in zip(steps, seconds, strict=False):
            self.applied.append(Applied(done.revision.id, done.revision.message, done.direction, took))
            self.on_event(RevisionFinished(self.database.name, done.revision.id, done.revision.message, done.direction, took))
        return states

    def step(self, step: Step, state: set[str]) -> set[str]:
        """Run one revision and record it; returns what the version table has then."""
        self.create_table_in_script(state)
        if self.context.as_sql:
            self.context.impl.static_output(f"-- Running {step.direction} {self.arrow(step)}")
        self.database.has_changed = True
        step.call()
        state = self.record(step.change, state)
        id = step.revision.id
        self.tell_callbacks(id, self.graph.needs(id), state, is_upgrade=step.direction == "upgrade", is_stamp=False)
        return state

    def record(self, change: Rows, state: set[str]) -> set[str]:
        """Change the version table, and read it back. Raises NotCommitted where it does not say what was written."""
        expected = change.apply_to(state)
        self.database.has_changed = True
        self.table.change(change)
        if not self.context.as_sql and (found := self.table.reread()) != expected:
            raise NotCommitted(
                f"The version table {self.table.table.fullname} says {comma(found)} where {comma(expected)} was written."
            )
        return expected

    def create_table_in_script(self, state: set[str]) -> None:
        """A script that starts from nothing creates the version table."""
        if self.context.as_sql and not state:
            self.table.table.create(self.context.connection)  # type: ignore[arg-type]

    def tell_callbacks(self, ups: Any, downs: Sequence[str], state: set[str], *, is_upgrade: bool, is_stamp: bool) -> None:
        """Call the ``on_version_apply`` functions of env.py."""
        if functions := callbacks(self.context):
            info = step_info(self.database.scripts, ups, downs, is_upgrade=is_upgrade, is_stamp=is_stamp)
            for function in functions:
                function(ctx=self.context, step=info, heads=set(state), run_args=self.database.arguments)

    def arrow(self, step: Step) -> str:
        """The step as Alembic writes it into scripts."""
        parents, own = comma(step.revision.parents), step.revision.id
        return f"{parents} -> {own}" if step.direction == "upgrade" else f"{own} -> {parents}"

    def failed(self, error: Exception, step: Step) -> RevisionFailed:
        """The error of a revision that raised an exception, with the state that it leaves."""
        again = f"'{self.project.command} {step.direction}'"
        return trouble.of_revision(
            error,
            step.revision,
            step.direction,
            after=self.left(step),
            hint=f"Mend the cause, then run {again} again.",
            scrub=self.database.watch.scrubbed,
        )

    def left(self, step: Step) -> str:
        """In words what a failed revision leaves behind."""
        where = f"in {self.database.name}" if self.database.name else "in the database"
        if self.context.as_sql:
            return "The script is incomplete."
        dialect = dialect_of(self.context.dialect.name)
        if not dialect.ddl_rolls_back:
            return f"{dialect.title(self.context.dialect)} cannot take back what ran before that statement: it stays {where}."
        if self.commits() > self.commits_before:
            return (
                f"A revision has committed by itself on the way: what ran before that stays {where}, and"
                f" '{self.project.command} current' says how far that is."
            )
        if self.context.is_one_transaction:
            return f"Nothing of this run is left {where}: env.py runs all revisions in one transaction."
        last = f"; {self.applied[-1].revision} is the last one that ran." if self.applied else "."
        return f"Nothing of this revision is left {where}{last}"

    def commits(self) -> int:
        """How many transactions of the connection were committed so far."""
        connection = self.database.connection
        return sum(self.database.watch.ended(connection)) if connection is not None else 0


def comma(names: Any) -> str:
    """Names in one line; nothing for none, as Alembic has it."""
    return ", ".join(sorted(names))
