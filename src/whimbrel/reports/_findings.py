"""What the reports for findings have in common."""

from __future__ import annotations

import os
from typing import Any

from ..lines import Reportable

LEVELS = {"danger": "error", "lock": "warning", "notice": "notice"}


def findings_of(result: Reportable) -> list[Any] | None:
    """The findings that nobody has accepted; None where a result has no findings at all."""
    found = getattr(result, "findings", None)
    return None if found is None else [each for each in found if each.accepted is None]


def place_of(finding: Any) -> tuple[str, int]:
    """File and line; the first where none is known."""
    path, _, number = (finding.place or "").rpartition(":")
    return (in_repository(path), int(number)) if path and number.isdigit() else (in_repository(finding.place or ""), 1)


def in_repository(path: str) -> str:
    """A path from the root of the repository, where GitHub says which folder that is: it looks for the file there."""
    root = os.environ.get("GITHUB_WORKSPACE")
    found = os.path.relpath(path, root) if path and root else path
    return path if found.startswith(os.pardir) else found
