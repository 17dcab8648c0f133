"""Run revisions on one database, one after the other, and record each in the version table with it."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from .._alembic import callbacks, options_of, step_info
from ..dialects import dialect_of
from ..dialects._base import sqlstate
from ..errors import NotCommitted, Refused
from ..events import Direction, Listener, Noticed, RevisionFinished, RevisionStarted
from ..project import Project
from ..revisions import rows
from ..revisions.graph import Graph
from ..revisions.read import source_of
from ..revisions.revision import Revision
from ..revisions.rows import Rows
from .alterations import careful_alterations
from .env import Database
from .failure import raise_failed
from .half_applied import refuse_half_applied
from .journals import journal_of
from .kept import kept_revisions, refuse_edited, without_file
from .lock import take_lock
from .outcome import Applied, DatabaseOutcome
from .parts import Recorder
from .patience import Patience
from .progress import Progress
from .run import Run, now
from .sqlite_rebuild.rebuild import ForeignKeysAreOn
from .sqlite_rebuild.script import Script
from .step import Attempt, Earlier, Step
from .table import VersionTable, comma

if TYPE_CHECKING:
    from ..hazards.guard import Guard

SHARED = 25
SHARED_SECONDS = 0.25
"""How many revisions share a transaction on a new database, and for how long at the most.

Few enough for PostgreSQL's lock table (max_locks_per_transaction), short enough to see progress.
"""
STOPS = (Exception, SystemExit, KeyboardInterrupt)  # what ends a revision
UNSAFE_NEW_VALUE = "55P04"  # PostgreSQL manual, appendix A: unsafe_new_enum_value_usage


class Runner:
    """Runs a path on one database."""

    def __init__(self, project: Project, graph: Graph, database: Database, on_event: Listener) -> None:
        self.project = project
        self.graph = graph
        self.database = database
        self.context = database.context
        self.dialect = dialect_of(self.context.dialect.name)
        self.table = VersionTable(self.context)
        self.journal = journal_of(self.context)
        self.progress = Progress(database, on_event)
        self.on_event: Listener = self.progress.hear
        self.applied: list[Applied] = []
        self.builds_anew = False
        """Whether revisions of this run build tables anew without saying so in their source."""
        self.entries: list[dict[str, Any]] = []
        """What is going to be written to the journal with the next commit."""
        self.script: Script | None = None
        self.guard: Guard | None = None
        """Looks at what loses rows before it is executed."""
        self.recorder = Recorder(self.journal, self.dialect, self.write_entries)

    def start(self) -> tuple[str, ...]:
        """The applied heads, unless somebody is about to change them: then once that is done.

        Raises HalfApplied where a revision stopped half-way.
        """
        self.context.impl.start_migrations()
        try:
            current = self.current()
            is_quiet = self.context.as_sql or not self.journal.half_applied()
        except DBAPIError as error:
            if not self.dialect.is_busy(error):
                raise
            is_quiet = False
        return current if is_quiet else self.alone()

    def alone(self, *, half_applied: bool = False) -> tuple[str, ...]:
        """The applied heads once no other process runs revisions here; it stays away until env.py has ended.

        half_applied: for a command that settles what stopped half-way. Raises HalfApplied for any other one.
        """
        if self.database.connection is None:
            return self.table.read()
        take_lock(self.project, self.database, self.on_event)
        self.journal = self.recorder.journal = journal_of(self.context)
        if not half_applied:
            refuse_half_applied(self.journal.half_applied(), self.project)
        return self.current(latest=True)

    def current(self, *more: str, latest: bool = False) -> tuple[str, ...]:
        """The applied heads; those whose files are gone join the history, as far as the journal has kept their source.

        more: other revisions that shall. latest: also where the transaction still sees what was there when it began.
        """
        current = self.table.read_latest() if latest else self.table.read()
        gone = [id for id in (*current, *more) if id not in self.graph]
        if gone and not self.context.as_sql:
            kept = kept_revisions(self.graph, self.journal, gone)
            self.graph = self.graph.with_kept(kept)
            for text in without_file(kept, self.journal, self.project.command):
                self.on_event(Noticed(text))
        return current

    @cached_property
    def command(self) -> Run:
        """This run, as the journal has it."""
        return Run(uuid.uuid4().hex, self.project.layout.script)

    def make_table(self, *, purge: bool = False, journal: bool = True) -> None:
        """Create the version table and the journal where they are missing; purge: and empty the version table."""
        if not self.context.as_sql:
            self.database.has_changed = True
            with self.context.per_revision():
                self.context.ensure_table(purge=purge)
                if journal:
                    self.journal.prepare(parts=not self.dialect.ddl_rolls_back)

    def run(self, path: Sequence[str], direction: Direction, current: Sequence[str]) -> DatabaseOutcome:
        """Run these revisions. Raises RevisionFailed where one fails; those before it stay, as far as env.py commits each."""
        if direction == "upgrade" and not self.context.as_sql:
            refuse_edited(self.graph, self.journal, current)
        steps = self.steps(path, direction, current)
        self.refuse_long_ids(path)
        may_share = self.may_share_transactions(current)
        state = set(current)
        if steps:
            self.make_table()
        if self.context.as_sql and self.dialect.rebuilds_tables:
            self.script = self.new_script()
            self.context.environment_context.flush_batch = self.script.flush
        patience = Patience(self.database, self.project.settings, self.on_event)
        self.recorder.execute = patience.execute
        with self.following(), patience.kept() if steps else nullcontext():
            while steps:
                group = self.first_of(steps, SHARED if may_share else 1)
                ended = patience.run(partial(self.together, group, state))
                state = ended[-1]
                del steps[: len(ended)]
        return self.outcome(current, state)

    def new_script(self) -> Script:
        """What writes down how tables are built anew, where there is no database to look at."""
        from .replay import replay

        heads = self.context.get_current_heads()
        script = Script(self.context, partial(replay, self.project, self.graph, self.database, heads))
        self.database.resources.callback(script.close)
        return script

    def first_of(self, steps: Sequence[Step], most: int) -> Sequence[Step]:
        """The steps that go together; one that may build tables anew goes alone, because foreign keys are off for it."""
        alone = next((n for n, step in enumerate(steps[:most]) if self.may_rebuild(step)), most)
        return steps[: max(alone, 1)]

    def may_rebuild(self, step: Step) -> bool:
        """Whether a revision may build tables anew."""
        return self.dialect.may_rebuild(source_of(step.revision.path) or "batch_alter_table")

    def resume(self, revision: str, direction: Direction, earlier: Earlier, current: Sequence[str]) -> DatabaseOutcome:
        """Run the rest of a revision that stopped half-way."""
        steps = self.steps([revision], direction, current)
        with self.following():
            state = self.together(steps, set(current), earlier)[-1]
        return self.outcome(current, state)

    @contextmanager
    def following(self) -> Iterator[None]:
        """Follow the statements of the revisions, where they may be committed in parts."""
        connection = self.database.connection
        recording = nullcontext() if connection is None else self.recorder.listening()
        if self.guard is not None:
            self.watch(self.guard)
        with (
            recording,
            self.progress.watching(),
            careful_alterations(
                self.context, connection, self.dialect, None if self.guard is None else self.guard.agrees_to_type
            ),
        ):
            yield

    def watch(self, guard: Guard) -> None:
        """Have each statement and each batch looked at."""
        self.recorder.before_statement, self.recorder.on_passed = guard.statement, guard.passed
        self.recorder.accepted, self.recorder.on_undone = guard.accepted, guard.undone
        environment = self.context.environment_context
        flush = environment.flush_batch

        def watched(batch: Any, alembic: Callable[[], None]) -> None:
            # Alembic copies the table, drops the old one and renames the new one, on any database, where it is told to.
            copies = self.dialect.rebuilds_tables or batch.recreate == "always"
            with guard.batch(batch, batch.impl.connection) if copies else nullcontext():
                flush(batch, alembic) if flush is not None else alembic()

        environment.flush_batch = watched

    def may_share_transactions(self, current: Sequence[str]) -> bool:
        """Whether some revisions may be committed together, for speed: on a database that was empty at the start.

        Not where env.py asks for a transaction for each.
        """
        if current or not self.context.commits_each or self.database.connection is None:
            return False
        if options_of(self.context).get("transaction_per_migration"):
            return False
        tables = [name for name in self.dialect.tables(self.database.connection) if not self.journal.names.include(name)]
        return self.dialect.ddl_rolls_back and not set(tables) - {self.table.table.name}

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

    def together(self, steps: Sequence[Step], state: set[str], earlier: Earlier | None = None) -> list[set[str]]:
        """Run revisions in one transaction until it has lasted long enough; what the version table has after each.

        earlier: what an earlier run of the only revision has done.
        """
        attempt = Attempt(steps[0])
        try:
            self.once(steps, state, attempt, earlier)
        except STOPS as error:
            if not (self.may_use_new_values(error) or self.may_switch_keys_off(error)):
                raise_failed(self, error, attempt)
            attempt = Attempt(steps[0])
            try:
                self.once(steps, state, attempt, earlier)
            except STOPS as error:
                raise_failed(self, error, attempt)
        for done, took in zip(steps, attempt.seconds, strict=False):
            self.applied.append(Applied(done.revision.id, done.revision.message, done.direction, took))
            self.on_event(RevisionFinished(self.database.name, done.revision.id, done.revision.message, done.direction, took))
        return attempt.states

    def once(self, steps: Sequence[Step], state: set[str], attempt: Attempt, earlier: Earlier | None) -> None:
        """Try to run them, and commit. Raises what a revision raises."""
        began = time.perf_counter()
        self.entries.clear()
        with self.keys_off(steps) as check, self.context.per_revision():
            for attempt.step in steps:
                attempt.began, started = now(), time.perf_counter()
                revision = attempt.step.revision
                self.on_event(RevisionStarted(self.database.name, revision.id, revision.message, attempt.step.direction))
                attempt.states.append(self.step(attempt, attempt.states[-1] if attempt.states else state, earlier))
                attempt.seconds.append(time.perf_counter() - started)
                if time.perf_counter() - began > SHARED_SECONDS:
                    break
            self.write_entries()
            check()

    def keys_off(self, steps: Sequence[Step]) -> AbstractContextManager[Callable[[], None]]:
        """Around a transaction: foreign keys are off in it where a table may be built anew."""
        connection = self.database.connection
        if connection is not None and self.context.commits_each and (self.builds_anew or self.may_rebuild(steps[0])):
            return self.dialect.without_foreign_keys(connection)
        return nullcontext(lambda: None)

    def may_switch_keys_off(self, error: BaseException) -> bool:
        """Whether to try again without foreign keys: a table is built anew where its source did not tell."""
        if isinstance(error, ForeignKeysAreOn) and self.context.commits_each and not self.builds_anew:
            self.builds_anew = True
            return True
        return False

    def may_use_new_values(self, error: BaseException) -> bool:
        """Whether to try again with values added to enum types in commits of their own: the revision uses one.

        PostgreSQL does not let a transaction use what it has added (manual, ALTER TYPE, "Notes").
        """
        if sqlstate(error) != UNSAFE_NEW_VALUE or self.recorder.entry is not None:
            return False
        self.recorder.is_outside = self.dialect.adds_enum_value
        return self.context.commits_each

    def step(self, attempt: Attempt, state: set[str], earlier: Earlier | None) -> set[str]:
        """Run one revision and record it; returns what the version table has then."""
        step = attempt.step
        self.create_table_in_script(state)
        if self.context.as_sql:
            self.context.impl.static_output(f"-- Running {step.direction} {self.arrow(step)}")
        self.database.has_changed = True
        if not self.context.as_sql:
            entry, done = (earlier.entry, earlier.done) if earlier else (None, ())
            row = partial(self.entry, step.revision, step.direction, attempt.began, "started")
            self.recorder.begin(row, entry, done, any_values=bool(earlier and earlier.any_values))
        if self.guard is not None:
            self.guard.begin(step.revision)
        started = time.perf_counter()
        step.call()
        self.note(attempt, time.perf_counter() - started)
        state = self.record(step.change, state)
        if self.script is not None:
            self.script.end()
        id = step.revision.id
        self.tell_callbacks(id, self.graph.needs(id), state, is_upgrade=step.direction == "upgrade", is_stamp=False)
        return state

    # -- the journal

    def note(self, attempt: Attempt, seconds: float) -> None:
        """Have the journal say that a revision is done."""
        if self.context.as_sql:
            return
        entry = self.recorder.finish()
        if entry is None:
            step = attempt.step
            self.entries.append(self.entry(step.revision, step.direction, attempt.began, finished=now(), seconds=seconds))
        else:
            row = self.entry(attempt.step.revision, attempt.step.direction, attempt.began, finished=now(), seconds=seconds)
            self.journal.change(
                entry, **{name: row[name] for name in ("outcome", "finished", "seconds", "error", "checksum", "source")}
            )

    def entry(self, revision: Revision, direction: str, started: str, outcome: str = "done", **more: Any) -> dict[str, Any]:
        """A row for the journal."""
        row: dict[str, Any] = {"revision": revision.id, "direction": direction, "outcome": outcome, "started": started}
        row |= {"message": revision.message, "file": self.file_of(revision), "checksum": revision.checksum or None}
        row |= {"source": source_of(revision.path), "finished": None, "seconds": None, "error": None}
        return {**self.command.facts, **row, **more}

    def file_of(self, revision: Revision) -> str:
        """Where a file is, from the migrations folder."""
        return os.path.relpath(revision.path, self.project.layout.script)

    def write_entries(self) -> None:
        """Write what was noted, in the transaction that is open."""
        if not self.context.as_sql:
            entries, self.entries = self.entries, []
            self.journal.add(entries)

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
