"""SQL of a database as SQLAlchemy takes it."""

from __future__ import annotations

import re
from typing import Any

# What text() would take for a parameter.
PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")


def quoted_name(key: tuple[str | None, str], preparer: Any) -> str:
    """A table, or something else in a schema, as it stands in SQL. preparer: SQLAlchemy's IdentifierPreparer."""
    name = str(preparer.quote(key[1]))
    return f"{preparer.quote_schema(key[0])}.{name}" if key[0] else name


def escaped(sql: str) -> str:
    """The same SQL, with its colons marked so that ``text()`` takes none of them for a parameter."""
    return PARAMETER.sub(r"\\:", sql)
