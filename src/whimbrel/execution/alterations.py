"""Changes of column types on servers: values that would not survive are told before, and views come back as they were.

SQLite builds its tables anew, and looks by itself (``sqlite_rebuild``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection

from .._alembic import RunContext
from ..dialects import Dialect
from ..errors import Refused

EXAMPLES = 3
Agrees = Callable[[Connection, str | None, str, str], bool]
"""Whether somebody has agreed that values of a column do not survive: the connection, schema, table and column."""
AGREES = "whimbrel_agrees"
"""Where a connection has an Agrees for whoever builds tables anew."""


@contextmanager
def careful_alterations(
    context: RunContext, connection: Connection | None, dialect: Dialect, agrees: Agrees | None
) -> Iterator[None]:
    """While revisions run, look at each change of a type before it is made, unless somebody has agreed to it by name."""
    if connection is None:
        yield
        return
    if dialect.rebuilds_tables:
        connection.info[AGREES] = agrees
        try:
            yield
        finally:
            del connection.info[AGREES]
        return
    impl: Any = context.impl
    alter = impl.alter_column

    def alter_column(table_name: str, column_name: str, **options: Any) -> None:
        if options.get("type_") is None:
            alter(table_name, column_name, **options)
            return
        is_agreed = agrees is not None and agrees(connection, options.get("schema"), table_name, column_name)
        if not is_agreed:
            refuse_damage(connection, dialect, table_name, column_name, options)
        strict = nullcontext() if is_agreed else dialect.strict(connection)
        with strict, dialect.without_dependents(connection, table_name, column_name, options.get("schema")):
            alter(table_name, column_name, **options)

    impl.alter_column = alter_column
    try:
        yield
    finally:
        impl.alter_column = alter


def refuse_damage(connection: Connection, dialect: Dialect, table: str, column: str, options: dict[str, Any]) -> None:
    """Raise Refused where values have no counterpart in the new type: how many, and three of them."""
    type_ = options["type_"]() if isinstance(options["type_"], type) else options["type_"]
    new = connection.dialect.type_compiler_instance.process(type_)
    preparer = connection.dialect.identifier_preparer
    schema = options.get("schema")
    named = f"{preparer.quote_schema(schema)}.{preparer.quote(table)}" if schema else preparer.quote(table)
    condition = dialect.does_not_fit(connection, named, table, column, schema, new, options.get("postgresql_using"))
    if condition is None:
        return
    quoted = preparer.quote(column)
    source = f"FROM {named} WHERE {quoted} IS NOT NULL"

    def ask(query: str) -> Any:
        return connection.exec_driver_sql(query.replace("%", "%%"))

    count = ask(f"SELECT count(*) {source} AND ({condition})").scalar_one()
    if count:
        total = ask(f"SELECT count(*) {source}").scalar_one()
        examples = ", ".join(map(repr, ask(f"SELECT {quoted} {source} AND ({condition}) LIMIT {EXAMPLES}").scalars()))
        raise Refused(
            f"{table}.{column}: {count:,} of {total:,} values would not survive the change to {new}: {examples}.",
            hint="Clean these values first, or convert them into a new column of that type in the revision.",
            data={"table": table, "column": column, "rows": count},
        )
