"""Where templates for a migrations folder are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..project import Project
from ..revisions.near import near


def available(project: Project, config: Any = None) -> dict[str, tuple[Path, str]]:
    """The templates by name, each with the first line of its README.

    Ours, the ones of Flask-Migrate by the names that it gave them, and the ones of Alembic where there is no Flask.
    """
    own = Path(__file__).parent.parent / "templates"
    ours, others = project.surroundings.templates()
    found = {name: own / folder for name, folder in ours.items()}
    for folder in others:
        found = {path.name: path for path in folder.iterdir() if path.is_dir() and path.name[0] not in "_."} | found
    custom = getattr(config, "template_directory", None)
    if custom:
        found |= {path.name: path for path in Path(custom).iterdir() if path.is_dir()}
    return {name: (path, synopsis(path)) for name, path in found.items()}


def find(project: Project, name: str | None, config: Any) -> Path:
    """A template by name, or a folder of the user's own by path."""
    if name is not None and any(separator in name for separator in ("/", os.sep, os.altsep) if separator):
        path = Path(name)
        if not path.is_dir():
            raise UsageError(
                f"There is no template folder {name}.", hint="Give the path of a folder with env.py and script.py.mako."
            )
        return path
    known = available(project, config)
    wanted = name or project.surroundings.default_template
    if wanted not in known:
        likely = near(wanted, known)
        raise UsageError(
            f"There is no template '{wanted}'.",
            hint=f"Did you mean '{likely[0]}'?" if likely else f"'{project.command} list-templates' lists them.",
        )
    return known[wanted][0]


def synopsis(path: Path) -> str:
    """The first line of its README."""
    try:
        return (path / "README").read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, IndexError):
        return ""
