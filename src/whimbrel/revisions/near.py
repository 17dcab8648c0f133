"""Names that a user may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def near(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known names that look most like this one, best first."""
    from difflib import get_close_matches

    return get_close_matches(name, list(known), n=most, cutoff=0.7)
