"""How revisions are listed, for the commands that only look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from ..lines import Line, Span, line
from ..project import display_path
from ..revisions.graph import Graph
from ..revisions.revision import Revision


class Listing(tuple[Revision, ...]):
    """Some revisions of a history; a tuple of Revision that can be printed.

    current: the revisions that are applied heads of a database, where the command looked.
    """

    graph: Graph
    current: Collection[str]

    def __new__(cls, graph: Graph, ids: Iterable[str], current: Collection[str] = ()) -> Listing:
        made = super().__new__(cls, (graph[id] for id in ids))
        made.graph = graph
        made.current = current
        return made

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line a revision; verbose: all that is known of it."""
        for revision in self:
            if verbose:
                yield from entry(self.graph, revision, self.current)
            else:
                yield line(*title(self.graph, revision, self.current))

    def as_data(self) -> list[dict[str, Any]]:
        """The same for machines."""
        return [data(self.graph, revision, self.current) for revision in self]


def title(graph: Graph, revision: Revision, current: Collection[str] = (), *, message: bool = True) -> list[Span]:
    """Id, labels, what is special about it, message."""
    spans: list[Span] = [(revision.id, "revision")]
    if labels := graph.labels.get(revision.id):
        spans.append((f" ({', '.join(labels)})", "label"))
    spans += [(f" ({word})", "head") for word in indicators(graph, revision, current)]
    if message and revision.message:
        spans.append((f"  {revision.message}", "plain"))
    return spans


def indicators(graph: Graph, revision: Revision, current: Collection[str]) -> list[str]:
    """What is special about a revision."""
    found = []
    if revision.is_kept:
        found.append("no file")
    elif revision.id in graph.effective_heads:
        found.append("head")
    elif graph.is_head(revision.id):
        found.append("effective head")
    if revision.id in current:
        found.append("current")
    if graph.is_branch_point(revision.id):
        found.append("branchpoint")
    if revision.is_merge_point:
        found.append("mergepoint")
    return found


def entry(graph: Graph, revision: Revision, current: Collection[str] = ()) -> Iterator[Line]:
    """All that is known of a revision, in the layout of ``alembic show``."""
    yield line("Rev: ", *title(graph, revision, current, message=False))
    parents = ", ".join(revision.parents) or "<base>"
    yield line(f"{'Merges' if revision.is_merge_point else 'Parent'}: {parents}")
    if revision.depends_on:
        yield line(f"Also depends on: {', '.join(revision.depends_on)}")
    if graph.is_branch_point(revision.id):
        yield line(f"Branches into: {', '.join(graph.children(revision.id))}")
    if labels := graph.labels.get(revision.id):
        yield line(f"Branch names: {', '.join(labels)}")
    yield line("Path: ", ("none; the database has kept its source" if revision.is_kept else str(revision.path), "path"))
    yield line()
    for text in revision.doc.splitlines():
        yield line(f"    {text}")
    yield line()


def data(graph: Graph, revision: Revision, current: Collection[str] = ()) -> dict[str, Any]:
    """All that is known of a revision, for machines."""
    return {
        "revision": revision.id,
        "parents": list(revision.parents),
        "depends_on": list(revision.depends_on),
        "labels": list(graph.labels.get(revision.id, ())),
        "message": revision.message,
        "created": revision.created or None,
        "path": None if revision.is_kept else display_path(revision.path),
        "is_head": graph.is_head(revision.id),
        "is_branch_point": graph.is_branch_point(revision.id),
        "is_merge_point": revision.is_merge_point,
        "is_current": revision.id in current,
    }
