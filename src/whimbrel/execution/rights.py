"""What is said to who may not read the journal."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ..errors import JournalForbidden


def forbidden(connection: sa.Connection, entries: sa.Table, parts: sa.Table, own_schema: str | None) -> JournalForbidden:
    """The error, with what to type. own_schema: the schema that is only for these tables, if there is one."""
    return JournalForbidden(
        f"The user of the database may not read the journal {entries.fullname}.",
        hint=f"Have its owner grant that: {'; '.join(grants(connection, entries, parts, own_schema))}.",
    )


def grants(connection: sa.Connection, entries: sa.Table, parts: sa.Table, own_schema: str | None) -> Iterator[str]:
    """What gives the user all rights that a run needs."""
    preparer = connection.dialect.identifier_preparer
    user = connection.engine.url.username
    whom = preparer.quote(user) if user else "that user"
    rights = "SELECT, INSERT, UPDATE, DELETE"
    if own_schema is not None and entries.schema == own_schema:
        schema = preparer.quote(own_schema)
        yield f"GRANT USAGE ON SCHEMA {schema} TO {whom}"
        yield f"GRANT {rights} ON ALL TABLES IN SCHEMA {schema} TO {whom}"
        yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {whom}"
    else:
        for table in (entries, parts):
            yield f"GRANT {rights} ON {preparer.format_table(table)} TO {whom}"
