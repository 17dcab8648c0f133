"""Views of MySQL and MariaDB, which keep no list of what they are made of: their text says it, as the server writes it."""

from __future__ import annotations

import re

from sqlalchemy import Connection, text

VIEWS = text("""
    select table_name, view_definition from information_schema.views
    where table_schema = coalesce(:schema, database()) order by 1
""")


def views_on(connection: Connection, schema: str | None, table: str, column: str | None) -> list[str]:
    """The views of the same database that use a table, or a column of it."""
    rows = connection.execute(VIEWS, {"schema": schema}).all()
    return [str(view) for view, definition in rows if uses(str(definition), table, column)]


def uses(definition: str, table: str, column: str | None) -> bool:
    """Whether the query of a view has a table in it, or a column of it."""
    plain = quoted(table)
    found = [alias or plain for alias in re.findall(rf"`\.{re.escape(plain)}(?: (`(?:[^`]|``)+`))?", definition)]
    return bool(found) and (column is None or any(f"{each}.{quoted(column)}" in definition for each in found))


def quoted(name: str) -> str:
    """A name in the server's own quotes."""
    return f"`{name.replace('`', '``')}`"
