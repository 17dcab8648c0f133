"""The Python around a line of a revision: where its statement ends, and whether what it raises is caught."""

from __future__ import annotations

import ast
import contextlib
import linecache
import os
from collections.abc import Iterable
from functools import lru_cache

import alembic
import sqlalchemy as sa

from .._python import parsed

OTHERS = (
    *(os.path.join(os.path.dirname(os.path.realpath(str(each.__file__))), "") for each in (alembic, sa)),
    os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), ""),
    os.path.realpath(contextlib.__file__),
)
"""Where nothing is caught for a revision."""


def is_tried(frames: Iterable[tuple[str, int]], path: str) -> bool:
    """Whether something between a statement and the revision's function catches what it raises.

    frames: file and line of each, the innermost first. path: of the revision. Both without links.
    """
    own: list[tuple[str, int]] = []
    for name, number in frames:
        if not name.startswith(OTHERS):
            own.append((name, number))
        elif any(each == path for each, _ in own):
            break  # who calls the function
    return any(first <= number <= last for name, number in own for first, last in caught(source_of(name)))


def source_of(path: str) -> str:
    """The text of a file."""
    return "".join(linecache.getlines(path))


@lru_cache(maxsize=8)
def caught(source: str) -> list[tuple[int, int]]:
    """First and last line of each block of a source of which exceptions are caught."""
    if "except" not in source and "suppress" not in source:
        return []  # parsing takes longer
    try:
        nodes = list(ast.walk(parsed(source)))
    except (SyntaxError, ValueError):
        return []
    blocks = [node.body for node in nodes if isinstance(node, (ast.Try, ast.With)) and goes_on_after(node)]
    return [(body[0].lineno, body[-1].end_lineno or body[-1].lineno) for body in blocks]


def goes_on_after(node: ast.Try | ast.With) -> bool:
    """Whether a block catches what goes wrong in it."""
    if isinstance(node, ast.Try):
        return bool(node.handlers)
    return any("suppress" in ast.unparse(item.context_expr) for item in node.items)


def last_line(path: str, number: int) -> int:
    """Where the statement ends that stands in a line of a file."""
    found = [end for start, end in simple_statements(source_of(path)) if start <= number <= end]
    return min(found, default=number)


@lru_cache(maxsize=8)
def simple_statements(source: str) -> list[tuple[int, int]]:
    """First and last line of each statement of a source that holds no others."""
    try:
        nodes = list(ast.walk(parsed(source)))
    except (SyntaxError, ValueError):
        return []
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node in nodes
        if isinstance(node, ast.stmt) and not hasattr(node, "body")
    ]
