"""Native backups of a database and the way back, one file a kind of database. A module here registers ``method``.

A backup is complete and verified, or there is none. A restore puts the whole database back to what the file has; where it
fails, the old content is there.
"""

from __future__ import annotations

from pathlib import Path

from .. import _registry
from ..errors import Refused
from ..project import display_path
from ._base import Method, Target


def method_of(target: Target) -> Method:
    """How that kind of database is backed up. Raises Refused where we don't know."""
    name = target.connection.dialect.name
    found = next((method for method in methods() if name in method.names), None)
    if found is None:
        raise Refused(
            f"There is no backup for databases of the kind '{name}'.", hint="Use the tool of its makers, and no --backup here."
        )
    return found


def methods() -> list[Method]:
    """All of them."""
    return [_registry.load("backup", name, "method") for name in _registry.names("backup")]


def refuse_other_kinds(target: Target, file: Path) -> None:
    """Raise Refused where a file is not a backup of that kind of database."""
    wanted = method_of(target)
    try:
        with file.open("rb") as opened:
            head = opened.read(4096)
    except OSError as error:
        raise Refused(f"{display_path(file)} cannot be read: {error.strerror}.") from error
    if wanted.recognises(head):
        return
    other = next((method.makes for method in methods() if method.recognises(head)), None)
    raise Refused(
        f"{display_path(file)} is {f'{other}, and this is a database of another kind' if other else 'no backup that we know'}:"
        f" '{target.url}' needs {wanted.makes}.",
        state="Nothing has been changed.",
    )


__all__ = ["Method", "Target", "method_of", "methods", "refuse_other_kinds"]
