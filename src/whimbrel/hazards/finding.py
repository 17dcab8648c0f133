"""What a rule has found."""

from __future__ import annotations

from dataclasses import dataclass
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

    @property
    def key(self) -> str:
        """The name under which it is accepted."""
        return f"{self.code}:{self.object}"

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {**vars(self), "key": self.key}
