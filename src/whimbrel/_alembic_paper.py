"""Alembic on paper: operations that are only noted, contexts that only write SQL. As in ``_alembic``, private names stay here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Dialect, Inspector, inspection

from ._alembic import RunContext, proxies

Note = Callable[[Any, Callable[[], Any], bool], Any]
"""Takes an operation, what would do it, and whether a batch has it."""


class NotingOperations(Operations):
    """``op`` of revisions that are only looked at: every operation is noted, those of a batch one by one."""

    def __init__(self, context: MigrationContext, note: Note, bind: Any, told: Any) -> None:
        super().__init__(context)
        self._told = told
        self._note = note
        self._bind = bind

    def invoke(self, operation: Any) -> Any:
        """Note an operation; its SQL goes into the script of the context."""
        return self._note(operation, lambda: super(NotingOperations, self).invoke(operation), False)

    def get_context(self) -> Any:
        """What stands there in the place of the context."""
        return self._told

    def get_bind(self) -> Any:
        """What stands there in the place of a connection."""
        return self._bind

    def run_async(self, async_function: Any, *args: Any, **kw_args: Any) -> Any:
        """Let a coroutine do its work with what stands in the place of a connection; of others Alembic says what is wrong."""
        if not self._bind.dialect.is_async:
            return super().run_async(async_function, *args, **kw_args)
        return self._bind.run_async(async_function, *args, **kw_args)

    @contextmanager
    def batch_alter_table(self, table_name: str, schema: str | None = None, *args: Any, **kw: Any) -> Iterator[Any]:
        """The operations of a batch, each as it would be without one."""
        with super().batch_alter_table(table_name, schema, *args, **kw) as batch:

            def invoke(operation: Any) -> Any:
                return self._note(operation, lambda: super(NotingOperations, self).invoke(operation), True)

            vars(batch).update(invoke=invoke, get_bind=self.get_bind, get_context=self.get_context)
            batch.impl.flush = nothing  # type: ignore[method-assign]
            yield batch

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Be ``alembic.op``; what that was before comes back afterwards."""
        before = proxies(Operations)
        self._install_proxy()
        try:
            yield
        finally:
            self._remove_proxy()
            for module, names in before:
                module.update(names)


NotingOperations._setups[NotingOperations] = NotingOperations._setups[Operations]


@contextmanager
def inspectors_from_engine() -> Iterator[None]:
    """Let ``Inspector.from_engine()``, as it was written before SQLAlchemy 1.4, give what ``sqlalchemy.inspect()`` gives."""
    before = Inspector.__dict__["from_engine"]
    Inspector.from_engine = classmethod(lambda cls, bind: inspection.inspect(bind))  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Inspector.from_engine = before  # type: ignore[method-assign]


def answers_inspect(kind: type, make: Callable[[Any], Any]) -> None:
    """Let ``sqlalchemy.inspect()`` of an object of this class give what make says."""
    inspection._inspects(kind)(make)


def reflection_info(inspector: Any, **how: Any) -> Any:
    """What ``MetaData.reflect()`` asks an Inspector for."""
    return inspector._get_reflection_info(**how)


def nothing() -> None:
    """Do nothing."""


def context_without_database(dialect_name: str) -> RunContext:
    """A context for a kind of database."""
    made = MigrationContext.configure(dialect_name=dialect_name, opts={"as_sql": True})
    surroundings: Any = None
    return RunContext(made.dialect, None, made.opts, surroundings)


def with_plain_marks(dialect: Dialect) -> Dialect:
    """The same dialect, but its SQL has parameters as ``:name``, and no percent sign twice for the sake of a driver."""
    made = copy(dialect)
    vars(made).pop("_type_memos", None)  # how values become texts, which depends on the percent sign
    made.paramstyle, made.positional = "named", False
    made.identifier_preparer = dialect.preparer(made)
    return made


def on_paper(context: RunContext, script: Any, outside: Callable[[bool], None]) -> RunContext:
    """A context for the same database that only writes SQL, into this file.

    outside: told when statements outside of transactions begin, and when they have ended.
    """
    opts = {**context.opts, "as_sql": True, "output_buffer": script, "literal_binds": True, "transactional_ddl": False}
    made = RunContext(with_plain_marks(context.dialect), None, opts, context.environment_context)

    @contextmanager
    def told() -> Iterator[None]:
        outside(True)
        try:
            yield
        finally:
            outside(False)

    made.autocommit_block = told  # type: ignore[method-assign]
    return made
