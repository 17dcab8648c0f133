"""Which journal a database has."""

from __future__ import annotations

from .._alembic import RunContext
from ..dialects import dialect_of
from .journal import Journal, TableJournal
from .journal_view import ViewJournal


def journal_of(context: RunContext) -> Journal:
    """The journal of the version table that env.py has named."""
    return ViewJournal(context) if dialect_of(context.dialect.name).keeps_journal_in_views else TableJournal(context)
