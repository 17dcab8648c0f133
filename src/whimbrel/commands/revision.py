"""``revision``: write a new revision file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..events import Listener, ignore
from ..project import Project
from ._ask import on_terminal
from ._cli import Call, subcommand
from ._options import answer_options, revision_options
from ._revise import Written, revise

if TYPE_CHECKING:
    from ..autogenerate.answers import Asker


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
    rename: Sequence[str] = (),
    no_rename: bool = False,
    fill: Sequence[str] | Mapping[str, str] = (),
    allow_drop: Sequence[str] = (),
    ask: Asker | None = None,
    on_event: Listener = ignore,
) -> Written:
    """Write a new revision file after a head: empty, or with autogenerate what models and database differ in.

    rename, no_rename, fill, allow_drop: what would be asked otherwise. ask: who is; with nobody, Undecided is raised.
    """
    said = None
    if autogenerate:
        from ..autogenerate.answers import answers

        said = answers(rename, no_rename, fill, allow_drop, ask)
    elif rename or no_rename or fill or allow_drop:
        raise UsageError(
            "--rename, --no-rename, --fill and --allow-drop are about what models and database differ in.",
            hint="Add --autogenerate, or use 'migrate'.",
        )
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
    return revise(project, arguments, autogenerate=autogenerate, sql=sql, on_event=on_event, said=said)


@subcommand(verbose="Show all changes, not only the first ones.")
@revision_options
@answer_options
@click.option(
    "--autogenerate", is_flag=True, help="Fill it with what the models and the database differ in; the same as 'migrate'."
)
def command(call: Call, **options: Any) -> Written:
    """Write an empty revision file.

    For changes that you write by hand: data, seeds, triggers. Asks no database, except with --autogenerate.
    """
    return revision(call.project, ask=on_terminal(), on_event=call.tell, **options)
