"""What backup, restore and the option --backup have in common."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..events import BackedUp, Listener, ignore
from ..project import Project, display_path
from ..revisions.graph import Graph
from ._cli import OptionalValue

if TYPE_CHECKING:
    from ..backup import Target
    from ..execution.env import Database

DEFAULT = "default"

backup_option = click.option(
    "--backup",
    cls=OptionalValue,
    metavar="[=FILE]",
    help="Back up each database first that has something to run; into FILE, or a new file in the folder backups.",
)


@dataclass(frozen=True)
class Saved:
    """One database and its backup; ``bytes`` long, made in so many seconds."""

    database: str
    url: str
    path: Path
    bytes: int
    seconds: float

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        facts = {"database": self.database, "url": self.url, "file": str(self.path), "bytes": self.bytes}
        return {**facts, "seconds": round(self.seconds, 6)}


def target_of(project: Project, database: Database, tell: Listener) -> Target:
    """A database of env.py, for the backup."""
    from ..backup import Target

    assert database.connection is not None
    settings = project.settings
    return Target(
        database.name, database.connection, settings.backup_tools, settings.retry_for or settings.wait, project.command, tell
    )


def database_names(project: Project) -> list[str]:
    """The names of all databases that env.py connects to; "" for the default one."""
    from ..execution.env import Task, run_environment

    found: list[str] = []
    run_environment(project, Task(lambda database: found.append(database.name), context={"dont_mutate": True}))
    return found


def save(project: Project, database: Database, file: str | None, tell: Listener, *, several: bool = False) -> Saved:
    """Back up one database that nobody migrates meanwhile.

    file: None or "" for a new one in the folder ``backups`` beside the migrations folder. several: FILE is a folder.
    """
    from ..backup import method_of
    from ..backup._files import default_folder, name_of, new_file, unused
    from ..execution.lock import take_lock

    target = target_of(project, database, tell)
    method = method_of(target)
    method.check(target)
    take_lock(project, database, tell)
    label = database.name or (DEFAULT if several else "") or Path(target.connection.engine.url.database or "").stem
    name = name_of(label, method.suffix)
    if not file:
        path = unused(default_folder(project.layout.script) / name)
    elif several or file.endswith(os.sep) or Path(file).is_dir():
        path = unused(Path(file) / name)
    else:
        path = Path(file)
    started = time.perf_counter()
    with new_file(path) as made:
        method.save(target, made)
    saved = Saved(database.name, target.url, path, path.stat().st_size, time.perf_counter() - started)
    tell(BackedUp(saved.database, display_path(path), saved.bytes, saved.seconds))
    return saved


def save_pending(
    project: Project,
    path: Callable[[Graph, str, Collection[str]], Sequence[str]],
    graph: Graph,
    target: str,
    file: str | None,
    options: Mapping[str, Any],
    tell: Listener,
) -> tuple[Saved, ...]:
    """Back up every database that has something to run, before anything runs on any of them; file: None for no backup."""
    from ..execution.env import Task, run_environment
    from ..execution.runner import Runner

    if file is None:
        return ()
    several = bool(file) and len(database_names(project)) > 1
    done: list[Saved] = []

    def work(database: Database) -> None:
        runner = Runner(project, graph, database, ignore)
        current = runner.start()
        if path(runner.graph, target, current):
            current = runner.alone()
            if path(runner.graph, target, current):
                done.append(save(project, database, file, tell, several=several))

    run_environment(project, Task(work, options=options, context={"dont_mutate": True}))
    return tuple(done)


def chosen(names: Sequence[str], wanted: str | None) -> str | None:
    """The name of the database that was asked for; None for all. Raises UsageError where there is none of that name."""
    if wanted is None:
        return None
    name = "" if wanted == DEFAULT and DEFAULT not in names else wanted
    if name not in names:
        listed = ", ".join(each or DEFAULT for each in names)
        raise UsageError(f"There is no database '{wanted}'.", hint=f"There are: {listed}.")
    return name
