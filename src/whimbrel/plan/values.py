"""The text of a statement, with the values that it would be executed with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

from .step import Opaque


def filled(statement: Any, parameters: Any) -> tuple[Any, Collection[str] | None]:
    """A statement with its parameters in it, as far as they fit; and their names where there are several sets of them.

    What is executed once for each set keeps its marks: nobody knows then which rows it meets.
    """
    if isinstance(parameters, Sequence) and len(parameters) == 1:
        parameters = parameters[0]
    if not parameters or not hasattr(statement, "compile"):
        return statement, None
    if not isinstance(parameters, Mapping):
        return statement, tuple(parameters[0]) if isinstance(parameters[0], Mapping) else ()
    try:
        return with_values(statement, parameters), None
    except Exception:
        return statement, tuple(parameters)


def with_values(statement: Any, values: Mapping[str, Any]) -> Any:
    """A statement with values for its parameters, and for the columns that it sets."""
    if isinstance(statement, sa.TextClause):
        return statement.bindparams(**values)
    rest = dict(values)

    def fill(parameter: Any) -> None:
        if parameter.key in values:
            parameter.value, parameter.required, parameter.callable = rest.pop(parameter.key), False, None

    made = visitors.cloned_traverse(statement, {}, {"bindparam": fill})
    return made.values(**rest) if rest and isinstance(made, (sa.Insert, sa.Update)) else made


def text_of(statement: Any, dialect: sa.Dialect, names: Collection[str] | None = None) -> str:
    """SQL with its values; with marks for parameters of these names, where they are given, and where a value has no text."""
    if isinstance(statement, str):
        return statement
    for make in (same, typed) if names is None else ():
        with suppress(Exception, Opaque):  # a value that only the database gives has no text
            made = make(statement).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            if not getattr(made, "prefetch", ()):  # values that SQLAlchemy makes itself would stand there as NULL
                return str(made)
    try:
        return str(statement.compile(dialect=dialect, column_keys=list(names or ()) or None))
    except Exception:
        return str(statement)


def same(statement: Any) -> Any:
    """A statement as it is."""
    return statement


def typed(statement: Any) -> Any:
    """A statement in which each value has a type, if need be that of the value: ``sa.column("a")`` has none."""

    def fill(parameter: Any) -> None:
        value = parameter.value[0] if parameter.expanding and parameter.value else parameter.value
        if isinstance(parameter.type, sa.types.NullType) and value is not None:
            parameter.type = sa.literal(value).type

    return visitors.cloned_traverse(statement, {}, {"bindparam": fill})


def missing(statement: Any, dialect: sa.Dialect) -> str | None:
    """Why a text would fail: it has a mark without a value; None where it has none."""
    if isinstance(statement, sa.TextClause) and ":" in statement.text:
        try:
            statement.compile(dialect=dialect).construct_params()
        except sa.exc.InvalidRequestError as error:
            return f"it would fail: {error.args[0]}; a colon that is none of a parameter is written \\:"
    return None
