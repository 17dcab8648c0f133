"""What one kind of database can do, one file a kind.

Ask what the database can do (``if dialect.ddl_rolls_back``), not who it is. What is not known is answered with the worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from .. import _registry
from ._base import Dialect
from ._beside import Beside
from ._sessions import Blocker, Holder, Lock


@cache
def ours() -> Mapping[str, Dialect]:
    """The dialects of this folder by each of their SQLAlchemy names."""
    return by_name(_registry.load("dialects", name, "dialect") for name in _registry.names("dialects"))


@cache
def registered() -> Mapping[str, Dialect]:
    """Every dialect, those of other packages as well."""
    theirs = by_name(point.load() for point in _registry.foreign("dialects").values())
    return by_name(dict.fromkeys([*ours().values(), *theirs.values()]))


def by_name(dialects: Iterable[Dialect]) -> Mapping[str, Dialect]:
    """Dialects by each of their names. Raises TypeError where two have one name."""
    found: dict[str, Dialect] = {}
    for dialect in dialects:
        for name in dialect.names:
            if name in found:
                raise TypeError(f"The dialect '{name}' is registered twice")
            found[name] = dialect
    return found


def dialect_of(name: str) -> Dialect:
    """The dialect of that SQLAlchemy name; the careful default where we know nothing of it."""
    return ours().get(name) or registered().get(name) or Dialect()


__all__ = ["Beside", "Blocker", "Dialect", "Holder", "Lock", "dialect_of", "registered"]
