"""What a command says, as words with a meaning; a report gives them colours or leaves them plain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol, runtime_checkable

Meaning = Literal["plain", "revision", "head", "label", "path", "good", "bad", "dim", "graph", "strong"]
Span = tuple[str, Meaning]
Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """One line of some words; a plain string has no special meaning."""
    return tuple((part, "plain") if isinstance(part, str) else part for part in parts)


def plain(line: Line) -> str:
    """The words alone."""
    return "".join(text for text, _ in line).rstrip()


def size(bytes: int) -> str:
    """A number of bytes as a person reads it."""
    number, unit = float(bytes), "bytes"
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{bytes} bytes" if unit == "bytes" else f"{number:.1f} {unit}"


@runtime_checkable
class Reportable(Protocol):
    """What a command returns: it can be said to a person and given to a machine."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """The lines for a person; none where there is nothing to say."""
        ...

    def as_data(self) -> Any:
        """The same for machines, JSON-able."""
        ...
