"""All revisions of a project, read from their files' text and remembered by size and modification time.

The memory is a file in the ``__pycache__`` of the migrations folder, kept and left out under the same conditions as
Python's own bytecode: it is never needed, only faster.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import HistoryError
from ..project import Layout, Project, display_path
from .graph import Graph
from .read import read_revision
from .revision import Revision

SOURCE = re.compile(r"(?!\.\#|__init__)(.*\.py)$")
SOURCE_OR_BYTECODE = re.compile(r"(?!\.\#|__init__)(.*\.py)(c|o)?$")
FORMAT = 2
SETTLED = 2_000_000_000
"""Nanoseconds: a file changed so recently may change again without another modification time, so it is read again."""


def history(project: Project) -> Graph:
    """The history of a project; read once for each command. Raises HistoryError where the files contradict each other."""
    if "history" not in project.cache:
        project.cache["history"] = Graph(read_all(project.layout), project.command)
    graph = project.cache["history"]
    assert isinstance(graph, Graph)
    return graph


def forget(project: Project) -> None:
    """Read the files again when the history is next needed: a revision was written."""
    project.cache.pop("history", None)


def read_all(layout: Layout) -> list[Revision]:
    """Every revision file of the folders, in the order of their names."""
    memory = Memory(layout.script)
    revisions: dict[str, Revision] = {}
    for path in files(layout):
        revision = memory.recall(path)
        known = revisions.setdefault(revision.id, revision)
        if known is not revision:
            raise HistoryError(
                f"Two files have the revision id {revision.id}: {known.path.name} and {path.name}.",
                hint="Delete one of them, or give it an id and a down_revision of its own.",
                place=f"{display_path(known.path)} and {display_path(path)}",
            )
    memory.save()
    return list(revisions.values())


def files(layout: Layout) -> Iterator[Path]:
    """The revision files, each once, in the order in which Alembic reads them."""
    seen: set[str] = set()
    for location in layout.versions:
        root = os.path.realpath(location)
        for folder, folders, names in os.walk(root):
            if os.path.basename(folder) == "__pycache__":
                continue
            folders.sort()
            for name in matching(folder, sorted(names), layout.sourceless):
                path = os.path.join(folder, name)
                real = os.path.realpath(path) if os.path.islink(path) else path
                if real not in seen:
                    seen.add(real)
                    yield Path(real)
            if not layout.recursive:
                break


def matching(folder: str, names: list[str], sourceless: bool) -> Iterator[str]:
    """Which files of one folder are revisions; bytecode only where its source is not there."""
    if not sourceless:
        yield from filter(SOURCE.match, names)
        return
    yield from (name for name in names if SOURCE.match(name) or (SOURCE_OR_BYTECODE.match(name) and name[:-1] not in names))
    stems = {name.split(".")[0] for name in names}
    cached = os.path.join(folder, "__pycache__")
    if os.path.isdir(cached):
        for name in sorted(os.listdir(cached)):
            if name.endswith((".pyc", ".pyo")) and name.split(".")[0] not in stems | {"__init__"}:
                yield os.path.join("__pycache__", name)


class Memory:
    """What earlier commands read, by file."""

    def __init__(self, script: Path) -> None:
        self.path = script / "__pycache__" / "whimbrel-history.json"
        self.old: dict[str, list[Any]] = {}
        self.new: dict[str, list[Any]] = {}
        self.is_complete = True
        try:
            stored = json.loads(self.path.read_bytes())
            if stored["format"] == FORMAT:
                self.old = stored["files"]
        except (OSError, ValueError, KeyError, TypeError):
            pass  # none yet, or not ours

    def recall(self, path: Path) -> Revision:
        """The revision in a file: from memory where the file has not changed since."""
        key = str(path)
        stat = os.stat(key)
        known = self.old.get(key)
        if known is not None and known[0] == stat.st_size and known[1] == stat.st_mtime_ns:
            self.new[key] = known
            _, _, revision, parents, doc, labels, depends_on, checksum = known
            return Revision(revision, tuple(parents), path, doc, tuple(labels), tuple(depends_on), checksum)
        found, is_static = read_revision(path)
        if is_static and time.time_ns() - stat.st_mtime_ns > SETTLED:
            facts = [found.id, found.parents, found.doc, found.labels, found.depends_on, found.checksum]
            self.new[key] = [stat.st_size, stat.st_mtime_ns, *facts]
            self.is_complete = False
        return found

    def save(self) -> None:
        """Write what was read, if it is new and bytecode may be written too."""
        if (self.is_complete and len(self.new) == len(self.old)) or sys.dont_write_bytecode or sys.pycache_prefix:
            return
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(exist_ok=True)
            part.write_text(json.dumps({"format": FORMAT, "files": self.new}), encoding="utf-8")
            os.replace(part, self.path)
        except OSError:  # a read-only installation
            with suppress(OSError):
                part.unlink()
