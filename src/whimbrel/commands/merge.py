"""``merge``: join branches with a revision that does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ..errors import Refused
from ..events import ignore
from ..project import Project
from ..revisions import names
from ..revisions.index import history
from ._cli import Call, subcommand
from ._revise import Written, revise


def merge(
    project: Project,
    revisions: str | Sequence[str] = "heads",
    message: str | None = None,
    *,
    branch_label: str | None = None,
    rev_id: str | None = None,
    splice: bool = False,
) -> Written:
    """Write a revision that comes after several others. Raises Refused where there is only one to come after."""
    graph = history(project)
    wanted = [revisions] if isinstance(revisions, str) else list(revisions) or ["heads"]
    # "heads" are the effective ones everywhere else; two branches can only be joined at their last revisions.
    found = [id for name in wanted for id in (graph.heads if name == "heads" else names.find_all(graph, name))]
    if len(set(found)) < 2:
        one = f"there is only {found[0]}" if found else "there are none"
        raise Refused(
            f"Nothing to merge: a merge joins two or more revisions, and {one}.", hint=f"'{project.command} heads' lists them."
        )
    arguments = {
        "message": message,
        "head": tuple(found),
        "splice": splice,
        "branch_label": branch_label,
        "version_path": None,
        "rev_id": rev_id,
        "depends_on": None,
    }
    return revise(project, arguments, autogenerate=False, on_event=ignore)


@subcommand()
@click.argument("revisions", nargs=-1, metavar="[REVISION]...")
@click.option("-m", "--message", help="What is joined, in a few words; becomes part of the file name.")
@click.option("--branch-label", metavar="LABEL", help="A name for the branch that begins here.")
@click.option("--rev-id", metavar="ID", help="The id, instead of a random one; at most 32 characters.")
@click.option("--splice", is_flag=True, help="Also join revisions that are not heads.")
def command(
    call: Call, revisions: tuple[str, ...], message: str | None, branch_label: str | None, rev_id: str | None, splice: bool
) -> Written:
    """Join branches of the history.

    Two people added a revision on the same day, and 'upgrade' does not know which one is head: this writes a revision
    that comes after both. Without REVISION it comes after all heads.
    """
    return merge(call.project, revisions, message, branch_label=branch_label, rev_id=rev_id, splice=splice)
