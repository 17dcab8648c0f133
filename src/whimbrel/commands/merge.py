"""``merge``: join branches with a revision that does nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import click

from ..errors import Refused
from ..events import ignore
from ..project import Project
from ..revisions import names
from ..revisions.graph import Graph
from ..revisions.index import history
from ..revisions.touched import conflicts
from ._cli import Call, subcommand
from ._revise import Written, revise

MOST_LISTED = 15


def merge(
    project: Project,
    revisions: str | Sequence[str] = "heads",
    message: str | None = None,
    *,
    branch_label: str | None = None,
    rev_id: str | None = None,
    splice: bool = False,
    force: bool = False,
) -> Written:
    """Write a revision that comes after several others.

    force: also where they touch the same things. Raises Refused then, and where there is only one to come after.
    """
    graph = history(project)
    wanted = [revisions] if isinstance(revisions, str) else list(revisions) or ["heads"]
    # "heads" are the effective ones everywhere else; two branches can only be joined at their last revisions.
    found = [id for name in wanted for id in (graph.heads if name == "heads" else names.find_all(graph, name))]
    if len(set(found)) < 2:
        one = f"there is only {found[0]}" if found else "there are none"
        raise Refused(
            f"Nothing to merge: a merge joins two or more revisions, and {one}.", hint=f"'{project.command} heads' lists them."
        )
    if not force:
        refuse_conflicts(project, graph, list(dict.fromkeys(found)))
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


def refuse_conflicts(project: Project, graph: Graph, heads: list[str]) -> None:
    """Raise Refused where two of the branches touch the same table, column, index or constraint."""
    lines: list[str] = []
    for one, other in combinations(heads, 2):
        mine, theirs = graph.ancestors([one]), graph.ancestors([other])
        sides = [[graph[id] for id in some] for some in (mine - theirs, theirs - mine)]
        for touch, revision, their_revision in conflicts(*sides):
            table = ".".join(filter(None, touch.table))
            thing = f"{table}.{touch.thing}" if touch.thing else table
            lines.append(f"  {thing}: {revision.id} ({revision.message}) and {their_revision.id} ({their_revision.message})")
    if lines:
        more = [f"  … and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
        raise Refused(
            "The branches touch the same things, so that one cannot run after the other:\n"
            + "\n".join([*sorted(lines)[:MOST_LISTED], *more]),
            state="Nothing has been written.",
            hint="Take one of the two out of its revision, if it ran nowhere yet; or, where both can run, add --force.",
            data={"conflicts": [line.strip() for line in lines]},
        )


@subcommand()
@click.argument("revisions", nargs=-1, metavar="[REVISION]...")
@click.option("-m", "--message", help="What is joined, in a few words; becomes part of the file name.")
@click.option("--branch-label", metavar="LABEL", help="A name for the branch that begins here.")
@click.option("--rev-id", metavar="ID", help="The id, instead of a random one; at most 32 characters.")
@click.option("--splice", is_flag=True, help="Also join revisions that are not heads.")
@click.option("--force", is_flag=True, help="Also join branches that touch the same things.")
def command(call: Call, revisions: tuple[str, ...], **options: Any) -> Written:
    """Join branches of the history.

    Two people added a revision on the same day, and 'upgrade' does not know which one is head: this writes a revision
    that comes after both. Without REVISION it comes after all heads. Refuses where both do something to the same column,
    index or constraint, or one of them creates, drops or renames a table that the other changes.
    """
    return merge(call.project, revisions, **options)
