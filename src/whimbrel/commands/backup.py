"""``backup``: write each database to a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..events import Listener, ignore
from ..lines import Line
from ..project import Project
from ._backup import Saved, chosen, database_names, save
from ._cli import Call, subcommand

if TYPE_CHECKING:
    from ..execution.env import Database


@dataclass(frozen=True)
class Backups:
    """The backups that were made."""

    files: tuple[Saved, ...]

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """Nothing more: each backup had its line when it was done."""
        return iter(())

    def as_data(self) -> list[dict[str, Any]]:
        """The same for machines."""
        return [saved.as_data() for saved in self.files]


def backup(project: Project, file: str | None = None, *, database: str | None = None, on_event: Listener = ignore) -> Backups:
    """Back up every database of the project, or one of them.

    file: a new file, or a folder where there are several databases. Raises BackupFailed; no file is left then.
    """
    from ..execution.env import Task, run_environment

    names = database_names(project)
    only = chosen(names, database)
    several = bool(file) and only is None and len(names) > 1
    done: list[Saved] = []

    def work(found: Database) -> None:
        if only is None or found.name == only:
            done.append(save(project, found, file, on_event, several=several))

    run_environment(project, Task(work, context={"dont_mutate": True}))
    return Backups(tuple(done))


@subcommand()
@click.argument("file", required=False)
@click.option("--database", metavar="NAME", help="Only this one of several databases; default is the one without a name.")
def command(call: Call, file: str | None, database: str | None) -> Backups:
    """Write the database to a file.

    Without FILE, a new file in the folder 'backups' beside the migrations folder. Where there are several databases, each
    has a file of its own, and FILE is a folder. The database may be in use. No file is ever overwritten, and what is not
    complete is no file.
    """
    return backup(call.project, file, database=database, on_event=call.tell)
