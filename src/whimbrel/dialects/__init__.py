"""What one kind of database can do, one file a kind.

Ask what the database can do (``if dialect.ddl_rolls_back``), not who it is. What is not known is answered with the worst.
"""

from __future__ import annotations

from functools import cache

from .. import _registry
from ._base import Dialect
from ._beside import Beside
from ._comments import without_comments
from ._conversions import is_narrower
from ._effects import SESSION, Effect, clauses
from ._mysql_text import plainly
from ._rates import USUAL, Rates
from ._sessions import Blocker, Holder, Lock, Phase


@cache
def registered() -> dict[str, Dialect]:
    """Every dialect by each of its SQLAlchemy names."""
    found: dict[str, Dialect] = {}
    modules = [_registry.load("dialects", name, "dialect") for name in _registry.names("dialects")]
    for dialect in [*modules, *(point.load() for point in _registry.foreign("dialects").values())]:
        for name in dialect.names:
            if name in found:
                raise TypeError(f"The dialect '{name}' is registered twice")
            found[name] = dialect
    return found


def dialect_of(name: str) -> Dialect:
    """The dialect of that SQLAlchemy name; the careful default where we know nothing of it."""
    return registered().get(name) or Dialect()


__all__ = [
    "SESSION",
    "USUAL",
    "Beside",
    "Blocker",
    "Dialect",
    "Effect",
    "Holder",
    "Lock",
    "Phase",
    "Rates",
    "clauses",
    "dialect_of",
    "is_narrower",
    "plainly",
    "registered",
    "without_comments",
]
