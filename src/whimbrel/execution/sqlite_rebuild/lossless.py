"""Whether every value of a column survives a change of its type."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from ...errors import Refused

EXAMPLES = 3


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


def refuse_damage(connection: Connection, table: str, column: str, old: str, new: str, type_: Any) -> None:
    """Raise Refused where values would not survive. old, new: the types as declared; type_: SQLAlchemy's."""
    if affinity(old) == affinity(new):
        return
    quote = connection.dialect.identifier_preparer.quote
    try:
        python_type = type_.python_type
    except NotImplementedError:
        python_type = None
    condition = damaged(quote(column), affinity(new), python_type)
    if condition is None:
        return
    source = f"FROM {quote(table)} WHERE {quote(column)} IS NOT NULL"
    count = connection.exec_driver_sql(f"SELECT count(*) {source} AND ({condition})").scalar_one()
    if count:
        total = connection.exec_driver_sql(f"SELECT count(*) {source}").scalar_one()
        rows = connection.exec_driver_sql(f"SELECT {quote(column)} {source} AND ({condition}) LIMIT {EXAMPLES}").scalars()
        examples = ", ".join(map(repr, rows))
        raise Refused(
            f"{table}.{column}: {count:,} of {total:,} values would not survive the change from {old.strip() or 'no type'} to"
            f" {new}: {examples}.",
            state="Nothing of this revision is left in the database.",
            hint="Clean these values first, or convert them into a new column of that type in the revision.",
            data={"table": table, "column": column, "rows": count},
        )


def refuse_nulls(connection: Connection, table: str, column: str, wanted: str = "NOT NULL") -> None:
    """Raise Refused where a column has NULLs that shall be NOT NULL, or something else that has none."""
    quote = connection.dialect.identifier_preparer.quote
    count = connection.exec_driver_sql(f"SELECT count(*) FROM {quote(table)} WHERE {quote(column)} IS NULL").scalar_one()
    if count:
        raise Refused(
            f"{table}.{column} cannot become {wanted}: {count:,} row{'s have' if count > 1 else ' has'} NULL in it.",
            state="Nothing of this revision is left in the database.",
            hint=f'Fill them first, in the revision: op.execute("UPDATE {table} SET {column} = … WHERE {column} IS NULL").',
            data={"table": table, "column": column, "rows": count},
        )
