"""Virtual environments for the tools that tests compare us with: each is made once, then found again by its contents.

They are in ``.cache/environments`` of the repository. What is installed is the same as here, but for Whimbrel, which is
not: a difference between two tools is then theirs, and not one of the libraries below them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / ".cache" / "environments"
COMPLETE = "complete"  # a file that is written last

FLASK_MIGRATE = "Flask-Migrate==4.1.0"
SHARED = (
    "aiosqlite",
    "alchemical",
    "alembic",
    "click",
    "Flask",
    "Flask-SQLAlchemy",
    "Flask-SQLAlchemy-Lite",
    "packaging",
    "psycopg",
    "psycopg-binary",
    "PyMySQL",
    "SQLAlchemy",
)
"""The packages that both sides run on, in the versions that are installed here."""


def flask_migrate_python() -> Path:
    """The Python of an environment with the real Flask-Migrate and Alembic, and without Whimbrel."""
    return environment([FLASK_MIGRATE, *pinned()])


def both_python() -> Path:
    """The Python of an environment with Flask-Migrate and this very Whimbrel, to measure one beside the other."""
    return environment([FLASK_MIGRATE, *pinned(), f"--editable={REPOSITORY}"])


def pinned() -> list[str]:
    """The shared packages in the versions of this environment."""
    return [f"{name}=={version(name)}" for name in SHARED]


def environment(requirements: Sequence[str]) -> Path:
    """The Python of a virtual environment with these requirements, which is made if there is none."""
    wanted = "\n".join([sys.version, *sorted(requirements)])
    folder = FOLDER / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    python = folder / "bin" / "python"
    if not (folder / COMPLETE).exists():
        with locked(folder.with_suffix(".lock")):
            if not (folder / COMPLETE).exists():
                shutil.rmtree(folder, ignore_errors=True)  # one that was stopped half-way
                run(sys.executable, "-m", "venv", str(folder))
                run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements)
                (folder / COMPLETE).write_text(wanted, encoding="utf-8")
    return python


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(*command: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    done = subprocess.run(command, env=kept, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
