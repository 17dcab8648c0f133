"""``upgrade``: run what is pending."""

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


def upgrade(
    project: Project,
    target: str = "head",
    *,
    sql: bool = False,
    tag: str | None = None,
    backup: str | None = None,
    consent: Consent = NO_CONSENT,
    on_event: Listener = ignore,
) -> Migrated:
    """Bring every database of the project up to a revision.

    sql: write the script instead, from base or from the first revision of a range ``start:end``.
    consent: to what loses data. backup: back up what has something to run first, into that file or folder; "" for a new file.
    Raises Refused where a danger is not accepted, and RevisionFailed where a revision raises an exception.
    """
    return migrate(project, target, "upgrade", paths.upgrade, sql=sql, tag=tag, backup=backup, consent=consent, on_event=on_event)


@subcommand(verbose="Say when a revision begins, too.")
@click.argument("revision", default="head")
@click.option("--sql", is_flag=True, help="Print the SQL instead of running it; REVISION may be a range start:end.")
@click.option("--tag", help="A word for env.py, which may ask for it.")
@accept_option
@backup_option
@run_options
def command(call: Call, revision: str, sql: bool, tag: str | None, backup: str | None, accept: tuple[str, ...]) -> Migrated:
    """Run what is pending.

    Brings the database to the newest revision, or to REVISION, which is an id or its beginning, head, heads, a branch
    label, or a number of steps: +1. What has been applied already is not run again; with nothing to do, nothing is
    printed.
    """
    return upgrade(
        call.project,
        revision,
        sql=sql,
        tag=tag,
        backup=backup,
        consent=consent_to(accept, on_terminal()),
        on_event=call.tell,
    )
