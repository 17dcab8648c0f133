"""``show``: all about one revision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ..errors import RevisionNotFound
from ..lines import Line
from ..project import Project
from ..revisions import names
from ..revisions.code import checksum
from ..revisions.index import forget, history, read_all
from ..revisions.read import source_of
from ._cli import Call, subcommand
from ._look import positions
from ._revisions import Listing
from .log import log


class Shown(Listing):
    """Revisions that are always shown in full."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """All that is known of each."""
        return super().as_lines(verbose=True)


def show(project: Project, revision: str = "head", *, restore: bool = False) -> Shown:
    """The revisions of that name; "current" asks the database.

    restore: first write its file again as it ran on a database; a file that says something else is kept beside it.
    """
    if restore:
        restored(project, revision)
    graph = history(project)
    if revision == "current":
        found = positions(project)
        return Shown(found[0].graph if found else graph, dict.fromkeys(head for each in found for head in each.heads))
    try:
        return Shown(graph, names.find_all(graph, revision))
    except RevisionNotFound as error:
        if not error.data.get("near", True):  # nothing is called like that
            error.hint = f"{error.hint} '{project.command} show {revision} --restore' writes the file again of one that ran here."
        raise


def restored(project: Project, revision: str) -> Path:
    """Write the file of a revision again, from the source that a database has kept."""
    found = log(project, revision, source=True)
    entry = found.entries[0][1]
    path = project.layout.script / (entry.file or f"versions/{entry.revision}.py")
    known = next((each for each in read_all(project.layout) if each.id == entry.revision), None)
    path = known.path if known else path
    if path.exists() and checksum(source_of(path) or "") != checksum(found.sources[0]):
        kept = path.with_name(f"{path.name}.edited")
        path.replace(kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.sources[0], encoding="utf-8")
    forget(project)
    return path


@subcommand()
@click.argument("revision", default="head")
@click.option("--restore", is_flag=True, help="Write the file again, as it ran on the database; keeps an edited one beside it.")
def command(call: Call, revision: str, restore: bool) -> Shown:
    """Show all about a revision.

    That is its parents, labels, file and docstring. REVISION is an id or its beginning, head, heads, current, a branch
    label, or steps from one of them: head-2.
    """
    return show(call.project, revision, restore=restore)
