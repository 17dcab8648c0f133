"""``history``: all revisions, newest first."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ..errors import UsageError
from ..lines import Line, line
from ..project import Project, is_true
from ..revisions import paths
from ..revisions.index import history as read_history
from ._cli import Call, subcommand
from ._draw import draw
from ._look import current_heads
from ._revisions import Listing, entry, title


class History(Listing):
    """A part of a history, newest first."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """The graph; verbose: one entry after the other."""
        if verbose:
            for revision in self:
                yield from entry(self.graph, revision, self.current)
            return
        for drawing, id in draw((revision.id for revision in self), self.graph.parents):
            if id is None:
                yield line((drawing, "graph"))
                continue
            revision = self.graph[id]
            needs = f" (depends on {', '.join(revision.depends_on)})" if revision.depends_on else ""
            spans = title(self.graph, revision, self.current, message=False)
            yield line((f"{drawing} ", "graph"), *spans, (needs, "dim"), f"  {revision.message}" if revision.message else "")


def history(project: Project, rev_range: str | None = None, *, indicate_current: bool = False) -> History:
    """The revisions of a range ``start:end``, both included, or all of them."""
    graph = read_history(project)
    lower: str | None = None
    upper: str | None = None
    if rev_range is not None:
        lower, colon, upper = (part.strip() or None for part in rev_range.partition(":"))
        if not colon:
            raise UsageError(
                f"'{rev_range}' is not a range.", hint="Write start:end, start: or :end, as in base:head or -3:current."
            )
    asks = indicate_current or "current" in (lower, upper) or is_true(project.option("revision_environment"))
    current = current_heads(project) if asks else ()
    if asks:
        paths.known(graph, current)
    return History(graph, paths.between(graph, lower, upper, current), current)


@subcommand(verbose="Show all that is known of each revision.")
@click.option("-r", "--rev-range", metavar="START:END", help="Only this part, as in base:ae1027, current: or -3:head.")
@click.option("-i", "--indicate-current", is_flag=True, help="Ask the database and mark where it is.")
def command(call: Call, rev_range: str | None, indicate_current: bool) -> History:
    """List the revisions with their branches.

    The newest stands first. Reads the files only, unless the current revision is asked for.
    """
    return history(call.project, rev_range, indicate_current=indicate_current)
