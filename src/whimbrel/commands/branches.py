"""``branches``: where the history divides."""

from __future__ import annotations

from collections.abc import Iterator

from ..lines import Line, line
from ..project import Project
from ..revisions.index import history
from ._cli import Call, subcommand
from ._revisions import Listing, title


class Branches(Listing):
    """The revisions that more than one other comes after."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """Each with those that come after it."""
        for revision in self:
            yield line(*title(self.graph, revision, message=verbose))
            for child in self.graph.children(revision.id):
                yield line(" " * len(revision.id), " -> ", *title(self.graph, self.graph[child], message=verbose))
            yield line()


def branches(project: Project) -> Branches:
    """The branch points, newest first."""
    graph = history(project)
    order = graph.newest_first(graph.revisions, graph.heads)
    return Branches(graph, (id for id in order if graph.is_branch_point(id)))


@subcommand(verbose="Show the messages too.")
def command(call: Call) -> Branches:
    """Show where the history divides.

    A branch point is a revision that more than one other comes after, as when two people added one on the same day.
    """
    return branches(call.project)
