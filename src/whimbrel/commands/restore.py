"""``restore``: put a database back to what a backup has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import Refused, UsageError
from ..events import Listener, ignore
from ..lines import Line, line
from ..project import Project, display_path
from ._backup import DEFAULT, Saved, chosen, database_names, save, target_of
from ._cli import Call, subcommand
from ._look import positions

if TYPE_CHECKING:
    from ..execution.env import Database


@dataclass(frozen=True)
class Restored:
    """Which file was restored, what is applied now, and the backup of what was there before."""

    saved: Saved
    file: Path
    revisions: tuple[str, ...]

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line."""
        at = f"at {', '.join(self.revisions)}" if self.revisions else "without a revision"
        yield line("Restored ", (self.saved.url, "path"), f" from {display_path(self.file)}: it is {at} now.")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        facts = {"database": self.saved.database, "url": self.saved.url, "file": str(self.file)}
        return {**facts, "revisions": list(self.revisions), "backup": self.saved.as_data()}


def restore(
    project: Project, file: str, *, database: str | None = None, yes: bool = False, on_event: Listener = ignore
) -> Restored:
    """Replace all of a database by a backup, after backing up what is there.

    yes: somebody has said so. Raises Refused before anything is changed, RestoreFailed where the old content is there.
    """
    from ..backup import method_of, refuse_other_kinds
    from ..execution.env import Task, run_environment
    from ..execution.lock import take_lock

    names, path = database_names(project), Path(file)
    if database is None and len(names) > 1:
        listed = ", ".join(name or DEFAULT for name in names)
        raise UsageError(f"There are several databases: {listed}.", hint="Name the one to restore with --database.")
    only = chosen(names, database)
    done: list[Saved] = []

    def work(found: Database) -> None:
        if only is not None and found.name != only:
            return
        target = target_of(project, found, on_event)
        refuse_other_kinds(target, path)
        method = method_of(target)
        method.check(target)
        if not yes:
            raise Refused(
                f"All of {target.url} would be replaced by {display_path(path)}: what was written since then is lost to it.",
                hint="Add --yes to do it; what is there now is backed up first.",
            )
        take_lock(project, found, on_event)
        method.prove(target, path)
        done.append(save(project, found, None, on_event))
        method.restore(target, path, done[-1].path)

    run_environment(project, Task(work, context={"dont_mutate": True}))
    now = next(position.heads for position in positions(project) if position.name == done[0].database)
    return Restored(done[0], path, now)


@subcommand()
@click.argument("file")
@click.option("--database", metavar="NAME", help="Which one of several databases; default is the one without a name.")
@click.option("--yes", is_flag=True, help="Replace what is in the database without asking.")
def command(call: Call, file: str, database: str | None, yes: bool) -> Restored:
    """Put the database back to what FILE has.

    FILE is what 'backup' has written. It is looked through first; then what is there now is backed up to a new file in the
    folder 'backups'; then all of it is replaced. If that fails, the old content is there. Refuses without --yes.
    """
    return restore(call.project, file, database=database, yes=yes, on_event=call.tell)
