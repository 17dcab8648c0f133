"""The history is drawn as ``git log --graph`` draws one."""

from __future__ import annotations

import pytest

from whimbrel.commands._draw import draw


def drawn(**parents: str) -> str:
    """The drawing of a history whose revisions are given newest first."""
    rows = draw(parents, lambda each: parents[each].split())
    return "\n".join(f"{row} {id}" if id else row for row, id in rows)


@pytest.mark.parametrize(
    ("parents", "expected"),
    [
        ({"c": "b", "b": "a", "a": ""}, "* c\n* b\n* a"),
        ({"d": "b c", "b": "a", "c": "a", "a": ""}, "* d\n|\\\n* | b\n| * c\n|/\n* a"),
        ({"c": "a", "b": "a", "a": ""}, "* c\n| * b\n|/\n* a"),
        ({"b": "", "a": ""}, "* b\n* a"),
        (
            {"e": "b c d", "b": "a", "c": "a", "d": "a", "a": ""},
            "* e\n|\\\n|\\ \\\n* | | b\n| | * c\n| * | d\n|_|/\n|/\n* a",
        ),
    ],
    ids=["line", "merge", "branches", "two bases", "three parents"],
)
def test_drawing(parents, expected):
    assert drawn(**parents) == expected


def test_parents_that_are_not_shown_end_their_lane():
    assert drawn(c="b", b="a").splitlines() == ["* c", "* b"]
