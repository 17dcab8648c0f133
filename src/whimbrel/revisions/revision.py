"""One revision file, as far as it can be known without running it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ILLEGAL = frozenset("@-+:")
"""Characters that have a meaning where users name revisions, so that no revision id or label may contain them."""

ID_LENGTH = 32
"""Characters that fit into ``alembic_version.version_num``, which Alembic creates as VARCHAR(32)."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision file: its id, what it comes after, and what its docstring says."""

    id: str
    parents: tuple[str, ...]
    path: Path
    doc: str = ""
    labels: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    checksum: str = ""
    """Of the source text; '' where there is only bytecode."""
    is_kept: bool = False
    """Whether it has no file any more: a database where it ran has kept its source."""

    @property
    def message(self) -> str:
        """The first paragraph of the docstring, in one line."""
        return " ".join(self.doc.split("\n\n")[0].split())

    @property
    def created(self) -> str:
        """The create date as the docstring has it, or ''."""
        found = re.search(r"^Create Date:\s*(.+?)\s*$", self.doc, re.MULTILINE)
        return found[1] if found else ""

    @property
    def is_merge_point(self) -> bool:
        """Whether it comes after more than one revision."""
        return len(self.parents) > 1
