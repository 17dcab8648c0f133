"""Record what revisions would do: they are called with an ``op`` that only notes, and may reach no database."""

from __future__ import annotations

import io
import linecache
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout
from functools import lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from alembic.util import CommandError
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.schema import CreateTable, DropTable

from .._alembic import RunContext
from .._alembic_paper import NotingOperations, answers_inspect, inspectors_from_engine, is_alembics, on_paper
from ..dialects import dialect_of
from ..events import Direction
from ..project import display_path
from ..revisions.dropped import drops
from ..revisions.revision import Revision
from .answer import Answer, Transaction
from .looking import LOOKS, Changes, Looking, threads
from .outside import nothing_outside
from .reading import read
from .source import is_tried, last_line
from .sql import operations_in, statements_in
from .step import Opaque, Planned, Step, as_operation
from .values import filled, missing, text_of
from .words import redefined


def record(
    context: RunContext,
    path: Iterable[tuple[Revision, Callable[[], Any]]],
    direction: Direction,
    connection: sa.Connection | None = None,
) -> list[Planned]:
    """What each of these revisions would do on this database, in their order; nothing is executed anywhere.

    connection: to the database, where it is as the first of them would find it: it tells them which tables there are.
    """
    steps: list[Step] = []
    changes = Changes(steps)
    inspector = None if connection is None else partial(Looking, connection, changes)
    found = []
    for revision, call in path:
        notes = Notes(context, revision, steps, inspector)
        found.append(notes.take(call, direction))
    return found


class Notes:
    """What is noted of one revision."""

    def __init__(
        self, context: RunContext, revision: Revision, steps: list[Step], inspector: Callable[[], Looking] | None = None
    ) -> None:
        self.script = io.StringIO()
        self.revision = revision
        self.steps = steps
        self.before = len(steps)
        self.inspector = inspector
        self.is_outside = False
        self.context = on_paper(context, self.script, self.go_outside)
        self.dialect = dialect_of(context.dialect.name)
        self.bind = Bind(self)
        self.context.connection = self.bind  # type: ignore[assignment]

    def go_outside(self, is_outside: bool) -> None:
        """Statements run outside of transactions from now on, or no more."""
        self.is_outside = is_outside

    def take(self, call: Callable[[], Any], direction: Direction) -> Planned:
        """Call the function of the revision."""
        operations = NotingOperations(self.context, self.note, self.bind, PaperContext(self))
        driver = self.context.dialect.dbapi or SimpleNamespace(connect=None)
        try:
            with (
                operations.installed(),
                inspectors_from_engine(),
                no_database(),
                nothing_outside(driver),
                redirect_stdout(io.StringIO()),
                redirect_stderr(io.StringIO()),
            ):
                call()
        except (Exception, SystemExit, Opaque) as error:
            why = str(error) if isinstance(error, Opaque) else f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": ")
            place, line = self.place_of(frames := frames_of(error))
            # Whatever the answer would have been: what the text says may be dropped is judged.
            may_drop = tuple(map(as_operation, drops(self.revision, direction, self.came_to(frames))))
            self.steps.append(Step(may_drop, (), place, line, why=f"{why}; what comes after it is not known either"))
        return Planned(self.revision, direction, tuple(self.steps[self.before :]))

    def note(self, op: Any, execute: Callable[[], Any], is_batch: bool) -> Any:
        """One operation."""
        place, line = self.place_of(frames_here())
        if isinstance(op, ops.ExecuteSQLOp):
            self.statement(sa.text(op.sqltext) if isinstance(op.sqltext, str) else op.sqltext, place, line)
            return None
        if isinstance(op, ops.BulkInsertOp):
            sql = tuple(text_of(sa.insert(op.table).values(row), self.context.dialect) for row in op.rows)
            self.steps.append(Step((op,), sql, place, line, None, is_batch, self.is_outside))
            return None
        before, result, why, fails = self.script.tell(), None, None, None
        rebuilds = is_batch and self.dialect.rebuilds_tables
        try:
            result = None if rebuilds and not isinstance(op, ops.AddColumnOp) else execute()
        except (NotImplementedError, sa.exc.CompileError, CommandError) as error:
            is_sure = self.dialect.rebuilds_tables or isinstance(error, CommandError)
            why, fails = (None, None) if rebuilds else (None, str(error)) if is_sure else (str(error), None)
            if fails is not None and self.is_tried(fails):
                raise  # the revision has another way then
        written = self.written_since(before)
        if not is_alembics(op) and why is fails is None:  # what its implementation has called was noted already
            for text in written:
                self.statement(text, place, line)
            return result
        judged = redefined(op, written, self.context.dialect.name)
        self.steps.append(Step((judged,), written, place, line, why, is_batch, self.is_outside, fails, self.is_tried(fails)))
        return result

    def written_since(self, before: int) -> tuple[str, ...]:
        """The statements that stand in the script from there on; they are taken out."""
        self.script.seek(before)
        text = self.script.read()
        self.script.seek(before)
        self.script.truncate()
        return tuple(each for each in statements_in(text) if each.upper() not in ("BEGIN", "COMMIT"))

    def statement(self, statement: Any, place: str | None, line: str, names: Collection[str] | None = None) -> None:
        """SQL of the revision's own. names: of its parameters, where there are several sets of values for them."""
        lacks = missing(statement, self.context.dialect) if names is None else None
        text = statement.text if lacks is not None else text_of(statement, self.context.dialect, names)
        for each in statements_in(text):
            found, why = operations_in(each, statement, self.context.dialect.name)
            self.steps.append(Step(found, (each,), place, line, why, False, self.is_outside, lacks, self.is_tried(lacks)))

    def built(self, element: Any, tables: Sequence[sa.Table] | None, is_dropped: bool, is_checked: bool) -> None:
        """A type, a table or all tables of a MetaData are created or dropped on the connection. Raises Opaque for others."""
        place, line = self.place_of(frames_here())
        if isinstance(element, sa.types.TypeEngine):
            text = f"{'DROP' if is_dropped else 'CREATE'} TYPE {getattr(element, 'name', '')}"
            self.steps.append(Step((), (text,), place, line, outside=self.is_outside))
            return
        if not isinstance(element, (sa.Table, sa.MetaData)):
            raise Opaque(LOOKS)
        for table in [element] if isinstance(element, sa.Table) else tables or element.sorted_tables:
            if (
                is_checked
                and self.inspector is not None
                and self.inspector().has_table(table.name, table.schema) is not is_dropped
            ):
                continue
            op = (ops.DropTableOp if is_dropped else ops.CreateTableOp).from_table(table)
            text = text_of(DropTable(table) if is_dropped else CreateTable(table), self.context.dialect)
            self.steps.append(Step((op,), statements_in(text), place, line, outside=self.is_outside))

    def is_tried(self, fails: str | None) -> bool:
        """Whether the revision goes on where the statement at hand fails; not asked where nobody says that it would."""
        may_fail = fails is not None or self.dialect.rebuilds_tables
        return may_fail and is_tried(((real(name), number) for name, number in frames_here()), real(self.revision.path))

    def came_to(self, frames: Iterable[tuple[str, int]]) -> int:
        """The line of the revision's own function in which that is."""
        return next((number for name, number in [*frames][::-1] if real(name) == real(self.revision.path)), 0)

    def place_of(self, frames: Iterable[tuple[str, int]]) -> tuple[str, str]:
        """Where in the revision's file that is."""
        return place_in(self.revision, frames)


def place_in(revision: Revision, frames: Iterable[tuple[str, int]]) -> tuple[str, str]:
    """``file:line`` of the innermost of these frames that is in the revision's file, and the text there."""
    wanted = real(revision.path)
    for name, number in frames:
        if real(name) == wanted:
            linecache.checkcache(name)
            line, remark = linecache.getline(name, number).strip(), ""
            if "# whimbrel:" not in line and any("# whimbrel:" in each for each in linecache.getlines(name)):
                last = linecache.getline(name, last_line(name, number))
                remark = last[last.index("# whimbrel:") :].strip() if "# whimbrel:" in last else ""
            return f"{display_path(Path(wanted))}:{number}", f"{line}  {remark}" if remark else line
    return display_path(revision.path), ""


@lru_cache(maxsize=512)
def real(path: Path | str) -> str:
    """The path of a file without links, which do not change while revisions are looked at."""
    return os.path.realpath(path)


class Bind:
    """What ``op.get_bind()`` gives while a revision is only looked at: statements are noted, answers there are none."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.dialect = notes.context.dialect

    @property
    def engine(self) -> Bind:
        """Where the name of the dialect is looked for, too."""
        return self

    @property
    def name(self) -> str:
        """The name of the dialect."""
        return self.dialect.name

    def execute(self, statement: Any, parameters: Any = None, **kw: Any) -> Any:
        """Note a statement. Raises ObjectNotExecutableError for a plain text, as SQLAlchemy does."""
        if isinstance(statement, str):
            raise sa.exc.ObjectNotExecutableError(statement)
        return self.exec_driver_sql(statement, parameters)

    def exec_driver_sql(self, statement: Any, parameters: Any = None, **kw: Any) -> Any:
        """Note a statement of whichever kind; what some of them read is known."""
        place, line = self._notes.place_of(frames_here())
        whole, names = filled(statement, parameters)
        text = text_of(whole, self.dialect, names)
        if self._notes.dialect.kind_of(text) != "read":
            self._notes.statement(whole, place, line, names)
        elif self._notes.inspector is not None and (known := read(text, whole, self.inspector())) is not None:
            return known
        return Answer(statement, parameters, self.dialect)

    def scalar(self, statement: Any, *rest: Any, **kw: Any) -> Any:
        """A value is asked for."""
        return self.execute(statement, *rest).scalar()

    def scalars(self, statement: Any, *rest: Any, **kw: Any) -> Any:
        """Values are asked for."""
        return self.execute(statement, *rest).scalars()

    def begin(self) -> Any:
        """A transaction inside of ours."""
        return nullcontext(self)

    begin_nested = begin

    def connect(self) -> Bind:
        """What a session of the ORM works with."""
        return self

    def __enter__(self) -> Bind:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to close."""

    def close(self) -> None:
        """Nothing to close."""

    def in_transaction(self) -> bool:
        """It always is."""
        return True

    def in_nested_transaction(self) -> bool:
        """No session shall ask for a savepoint."""
        return False

    def get_transaction(self) -> Any:
        """The one in which it is: it is not for others to end."""
        return Transaction()

    def commit(self) -> None:
        """What was done before stays, whatever comes."""
        place, line = self._notes.place_of(frames_here())
        self._notes.steps.append(Step((), ("COMMIT",), place, line))

    def _run_ddl_visitor(self, visitor: Any, element: Any, checkfirst: Any = False, tables: Any = None, **kw: Any) -> None:
        """What create(), drop(), create_all() and drop_all() of tables and types call."""
        self._notes.built(element, tables, "Drop" in visitor.__name__, bool(checkfirst))

    def inspector(self) -> Looking:
        """What sa.inspect() gives. Raises Opaque where there is no database to ask."""
        if self._notes.inspector is None:
            raise Opaque(LOOKS)
        return self._notes.inspector()

    def run_async(self, function: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """What ``op.run_async()`` does. Raises Opaque where the coroutine waits for something else than the database."""
        coroutine = function(Awaited(self), *given, **more)
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
        raise Opaque("it waits for something else")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise Opaque(LOOKS)
        raise Opaque(f"it uses '{name}' of the connection")


class Awaited:
    """The same for a coroutine: nothing takes time."""

    def __init__(self, bind: Bind) -> None:
        self._bind = bind
        self.dialect = bind.dialect

    async def run_sync(self, function: Callable[..., Any], *given: Any, **more: Any) -> Any:
        """Call a function with the other one."""
        return function(self._bind, *given, **more)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*given: Any, **more: Any) -> Any:
            return getattr(self._bind, name)(*given, **more)

        return call


answers_inspect(Bind, Bind.inspector)


class PaperContext:
    """What ``op.get_context()`` gives then: what is known without a database."""

    as_sql = False

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self.bind = self.connection = notes.bind
        self.dialect, self.opts, self.config = notes.context.dialect, notes.context.opts, notes.context.config
        self.autocommit_block = notes.context.autocommit_block
        self.version_table, self.version_table_schema = notes.context.version_table, notes.context.version_table_schema
        self.environment_context = notes.context.environment_context

    def execute(self, statement: Any, *rest: Any, **kw: Any) -> None:
        """Note a statement."""
        self._notes.bind.execute(sa.text(statement) if isinstance(statement, str) else statement)

    def __getattr__(self, name: str) -> Any:
        raise Opaque(f"it uses '{name}' of the context")


def frames_here() -> Iterator[tuple[str, int]]:
    """File and line of every frame, the innermost first."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        yield frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back


def frames_of(error: BaseException) -> Sequence[tuple[str, int]]:
    """The same of an exception."""
    found, traceback = [], error.__traceback__
    while traceback is not None:
        found.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return found[::-1]


@contextmanager
def no_database() -> Iterator[None]:
    """Let nothing of this thread reach a database."""
    thread = threading.get_ident()

    def refuse(*given: Any, **more: Any) -> None:
        if threading.get_ident() == thread and thread not in threads:
            raise Opaque("it uses a connection of its own")

    def keep(found: Any) -> None:
        if isinstance(found.original_exception, Opaque):
            found.is_disconnect = False  # the connection is as good as before

    event.listen(Engine, "before_cursor_execute", refuse)
    event.listen(Engine, "do_connect", refuse)
    event.listen(Engine, "handle_error", keep)
    try:
        yield
    finally:
        event.remove(Engine, "handle_error", keep)
        event.remove(Engine, "do_connect", refuse)
        event.remove(Engine, "before_cursor_execute", refuse)
