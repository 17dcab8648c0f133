"""Whether every value of a column survives a change of its type."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from ...dialects._affinity import unfit
from ...errors import Refused
from ..alterations import AGREES, Agrees

EXAMPLES = 3


def refuse_damage(connection: Connection, table: str, column: str, old: str, new: str, type_: Any) -> None:
    """Raise Refused where values would not survive. old, new: the types as declared; type_: SQLAlchemy's."""
    agrees: Agrees | None = connection.info.get(AGREES)
    if agrees is not None and agrees(connection, None, table, column):
        return
    quote = connection.dialect.identifier_preparer.quote
    condition = unfit(connection, quote(column), old, new, type_)
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
