"""Which journal a database has."""

from __future__ import annotations

from contextlib import nullcontext

from .._alembic import RunContext
from ..dialects import dialect_of
from ..errors import JournalForbidden
from .journal import Journal, Summary, TableJournal
from .journal_view import ViewJournal


def journal_of(context: RunContext) -> Journal:
    """The journal of the version table that env.py has named."""
    return ViewJournal(context) if dialect_of(context.dialect.name).keeps_journal_in_views else TableJournal(context)


def look_into(journal: Journal) -> tuple[str, ...]:
    """Read the journal for a command that only looks: where the user may not, it is taken for empty, and that is to be said."""
    connection = journal.context.connection
    if connection is None or journal.context.as_sql:
        return ()
    dialect = dialect_of(journal.context.dialect.name)
    errors_end_transactions = dialect.ddl_rolls_back and dialect.hides_own_schema
    needs_savepoint = errors_end_transactions and not dialect.autocommits(connection.connection.dbapi_connection)
    try:
        with connection.begin_nested() if needs_savepoint else nullcontext():
            journal.summary  # noqa: B018
    except JournalForbidden as error:
        journal.summary = Summary({}, ())
        return (f"{error.message} What it says of earlier runs is not known.",)
    return ()
