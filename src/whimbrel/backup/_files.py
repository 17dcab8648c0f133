"""Where backups go: complete files under new names, which nobody else may read."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from ..errors import ConfigurationError, Refused
from ..project import display_path

FOLDER = "backups"
UNSAFE = re.compile(r"[^\w.-]+")


def default_folder(beside: Path) -> Path:
    """The folder ``backups`` beside another one; made with a .gitignore, for backups are full of people's data."""
    folder = beside.absolute().parent / FOLDER
    if not folder.exists():
        with readable_errors(folder):
            folder.mkdir(parents=True)
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def name_of(database: str, suffix: str) -> str:
    """A name that says what and when: ``shop-20261120T101500Z.dump``."""
    return f"{UNSAFE.sub('_', database).strip('._') or 'database'}-{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}{suffix}"


def unused(path: Path) -> Path:
    """That path, or one like it that is not there yet."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_name(f"{path.stem}-{number}{path.suffix}"), number + 1
    return found


def refuse_existing(path: Path) -> None:
    """Raise Refused where a file would be overwritten."""
    if path.exists():
        raise Refused(f"{display_path(path)} exists; a backup never overwrites a file.", hint="Name another file, or none.")


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """An empty file beside a path, which gets its name when all went well; otherwise nothing is left.

    Raises Refused where the path exists.
    """
    refuse_existing(path)
    with readable_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(file)
    made = Path(name)
    try:
        yield made
        with readable_errors(path):
            publish(made, path)
    finally:
        made.unlink(missing_ok=True)


def publish(made: Path, path: Path) -> None:
    """Give a file its name once it is on the disk."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    try:
        os.link(made, path)  # unlike a rename it never overwrites
    except FileExistsError:
        refuse_existing(path)
    except OSError:  # a file system without links
        refuse_existing(path)
        made.rename(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """Raise ConfigurationError where a file cannot be written."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"{display_path(path)} cannot be written: {error.strerror or error}.",
            hint="Name a file in a folder that may be written to; nothing has been changed.",
        ) from error
