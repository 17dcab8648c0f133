"""``list-templates``: what a new migrations folder can be made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..lines import Line, line
from ..project import Project
from ._cli import Call, subcommand
from ._templates import available


@dataclass(frozen=True)
class Templates:
    """The templates by name, each with a sentence about it."""

    templates: dict[str, tuple[Path, str]]

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """One line a template."""
        yield line("Available templates:")
        yield line()
        for name, (path, synopsis) in sorted(self.templates.items()):
            yield line((name, "strong"), f" - {synopsis}", (f"  {path}", "dim") if verbose else "")

    def as_data(self) -> list[dict[str, Any]]:
        """The same for machines."""
        return [{"name": name, "synopsis": text, "path": str(path)} for name, (path, text) in sorted(self.templates.items())]


def list_templates(project: Project) -> Templates:
    """The templates that ``init -t`` knows by name."""
    return Templates(available(project))


@subcommand(verbose="Show where they are, too.")
def command(call: Call) -> Templates:
    """List the templates for 'init'."""
    return list_templates(call.project)
