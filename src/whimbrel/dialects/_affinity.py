"""What SQLite makes of values in a column of a declared type, and which of them that changes."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import JSON, Connection, Date, DateTime, Time, TypeDecorator, Uuid
from sqlalchemy.types import TypeEngine

NUMBERS = count()
PYTHON: tuple[tuple[str, type], ...] = (
    (r"BOOL", bool),
    (r"(TINY|SMALL|MEDIUM|BIG)?INT", int),
    (r"FLOAT|REAL|DOUBLE", float),
    (r"NUMERIC|DECIMAL", Decimal),
    (r"DATE$", date),
    (r"DATE|TIME", datetime),
)


def python_type_of(declared: str) -> type | None:
    """What SQLAlchemy makes of the values of a type that it has declared so; None for texts, and where nobody knows."""
    return next((type_ for pattern, type_ in PYTHON if re.match(pattern, declared, re.IGNORECASE)), None)


def python_type_in(type_: TypeEngine[Any]) -> type | None:
    """What SQLAlchemy makes of the values of a type of its own; None where it does not say."""
    try:
        return type_.python_type
    except NotImplementedError:
        return None


def affinity(type_: str) -> str:
    """What SQLite makes of a declared type (https://sqlite.org/datatype3.html, 3.1)."""
    upper = type_.upper()
    if "INT" in upper:
        return "INTEGER"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in upper or not upper.strip():
        return "BLOB"
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return "REAL"
    return "NUMERIC"


def unfit(connection: Connection, column: str, old: str, new: str, type_: TypeEngine[Any] | None) -> str | None:
    """The condition for values that do not survive a change between two declared types; None where all do.

    column: quoted. type_: what SQLAlchemy declares as the new one; None where nobody knows.
    """
    stored = None if type_ is None else stored_as(type_, connection.dialect)
    python_type = (stored and python_type_in(stored)) or python_type_of(new)
    found = None if affinity(old) == affinity(new) else damaged(column, affinity(new), python_type)
    unread = None if stored is None or old.strip().upper() == new.upper() else unreadable(connection, column, stored)
    return f"({found}) OR ({unread})" if found and unread else found or unread


def stored_as(type_: TypeEngine[Any], dialect: Any) -> TypeEngine[Any]:
    """What a type of an application stands on: SQLAlchemy reads the values as that first."""
    found = type_.dialect_impl(dialect)
    while isinstance(found, TypeDecorator):
        found = found.impl_instance.dialect_impl(dialect)
    return found


def unreadable(connection: Connection, column: str, type_: TypeEngine[Any]) -> str | None:
    """The condition for values that stay as they are, but that SQLAlchemy cannot read as a type, or does not find as a UUID.

    SQLAlchemy is asked itself, by a function that the connection gets for that.
    """
    reads = type_.result_processor(connection.dialect, None) if isinstance(type_, (Date, DateTime, Time, JSON, Uuid)) else None
    if reads is None:
        return None
    writes = type_.bind_processor(connection.dialect) if isinstance(type_, Uuid) else None

    def is_unreadable(value: Any) -> bool:
        try:
            read = reads(value)
            return writes is not None and writes(read) != value
        except Exception:  # whatever a reader of JSON raises
            return True

    name = f"whimbrel_unreadable_{next(NUMBERS)}"  # a new one each: answers are kept by the text of the question
    driver: Any = connection.connection
    driver.create_function(name, 1, is_unreadable)
    return f"{column} IS NOT NULL AND {name}({column})"


def damaged(column: str, affinity: str, python_type: type | None) -> str | None:
    """The condition for values that would change, or would not be what the type says; None where there are none.

    column: quoted. python_type: what the application makes of the values.
    """
    text = f"CAST(CAST({column} AS NUMERIC) AS TEXT)"
    plain = f"CASE WHEN instr({column}, '.') THEN rtrim(rtrim({column}, '0'), '.') ELSE {column} END"
    if affinity == "TEXT":
        return f"typeof({column}) = 'real' AND CAST(CAST({column} AS TEXT) AS REAL) <> {column}"
    if affinity == "BLOB":
        return None
    cut = f"typeof({column}) = 'integer' AND CAST(CAST({column} AS REAL) AS INTEGER) <> {column}"
    if python_type not in (int, bool, float, Decimal):
        # A text that reads as a number becomes one (datatype3.html, 3): +{column} has no affinity but the number's.
        becomes_number = f"typeof({column}) = 'text' AND +{column} = CAST({column} AS NUMERIC)"
        if python_type not in (date, datetime, time):
            becomes_number += f" AND {text} <> {column}"
        return f"({becomes_number}) OR ({cut})" if affinity == "REAL" else becomes_number
    if python_type in (int, bool):
        return (
            f"(typeof({column}) = 'text' AND CAST(CAST({column} AS INTEGER) AS TEXT) <> {column})"
            f" OR (typeof({column}) = 'real' AND CAST({column} AS INTEGER) <> {column}) OR typeof({column}) = 'blob'"
        )
    changed = f"(typeof({column}) = 'text' AND {text} <> {plain}) OR typeof({column}) = 'blob'"
    return f"{changed} OR ({cut})" if affinity == "REAL" else changed
