"""The text of a statement, with the values that it would be executed with."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import visitors

MARK = re.compile(r"%\((\w+)\)s")
"""A parameter as some drivers write it, and no parser of SQL reads it."""


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
    """SQL with its values; with marks for parameters of these names, where they are given."""
    if isinstance(statement, str):
        return statement
    if names is None:
        try:
            return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        except Exception:
            names = ()
    try:
        text = str(statement.compile(dialect=dialect, column_keys=list(names) or None))
        return MARK.sub(r":\1", text) if "pyformat" in dialect.paramstyle else text
    except Exception:
        return str(statement)
