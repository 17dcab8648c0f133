"""What the rows of the version table become when a revision has run.

The table holds the applied heads: no row comes before another. The rules are Alembic's, so that either tool can go on
where the other one stopped.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .graph import Graph
from .paths import Move


@dataclass(frozen=True)
class Rows:
    """Rows to delete, rows to insert, one row to update (from, to); in this order, which is Alembic's."""

    delete: tuple[str, ...] = ()
    insert: tuple[str, ...] = ()
    update: tuple[str, str] | None = None

    def apply_to(self, rows: Collection[str]) -> set[str]:
        """The rows afterwards."""
        gone = {*self.delete, *([self.update[0]] if self.update else [])}
        return {*rows, *self.insert, *([self.update[1]] if self.update else [])} - gone


def after_upgrade(graph: Graph, id: str, rows: Collection[str]) -> Rows:
    """The change when a revision has been applied."""
    replaced = [need for need in graph.needs(id) if need in rows]
    if not replaced:
        return Rows(insert=(id,))
    if len(replaced) > 1:
        others = graph.ancestors(set(rows) - set(replaced))
        replaced = [row for row in replaced if row not in others] or replaced
    return Rows(delete=tuple(replaced[:-1]), update=(replaced[-1], id))


def after_downgrade(graph: Graph, id: str, rows: Collection[str]) -> Rows:
    """The change when a revision has been undone."""
    needs = graph.needs(id)
    below = {need for parent in needs for need in graph.needs(parent)}
    implied = graph.ancestors(below | set(rows) - {id})
    left = [need for need in needs if need not in implied]
    if not left:
        return Rows(delete=(id,))
    return Rows(update=(id, left[-1]), insert=tuple(left[:-1]))


def after_move(move: Move, rows: Collection[str]) -> Rows:
    """The change that a stamp makes; an earlier move may have changed the rows that it starts from already."""
    before = tuple(row for row in move.before if row in rows)
    if not move.after:
        return Rows(delete=before)
    if not before:
        return Rows(insert=move.after)
    return Rows(delete=before[:-1], update=(before[-1], move.after[-1]), insert=move.after[:-1])
