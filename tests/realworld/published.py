"""Packages as they are published: the wheel is downloaded once, and of it only what its migrations need is unpacked.

What the revisions import beside that is heavy (a web server, a vector store), and stands in the tests as a few lines.
"""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from textwrap import dedent

import pytest

from kit.environments import flask_migrate_python, locked

WHEELS = Path(__file__).parents[2] / ".cache" / "wheels"


@dataclass(frozen=True)
class Package:
    """One version of a package.

    files: what is unpacked, as patterns of paths in the wheel; ``*`` goes into folders.
    stands_in: files that are written in the place of the package's own.
    """

    name: str
    version: str
    files: tuple[str, ...]
    stands_in: Mapping[str, str]

    def unpack(self, folder: Path) -> None:
        """Put the files into a folder, from which Python can import them."""
        with zipfile.ZipFile(self.wheel()) as wheel:
            wanted = [name for name in wheel.namelist() if any(fnmatch(name, pattern) for pattern in self.files)]
            wheel.extractall(folder, wanted)
        for path, text in self.stands_in.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def wheel(self) -> Path:
        """The downloaded file."""
        pattern = f"{self.name.replace('-', '_')}-{self.version}-*.whl"
        with locked(WHEELS / f"{self.name}.lock"):
            if not list(WHEELS.glob(pattern)):
                self.download()
            return next(WHEELS.glob(pattern))

    def download(self) -> None:
        """Ask the package index for it. Without it there is nothing to test: that is a failure, not a reason to skip."""
        command = [str(flask_migrate_python()), "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
        command += ["--disable-pip-version-check", "--dest", str(WHEELS), f"{self.name}=={self.version}"]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.fail(f"{self.name} {self.version} cannot be downloaded from the package index: {why}", pytrace=False)
