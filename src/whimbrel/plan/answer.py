"""What stands in the place of results and transactions while a revision is only looked at: there are no answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import Any, NoReturn

import sqlalchemy as sa

from .step import Opaque

READS_ROWS = "it reads from the database"


class Later:
    """A value that only the database gives. It may be printed, kept, and handed on to a statement; anything else is Opaque."""

    def __str__(self) -> str:
        return "?"

    __repr__ = __str__
    __hash__ = object.__hash__

    def __format__(self, spec: str) -> str:
        return "?"

    def _refuse(self, *given: Any) -> NoReturn:
        raise Opaque(READS_ROWS)

    __bool__ = __int__ = __index__ = __float__ = __len__ = __iter__ = __getitem__ = __contains__ = __call__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = __neg__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _refuse


class Answer:
    """The result of a statement that was not executed. What the ORM asks after one is known as far as it was given."""

    returned_defaults = None
    returned_defaults_rows = None

    def __init__(self, statement: Any = None, parameters: Any = None, dialect: Any = None) -> None:
        self._statement = statement
        self._is_one = not isinstance(parameters, (list, tuple))
        self._given: Sequence[Any] = [parameters or {}] if self._is_one else parameters
        self._dialect = dialect

    @property
    def rowcount(self) -> Any:
        """How many rows it was."""
        return Later()

    lastrowid = rowcount

    @property
    def inserted_primary_key(self) -> tuple[Any, ...]:
        """The key of the new row: what was given, the rest later."""
        return self.inserted_primary_key_rows[0]

    @cached_property
    def inserted_primary_key_rows(self) -> list[tuple[Any, ...]]:
        """The same of several rows."""
        if not isinstance(self._statement, sa.Insert):
            raise Opaque(READS_ROWS)
        names = [column.key for column in self._statement.table.primary_key]
        return [tuple(Later() if values.get(name) is None else values[name] for name in names) for values in self._sets]

    @cached_property
    def context(self) -> Any:
        """How it was executed, as far as the ORM looks."""
        compiled = SimpleNamespace(
            compile_state=self._compiled.compile_state,
            prefetch=self.prefetch_cols(),
            postfetch=self.postfetch_cols(),
            returning=[],
            effective_returning=[],
        )
        is_insert = isinstance(self._statement, sa.Insert)
        return SimpleNamespace(
            compiled=compiled, compiled_parameters=self._sets, executemany=not self._is_one, isinsert=is_insert
        )

    def prefetch_cols(self) -> list[Any]:
        """The columns whose values SQLAlchemy has made: they were not."""
        return []

    def postfetch_cols(self) -> list[Any]:
        """The columns whose values would have to be read."""
        return [each for each in (*self._compiled.prefetch, *self._compiled.postfetch) if not each.primary_key]

    @cached_property
    def _sets(self) -> list[Mapping[str, Any]]:
        """The values of each set of parameters."""
        return [{**self._compiled.params, **given} for given in self._given]

    @cached_property
    def _compiled(self) -> Any:
        """What tells which columns get values by themselves."""
        if not isinstance(self._statement, (sa.Insert, sa.Update, sa.Delete)):
            raise Opaque(READS_ROWS)
        return self._statement.compile(dialect=self._dialect, column_keys=list(self._given[0]) or None)

    def close(self) -> None:
        """Nothing to close."""

    def __getattr__(self, name: str) -> Any:
        raise Opaque(READS_ROWS)

    def __iter__(self) -> Iterator[Any]:
        raise Opaque(READS_ROWS)


class Transaction:
    """The transaction of a revision that is only looked at."""

    is_active = True

    def close(self) -> None:
        """Others end it."""

    commit = rollback = close
