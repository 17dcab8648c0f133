"""What was said, and is about nothing: consent, comments, sizes of tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import WhimbrelError
from ..events import Direction
from ..project import display_path
from ..revisions.graph import Graph
from ..revisions.read import source_of
from ._paper import without_database

if TYPE_CHECKING:
    from ..hazards.finding import Finding

MANY = 100_000_000
"""Rows of each table of a database that is as large as can be."""


def unused(graph: Graph, ids: Collection[str], found: Sequence[Finding]) -> Iterator[str]:
    """In words what is accepted or ignored in revisions, and is no finding; neither among those that were found nor elsewhere.

    A database where tables are empty, or which is of another kind, does not say that it is for nothing.
    """
    from ..hazards.consent import accepts_of
    from ..hazards.review import IGNORED, ignores_of, rules, unclear_ignores_of

    keys = {(each.revision, key) for each in found for key in (each.short_key, each.full_key)}
    codes = {(each.revision, each.code) for each in found if each.accepted == IGNORED}
    for id in ids:
        name = display_path(graph[id].path)
        for text in unclear_ignores_of(graph[id].path):
            yield f"{name} has '{text}', which ignores nothing: write # whimbrel: ignore[CODE]."
        ignored = {code for code in ignores_of(graph[id].path) if (id, code) not in codes}
        accepted = [key for key in accepts_of(graph[id].path) if (id, key) not in keys]
        yield from (f"{name} ignores {code}, and there is no such rule." for code in sorted(ignored - set(rules())))
        yield from (f"{name} accepts {key}, and there is no such rule." for key in accepted if code_of(key) is None)
        ignored = {code for code in ignored if code in rules() and not rules()[code].asks_database}
        accepted = [key for key in accepted if (code := code_of(key)) is not None and not rules()[code].asks_database]
        elsewhere = anywhere(graph, id) if ignored or accepted else []
        ignored -= {each.code for each in elsewhere if each.accepted == IGNORED}
        known = {each.short_key for each in elsewhere}
        yield from (f"{name} ignores {code}, which finds nothing there." for code in sorted(ignored))
        yield from (
            f"{name} accepts {key}, which is no finding." for key in accepted if key[key.index(str(code_of(key))) :] not in known
        )


def unnamed(graph: Graph, tables: Iterable[str]) -> Iterator[str]:
    """In words which of these tables no revision names."""
    found = {table: table.rpartition(".")[2] for table in tables}
    texts = [source_of(revision.path) for revision in graph.revisions.values()] if found else []
    for table, name in found.items():
        if not any(text is None or name in text for text in texts):
            yield f"--rows {table}: no revision names such a table."


def code_of(key: str) -> str | None:
    """The rule that the name of a finding begins with, after the name of a database or without one; None where there is none."""
    from ..hazards.review import rules

    return next((code for code in key.split(":")[:2] if code in rules()), None)


def anywhere(graph: Graph, id: str) -> list[Finding]:
    """What a revision could do, either way, on any kind of database with many rows; all that is known of that."""
    found: list[Finding] = []
    directions: tuple[Direction, ...] = ("upgrade", "downgrade")
    for dialect in ("postgresql", "mariadb", "mysql", "sqlite"):
        for direction in directions:
            with suppress(WhimbrelError):  # the review itself says what is wrong
                found += without_database(graph, [id], dialect, {}, 0.0, direction, MANY)
    return found
