"""What SQLite makes of values in a column of a declared type, and which of them that changes."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from decimal import Decimal
from sqlite3 import sqlite_version_info
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid

HAS_JSON = (3, 38)
"""The version of SQLite that always has its functions for JSON (https://sqlite.org/json1.html, 2)."""
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


def seen_as(type_: Any) -> type | None:
    """What SQLAlchemy makes of the values of a type of its own; None where it does not say."""
    if isinstance(type_, Uuid):
        return UUID  # whatever programs get of it
    try:
        found: type = type_.python_type
    except NotImplementedError:
        return None
    return found


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


def unfit(column: str, old: str, new: str, python_type: type | None) -> str | None:
    """The condition for values that do not survive a change between two declared types; None where all do.

    column: quoted. python_type: what the application makes of the values.
    """
    found = None if affinity(old) == affinity(new) else damaged(column, affinity(new), python_type)
    unread = unreadable(column, old, new, python_type)
    return f"({found}) OR ({unread})" if found and unread else found or unread


def unreadable(column: str, old: str, new: str, python_type: type | None) -> str | None:
    """The condition for texts that stay as they are, but that SQLAlchemy cannot read as the new type, or does not find."""
    if python_type in (date, datetime, time) and affinity(new) == "NUMERIC":
        parts = [f"length({column}) > {len('2026-01-31')}"] if python_type is date else []
        parts += [f"julianday({column}) IS NULL"] if affinity(old) == "TEXT" else []
        if not parts:
            return None
        condition = f"({' OR '.join(parts)})"
    elif new.upper() == "JSON" != old.strip().upper() and sqlite_version_info >= HAS_JSON:
        condition = f"NOT json_valid({column})"
    elif python_type is UUID and affinity(new) == "TEXT":  # it writes 32 digits, and compares with them
        condition = f"({column} GLOB '*[^0-9a-f]*' OR length({column}) <> {len(UUID(int=0).hex)})"
    else:
        return None
    return f"typeof({column}) = 'text' AND {condition}"


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
