"""``heads``: where the history ends."""

from __future__ import annotations

import click

from ..project import Project
from ..revisions.index import history
from ._cli import Call, subcommand
from ._revisions import Listing


def heads(project: Project, *, resolve_dependencies: bool = False) -> Listing:
    """The revisions that nothing comes after; with resolve_dependencies without those that others depend on."""
    graph = history(project)
    return Listing(graph, graph.effective_heads if resolve_dependencies else graph.heads)


@subcommand(verbose="Show all that is known of each.")
@click.option("--resolve-dependencies", is_flag=True, help="Leave out heads that another branch depends on.")
def command(call: Call, resolve_dependencies: bool) -> Listing:
    """Show the newest revisions.

    Usually there is one; there are more where branches were not merged, and 'merge' joins them. Reads the files only.
    """
    return heads(call.project, resolve_dependencies=resolve_dependencies)
