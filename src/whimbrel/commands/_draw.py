"""Draw a history with its branches, as ``git log --graph`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

Lanes = list[str | None]


def draw(order: Iterable[str], parents: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, str | None]]:
    """The rows from top to bottom: the drawing, and the revision that stands in this row, if any.

    order: the revisions, each before its parents. Parents that are not among them are left out.
    """
    listed = list(order)
    shown = set(listed)
    lanes: Lanes = []
    for id in listed:
        if id not in lanes:
            lanes = [*lanes, id]
        at = lanes.index(id)
        for other in reversed([n for n, lane in enumerate(lanes) if lane == id and n != at]):
            yield joined(lanes, at, other), None
            del lanes[other]
        yield " ".join("*" if n == at else "|" if lane else " " for n, lane in enumerate(lanes)), id
        below = [parent for parent in parents(id) if parent in shown]
        lanes[at] = below[0] if below else None
        for parent in below[1:]:
            yield divided(lanes, at), None
            lanes.insert(at + 1, parent)
        while lanes and lanes[-1] is None:
            lanes.pop()


def joined(lanes: Lanes, into: int, lane: int) -> str:
    """The row in which one lane ends in another to its left."""
    cells = ["|" if each else " " for each in lanes]
    row = list(" ".join(cells))
    row[2 * lane] = " "
    row[2 * lane - 1] = "/"
    for place in range(2 * into + 1, 2 * lane - 1):
        if row[place] == " ":
            row[place] = "_"
    # What stands to the right moves one to the left.
    for place in range(2 * lane + 2, len(row), 2):
        row[place - 1], row[place] = ("/" if row[place] == "|" else " "), " "
    return "".join(row).rstrip()


def divided(lanes: Lanes, at: int) -> str:
    """The row in which a lane divides; those to its right make room."""
    left = " ".join("|" if each else " " for each in lanes[: at + 1])
    right = "".join(" \\" if each else "  " for each in lanes[at + 1 :])
    return f"{left}\\{right}".rstrip()
