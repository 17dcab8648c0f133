"""A migration tool, as somebody uses it who types one command after the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TYPIST = Path(__file__).with_name("typist.py")
LIBRARIES = (
    "aiosqlite",
    "alchemical.aio",
    "alembic.command",
    "alembic.config",
    "flask.cli",
    "flask_sqlalchemy.cli",
    "logging.config",
    "mako.template",
    "psycopg",
    "pymysql",
    "sqlalchemy.dialects.mysql.pymysql",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.ext.asyncio",
)
LAST_LINES = 12


@dataclass(frozen=True)
class Done:
    """What a command printed, and how it ended."""

    tool: str
    command: str
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        """On one screen: of a traceback, the end."""
        said = [line for line in self.err.splitlines() if line.strip()]
        return "\n".join([f"[{self.tool}] $ {self.command}  -> exit {self.code}", *self.out.splitlines(), *said[-LAST_LINES:]])


class Tool:
    """One of the two: how its package and its program are called, in the environment that it is installed in."""

    def __init__(self, package: str, program: str, python: Path | str, *modules: str) -> None:
        self.package = package
        self.program = program
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "WHIMBREL_", "ALEMBIC_"))}
        if str(python) != sys.executable:
            kept.pop("PYTHONPATH", None)  # another environment has its own packages, and nothing of this one's
        self.typist = subprocess.Popen(
            [str(python), str(TYPIST), *LIBRARIES, *modules],
            env={**kept, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self.answer()

    def start(self, folder: Path, words: list[str], source: str | None = None, **env: str) -> None:
        """Begin a command, or code; its result is the next answer."""
        assert self.typist.stdin is not None
        self.typist.stdin.write(json.dumps({"folder": str(folder), "env": env, "words": words, "source": source}) + "\n")
        self.typist.stdin.flush()
        self.started = source.strip() if source else " ".join(words)

    def finish(self) -> Done:
        return Done(self.package, self.started, **self.answer())

    def answer(self) -> dict:
        assert self.typist.stdout is not None
        line = self.typist.stdout.readline()
        assert line, f"the typist of {self.package} has gone, exit {self.typist.wait()}"
        return json.loads(line)

    def close(self) -> None:
        assert self.typist.stdin is not None
        self.typist.stdin.close()
        self.typist.wait()
