"""``edit``: open revision files in an editor."""

from __future__ import annotations

import click

from ..errors import ConfigurationError, RevisionNotFound
from ..project import Project
from ..revisions import names
from ..revisions.index import history
from ._cli import Call, subcommand
from ._look import current_heads
from ._revisions import Listing


def edit(project: Project, revision: str = "current") -> Listing:
    """Open the files of these revisions in $VISUAL or $EDITOR, one after the other.

    Raises ConfigurationError where the editor cannot be started.
    """
    graph = history(project)
    found = names.find_all(graph, current_heads(project) if revision == "current" else revision)
    if not found:
        raise RevisionNotFound(f"'{revision}' has no file to edit.", hint=f"'{project.command} history' lists what there is.")
    for id in found:
        try:
            click.edit(filename=str(graph[id].path))
        except click.ClickException as error:
            raise ConfigurationError(error.message, hint="Set $VISUAL or $EDITOR to an editor that can be started.") from error
    return Listing(graph, found)


@subcommand()
@click.argument("revision", default="head")
def command(call: Call, revision: str) -> None:
    """Open a revision file in your editor.

    The editor is $VISUAL or $EDITOR. REVISION is an id or its beginning, head, or current for the one that the database
    is at.
    """
    edit(call.project, revision)
