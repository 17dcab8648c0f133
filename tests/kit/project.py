"""A Flask project in a folder, used as its developer uses it: files are written, commands are typed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from textwrap import dedent, indent
from types import ModuleType
from typing import Any

from click.testing import CliRunner

from .database import Database

APP = """
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from whimbrel import Migrate

app = Flask(__name__, root_path={root!r})
app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
{config}
db = SQLAlchemy(app)
migrate = Migrate(app, db{keywords})
{models}
"""

REVISION = '''"""{message}

Revision ID: {id}
Revises: {after}
Create Date: 2026-01-01 00:00:00

"""
from alembic import op
import sqlalchemy as sa

revision = {id!r}
down_revision = {after!r}
branch_labels = {labels!r}
depends_on = {depends_on!r}


def upgrade({parameters}):
{up}


def downgrade({parameters}):
{down}
'''

# Before click 8.2 a runner mixed what is printed to the two outputs, unless told not to.
SEPARATE: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner.__init__).parameters else {}


@dataclass
class Result:
    """What a command printed, and how it ended."""

    command: str
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def exits(self, code: int) -> Result:
        assert self.code == code, f"exit {self.code} instead of {code}\n{self}"
        return self

    def says(self, *words: object) -> Result:
        missing = [word for word in words if str(word).lower() not in self.text.lower()]
        assert not missing, f"does not say {missing}\n{self}"
        return self

    def __str__(self) -> str:
        return f"$ {self.command}  -> exit {self.code}\n{self.out}{self.err}"


class Project:
    """A folder with an application and its migrations."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.config = ""
        self.keywords = ""
        self.source = ""
        self.module: ModuleType | None = None

    # -- files

    def write(self, path: str, text: str) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return target

    def app(self, models: str) -> None:
        """Write app.py; commands use it from now on."""
        values = {"url": self.database.url, "config": dedent(self.config), "keywords": self.keywords, "root": str(self.folder)}
        self.source = APP.format(models=dedent(models), **values)
        self.write("app.py", self.source)
        self.close()

    @property
    def loaded(self) -> ModuleType:
        """app.py as a module, loaded anew after each change."""
        if self.module is None:
            self.module = ModuleType("app")
            exec(compile(self.source, str(self.folder / "app.py"), "exec"), self.module.__dict__)
        return self.module

    def close(self) -> None:
        """Close the connections of the application, and forget it."""
        if self.module is not None:
            with self.module.app.app_context():
                for engine in self.module.db.engines.values():
                    engine.dispose()
        self.module = None

    @property
    def versions(self) -> Path:
        return self.folder / "migrations" / "versions"

    def files(self) -> dict[str, str]:
        """The revision files, by name."""
        return {path.name: path.read_text(encoding="utf-8") for path in sorted(self.versions.glob("*.py"))}

    def ids(self) -> list[str]:
        found = (re.search(r"^revision\b.*?= ['\"](.+?)['\"]", text, re.M) for text in self.files().values())
        return [match[1] for match in found if match]

    @property
    def head(self) -> str | None:
        """The one revision that no other file names."""
        files = self.files().values()
        parents = " ".join(line for text in files for line in text.splitlines() if line.startswith("down_revision"))
        heads = [id for id in self.ids() if f"'{id}'" not in parents and f'"{id}"' not in parents]
        assert len(heads) < 2, heads
        return heads[0] if heads else None

    def revision(
        self,
        up: str = "pass",
        down: str = "pass",
        *,
        id: str | None = None,
        after: Any = "",
        message: str = "by hand",
        labels: Any = None,
        depends_on: Any = None,
        parameters: str = "",
    ) -> str:
        """Write a revision file by hand, after the head unless another parent is named; returns its id."""
        after = self.head if after == "" else after
        id = id or f"{len(self.files()) + 1:012x}"
        bodies = {"up": indent(dedent(up).strip(), "    "), "down": indent(dedent(down).strip(), "    ")}
        names = {"id": id, "after": after, "message": message, "labels": labels, "depends_on": depends_on}
        self.write(
            f"migrations/versions/{id}_{message.replace(' ', '_')}.py", REVISION.format(**names, **bodies, parameters=parameters)
        )
        return id

    # -- commands

    def flask(self, *args: str) -> Result:
        """Type ``flask db …``, in this process."""
        found = self.loaded.app.test_cli_runner(**SEPARATE).invoke(args=["db", *args])
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return Result(f"flask db {' '.join(args)}", found.exit_code, found.stdout, found.stderr)

    def ok(self, *args: str) -> Result:
        return self.flask(*args).exits(0)

    def agreed(self, *args: str) -> Result:
        """The command wants consent, and goes on with the flags that it prints."""
        found = re.findall(r"--accept (\S+)", self.refused(*args).err)
        assert found
        flags = [word for key in found if ":" in key and not key.startswith("CODE") for word in ("--accept", key)]
        return self.ok(*args, *flags)

    def refused(self, *args: str, code: int = 1) -> Result:
        """The command says no on one screen, and nothing has changed."""
        before = self.database.state(), self.files()
        result = self.flask(*args).exits(code)
        assert len(result.text.splitlines()) <= 40, result
        assert (self.database.state(), self.files()) == before, result
        return result

    def process(self, *command: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> Result:
        """Start another process, as a shell does; without a terminal, without colours."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "WHIMBREL_"))}
        settings = {"FLASK_APP": str(self.folder / "app.py"), "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        done = subprocess.run(
            [sys.executable, *command],
            cwd=cwd or self.folder,
            env=kept | settings,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=600,
        )
        return Result(" ".join(command), done.returncode, done.stdout, done.stderr)

    # -- flows

    def start(self, models: str, *init: str) -> None:
        """init, migrate, upgrade."""
        self.app(models)
        self.ok("init", *init)
        self.ok("migrate", "-m", "first")
        self.ok("upgrade")
