"""``init``: make a migrations folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigurationError, Refused
from ..lines import Line, line
from ..project import Project, display_path
from . import _templates
from ._cli import Call, subcommand


@dataclass(frozen=True)
class Created:
    """A new migrations folder and the files in it."""

    directory: Path
    files: tuple[Path, ...]
    next: str

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """What was made and what comes next."""
        for path in self.files:
            yield line("Created ", (display_path(path), "path"))
        yield line(("Next: ", "good"), self.next)

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {"directory": display_path(self.directory), "files": list(map(display_path, self.files))}


def init(project: Project, *, multidb: bool = False, template: str | None = None, package: bool = False) -> Created:
    """Make a migrations folder from a template. Raises Refused where there is something in it already.

    multidb: accepted for Flask-Migrate's sake; the template is for one and for many databases.
    """
    directory = project.directory
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Refused(
            f"{display_path(directory)} exists already and is not empty.",
            hint="Name another folder with -d, or go on with the one that is there.",
        )
    config = project.config()
    source = _templates.find(project, template or (project.surroundings.multidb_template if multidb else None), config)
    ini, toml = project.config_file or directory / "alembic.ini", project.toml_file
    versions = directory / "versions"
    versions.mkdir(parents=True)
    made: list[Path] = []
    for path in sorted(source.iterdir()):
        if path.name == "alembic.ini.mako":
            if not ini.exists():
                made.append(write(ini, render(path, script_location=location(directory, ini))))
        elif path.name == "pyproject.toml.mako":
            toml = toml or Path("pyproject.toml")
            made += append(toml, render(path, script_location=location(directory, toml)))
        elif path.is_file():
            made.append(write(directory / path.name, path.read_bytes()))
    if package:
        made += [write(folder / "__init__.py", b"") for folder in (directory, versions)]
    return Created(directory, (*made, versions), project.surroundings.after_init(display_path(directory)))


def render(template: Path, **values: str) -> bytes:
    """What a Mako template becomes."""
    from mako.template import Template

    text: str = Template(filename=str(template)).render_unicode(**values)
    return text.encode()


def location(directory: Path, config_file: Path) -> str:
    """The folder as its configuration names it: relative to the configuration, unless the user gave a full path."""
    if directory.is_absolute():
        return directory.as_posix()
    relative = os.path.relpath(directory.absolute(), config_file.absolute().parent)
    return f"%(here)s/{Path(relative).as_posix()}"


def write(path: Path, data: bytes) -> Path:
    """Make one file."""
    path.write_bytes(data)
    return path


def append(toml: Path, data: bytes) -> list[Path]:
    """Add the section to a pyproject.toml, unless it has one."""
    before = toml.read_bytes() if toml.exists() else b""
    if b"[tool.alembic]" in before:
        return []
    try:
        return [write(toml, before + (b"\n\n" if before else b"") + data)]
    except OSError as error:
        raise ConfigurationError(f"{display_path(toml)} cannot be written: {error}") from error


@subcommand()
@click.argument("folder", required=False)
@click.option("--multidb", is_flag=True, help="For several databases; the usual template is for one and for many.")
@click.option("-t", "--template", metavar="NAME", help="Another template: a name from 'list-templates', or the path of your own.")
@click.option("--package", is_flag=True, help="Write __init__.py files, too.")
def command(call: Call, folder: str | None, multidb: bool, template: str | None, package: bool) -> Created:
    """Make a migrations folder.

    Needed once in the life of a project. It belongs into version control, with every revision in it. FOLDER is the same
    as -d.
    """
    project = call.project.moved_to(folder) if folder else call.project
    return init(project, multidb=multidb, template=template, package=package)
