"""``downgrade``: undo what was applied."""

from __future__ import annotations

import click

from ..events import Listener, ignore
from ..project import Project
from ..revisions import paths
from ._ask import on_terminal
from ._backup import backup_option
from ._cli import Call, subcommand
from ._migrate import Migrated, migrate
from ._plan import NO_CONSENT, Consent, accept_option, consent_to
from ._settings import run_options


def downgrade(
    project: Project,
    target: str = "-1",
    *,
    sql: bool = False,
    tag: str | None = None,
    backup: str | None = None,
    consent: Consent = NO_CONSENT,
    on_event: Listener = ignore,
) -> Migrated:
    """Take every database of the project down to a revision; by default one step.

    sql: write the script instead, for a range ``start:end``.
    consent: to what loses data. backup: back up what has something to run first, into that file or folder; "" for a new file.
    Raises Refused where a danger is not accepted, and RevisionFailed where a revision raises an exception.
    """
    if sql and target == "-1":
        target = "head:-1"
    return migrate(
        project, target, "downgrade", paths.downgrade, sql=sql, tag=tag, backup=backup, consent=consent, on_event=on_event
    )


@subcommand(verbose="Say when a revision begins, too.")
@click.argument("revision", default="-1")
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it; REVISION must be a range start:end.")
@click.option("--tag", help="A word for env.py, which may ask for it.")
@accept_option
@backup_option
@run_options
def command(call: Call, revision: str, sql: bool, tag: str | None, backup: str | None, accept: tuple[str, ...]) -> Migrated:
    """Undo the last revision, or all down to REVISION.

    REVISION itself stays. It is an id or its beginning, base for all, or a number of steps: -2.
    """
    return downgrade(
        call.project,
        revision,
        sql=sql,
        tag=tag,
        backup=backup,
        consent=consent_to(accept, on_terminal()),
        on_event=call.tell,
    )
