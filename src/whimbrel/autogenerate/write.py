"""Write a new revision file: whole or not at all, never over another one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._alembic import Scripts
from ..errors import ConfigurationError, Refused, UsageError
from ..project import Project, display_path
from ..revisions import names
from ..revisions.graph import Graph
from ..revisions.read import read_revision
from ..revisions.revision import ID_LENGTH, ILLEGAL
from .layout import in_quotes, laid_out, texts_of


@dataclass(frozen=True)
class Writer:
    """Takes the place of Alembic's ``ScriptDirectory.generate_revision``.

    longest: how many characters a revision id may have, None for as many as one likes.
    """

    project: Project
    graph: Graph
    longest: int | None = ID_LENGTH

    def __call__(
        self,
        scripts: Scripts,
        revid: str,
        message: str | None,
        head: str | Iterable[str] | None = None,
        splice: bool | None = False,
        branch_labels: str | Iterable[str] | None = None,
        version_path: str | os.PathLike[str] | None = None,
        file_template: str | None = None,
        depends_on: str | Iterable[str] | None = None,
        **values: Any,
    ) -> Path:
        """Render ``script.py.mako`` into a new file and return its path.

        Raises Refused for an id that is taken, too long or not allowed, for a parent that is no head without splice, for
        a version path that is not of this project.
        """
        self.refuse_id(revid)
        heads = self.parents(head or "head", bool(splice))
        labels = as_tuple(branch_labels)
        self.refuse_labels(labels)
        folder = self.folder(version_path, heads)
        created = scripts.now()
        path = scripts.file_path(folder, revid, message, created)
        if path.exists():
            raise Refused(f"{display_path(path)} exists already.", hint="Give the revision another id or message.")
        text = self.render(
            scripts,
            up_revision=revid,
            down_revision=scalar(heads),
            branch_labels=labels or None,
            depends_on=scalar(self.dependencies(as_tuple(depends_on))),
            create_date=created,
            comma=lambda value: ", ".join(as_tuple(value)),
            message=message if message is not None else "empty message",
            **{name: value for name, value in values.items() if name != "refresh"},
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, text.encode(scripts.output_encoding))
        scripts.run_hooks(path)
        self.check_labels(path, labels)
        return path

    def refuse_id(self, id: str) -> None:
        """Raise Refused for an id that cannot be used."""
        if id in self.graph:
            raise Refused(
                f"There is a revision {id} already: {display_path(self.graph[id].path)}.", hint="Choose another --rev-id."
            )
        if not id or ILLEGAL & set(id):
            raise Refused(
                f"'{id}' cannot be a revision id: {' '.join(sorted(ILLEGAL))} have a meaning on the command line.",
                hint="Choose another --rev-id.",
            )
        longest = max([self.longest or len(id), *map(len, self.graph.revisions)])
        if len(id) > longest:
            raise Refused(
                f"The revision id {id} has {len(id)} characters, and the version table takes {longest}.",
                hint="Choose a shorter --rev-id; a long name is better in the message (-m).",
            )

    def parents(self, head: str | Iterable[str], splice: bool) -> tuple[str, ...]:
        """The revisions that the new one comes after."""
        parts = [head] if isinstance(head, str) else list(head)
        found = [id for part in parts for id in names.find_all(self.graph, part)]
        if double := {id for id in found if found.count(id) > 1}:
            raise UsageError(f"Revision {double.pop()} is named twice.")
        for id in found:
            if not splice and not self.graph.is_head(id):
                after = " and ".join(self.graph.children(id))
                raise Refused(
                    f"Revision {id} is not a head: {after} comes after it already.",
                    hint="Add --splice to begin a new branch there.",
                )
        return tuple(found)

    def refuse_labels(self, labels: tuple[str, ...]) -> None:
        """Raise Refused for a branch label that is taken or not allowed."""
        for label in labels:
            other = self.graph.labelled.get(label) or (label if label in self.graph else None)
            if other:
                raise Refused(f"The branch label '{label}' is taken by revision {other}.", hint="Choose another --branch-label.")
            if ILLEGAL & set(label):
                raise Refused(
                    f"'{label}' cannot be a branch label: {' '.join(sorted(ILLEGAL))} have a meaning on the command line.",
                    hint="Choose another --branch-label.",
                )

    def dependencies(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The full ids of the revisions it depends on; labels stay labels."""
        return tuple(name if name in self.graph.labelled else names.find(self.graph, name) or name for name in wanted)

    def folder(self, wanted: str | os.PathLike[str] | None, heads: tuple[str, ...]) -> Path:
        """The version location for the new file."""
        known = self.project.layout.versions
        if wanted is None:
            if len(known) == 1:
                return known[0]
            if heads:
                return self.graph[heads[0]].path.parent
            listed = ", ".join(map(display_path, known))
            raise Refused(f"The project has several version locations: {listed}.", hint="Choose one with --version-path.")
        for folder in known:
            if os.path.realpath(folder) == os.path.realpath(wanted):
                return folder
        listed = ", ".join(map(display_path, known))
        raise Refused(f"{display_path(wanted)} is not a version location of this project; those are: {listed}.")  # type: ignore[arg-type]

    def render(self, scripts: Scripts, **values: Any) -> str:
        """The text of the new file, from the project's own template."""
        template = Path(scripts.dir) / "script.py.mako"
        if not template.exists():
            raise ConfigurationError(
                f"There is no {display_path(template)}, the template of new revisions.",
                hint="Restore it from version control, or copy it from a new project.",
            )
        for name in texts_of(values):
            values[name] = laid_out(values[name])
        try:
            return scripts.render(template, repr=in_quotes, **values)
        except Exception as error:
            from mako.exceptions import RichTraceback

            line = getattr(RichTraceback(error, error.__traceback__), "lineno", None)
            raise ConfigurationError(
                f"The template of new revisions failed: {type(error).__name__}: {error}",
                place=f"{display_path(template)}:{line}" if line else display_path(template),
            ) from error

    def check_labels(self, path: Path, labels: tuple[str, ...]) -> None:
        """Raise ConfigurationError where the template leaves the branch labels out."""
        if labels and not read_revision(path)[0].labels:
            path.unlink()
            raise ConfigurationError(
                f"script.py.mako has no line for branch_labels, so the label {', '.join(labels)} would be lost.",
                hint="Add the line  branch_labels = ${repr(branch_labels)}  to it.",
            )


def write_new(path: Path, data: bytes) -> None:
    """Make a file with these bytes, or leave nothing behind."""
    part = path.with_name(f".#{path.name}.part")
    try:
        part.write_bytes(data)
        os.link(part, path)  # unlike a rename, never over a file that somebody else has just made
    except FileExistsError:
        raise Refused(f"{display_path(path)} exists already.") from None
    except OSError:
        os.rename(part, path)  # a file system without links
    finally:
        part.unlink(missing_ok=True)


def as_tuple(value: str | Iterable[str] | None) -> tuple[str, ...]:
    """None, one or more names, as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def scalar(values: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """As revision files have it: None, one name, or a tuple of names."""
    return None if not values else values[0] if len(values) == 1 else values
