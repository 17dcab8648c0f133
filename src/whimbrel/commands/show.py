"""``show``: all about one revision."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ..lines import Line
from ..project import Project
from ..revisions import names
from ..revisions.index import history
from ._cli import Call, subcommand
from ._look import current_heads
from ._revisions import Listing


class Shown(Listing):
    """Revisions that are always shown in full."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """All that is known of each."""
        return super().as_lines(verbose=True)


def show(project: Project, revision: str = "head") -> Shown:
    """The revisions of that name; "current" asks the database."""
    graph = history(project)
    wanted = current_heads(project) if revision == "current" else revision
    return Shown(graph, names.find_all(graph, wanted))


@subcommand()
@click.argument("revision", default="head")
def command(call: Call, revision: str) -> Shown:
    """Show all about a revision.

    That is its parents, labels, file and docstring. REVISION is an id or its beginning, head, heads, current, a branch
    label, or steps from one of them: head-2.
    """
    return show(call.project, revision)
