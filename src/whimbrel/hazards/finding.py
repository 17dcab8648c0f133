"""What a rule has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Severity = Literal["danger", "lock", "notice"]
SEVERITIES: tuple[Severity, ...] = ("danger", "lock", "notice")
"""danger: loses data, or fails on what is there. lock: others wait for longer than the limit. notice: good to know."""


@dataclass(frozen=True)
class Finding:
    """One hazard of one operation.

    object: what it is about, as it is named for consent. message: what happens, with the numbers of this database.
    why: what that rests on. safe: the way to write it, where there is one. place: ``file:line``. database: its name in env.py.
    """

    code: str
    severity: Severity
    object: str
    message: str
    why: str
    revision: str
    place: str | None = None
    line: str = ""
    safe: str | None = None
    database: str = ""
    accepted: str | None = None
    """Why it was accepted; "" where no reason was given; None where it was not."""
    accepted_as: str = ""
    """The name under which it was accepted."""
    is_ambiguous: bool = False
    """Whether something else on another database has the same name."""

    @property
    def short_key(self) -> str:
        """Its name, without the database."""
        return f"{self.code}:{self.object}"

    @property
    def full_key(self) -> str:
        """Its name, with the database."""
        return f"{self.database or 'default'}:{self.short_key}"

    @property
    def key(self) -> str:
        """The name under which it is accepted."""
        return self.full_key if self.is_ambiguous else self.short_key

    @property
    def would_fail(self) -> bool:
        """Whether the statement fails on what is there, which no consent changes."""
        return self.severity == "danger" and self.code.endswith("-fails")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {**vars(self), "key": self.key}


def told_apart(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of several databases: what has the same name and is not the same line needs the database in its name.

    Consent that could mean any of them counts for none; that of a file is about the findings of that file.
    """
    found = list(findings)
    by_name: dict[str, list[Finding]] = {}
    for each in found:
        by_name.setdefault(each.short_key, []).append(each)

    def is_shared(one: Finding, *, of_file: bool) -> bool:
        others = [each for each in by_name[one.short_key] if each.database != one.database and each.place != one.place]
        return any(each.revision == one.revision or not of_file for each in others)

    made = []
    for each in found:
        is_unclear = each.accepted_as == each.short_key and is_shared(each, of_file=bool(each.accepted))
        accepted = None if is_unclear else each.accepted
        made.append(replace(each, is_ambiguous=is_shared(each, of_file=False), accepted=accepted))
    return made
