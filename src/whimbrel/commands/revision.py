"""``revision``: write a new revision file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from ..events import Listener, ignore
from ..project import Project
from ._cli import Call, subcommand
from ._options import revision_options
from ._revise import Written, revise


def revision(
    project: Project,
    message: str | None = None,
    *,
    autogenerate: bool = False,
    sql: bool = False,
    head: str = "head",
    splice: bool = False,
    branch_label: str | None = None,
    version_path: str | None = None,
    rev_id: str | None = None,
    depends_on: str | Sequence[str] | None = None,
    on_event: Listener = ignore,
) -> Written:
    """Write a new revision file after a head: empty, or with autogenerate what models and database differ in."""
    arguments = {
        "message": message,
        "autogenerate": autogenerate,
        "head": head,
        "splice": splice,
        "branch_label": branch_label,
        "version_path": version_path,
        "rev_id": rev_id,
        "depends_on": depends_on or None,
    }
    return revise(project, arguments, autogenerate=autogenerate, sql=sql, on_event=on_event)


@subcommand(verbose="Show all changes, not only the first ones.")
@revision_options
@click.option(
    "--autogenerate", is_flag=True, help="Fill it with what the models and the database differ in; the same as 'migrate'."
)
def command(call: Call, **options: Any) -> Written:
    """Write an empty revision file.

    For changes that you write by hand: data, seeds, triggers. Asks no database, except with --autogenerate.
    """
    return revision(call.project, on_event=call.tell, **options)
