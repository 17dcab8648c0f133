"""SQL of a database as SQLAlchemy takes it."""

from __future__ import annotations

import re

# What text() would take for a parameter.
PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")


def escaped(sql: str) -> str:
    """The same SQL, with its colons marked so that ``text()`` takes none of them for a parameter."""
    return PARAMETER.sub(r"\\:", sql)
