"""The programs of a server's makers: found, asked for their version, run without a password that others can see."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ..errors import ConfigurationError
from ..project import display_path

MOST_LINES = 8


@dataclass(frozen=True)
class Tool:
    """A program, and what it says of its version."""

    path: str
    says: str

    @property
    def name(self) -> str:
        """Without its folder."""
        return os.path.basename(self.path)


class ToolFailed(Exception):
    """A program ended with an error; the text is what it said."""


def find(names: Sequence[str], folder: str | None, hint: str) -> Tool:
    """The first of these programs that there is. Raises ConfigurationError where there is none that runs."""
    found = next(filter(None, (shutil.which(name, path=folder) for name in names)), None)
    if found is None:
        where = f"in {display_path(folder)}" if folder else "on the PATH"
        raise ConfigurationError(f"The program '{names[0]}' is not {where}; nothing has been run.", hint=hint)
    try:
        said = subprocess.run([found, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace")
    except OSError as error:
        raise ConfigurationError(f"{found} cannot be run: {error.strerror}.", hint=hint) from error
    return Tool(found, said.stdout.strip())


def version(words: str, pattern: str) -> tuple[int, ...]:
    """The numbers that a pattern finds in what a program says; none where it does not."""
    found = re.search(pattern, words)
    return tuple(int(number) for number in found.groups()) if found else ()


def run(tool: Tool, *arguments: str, env: Mapping[str, str] | None = None, stdin: Any = None, stdout: Any = None) -> None:
    """Run a program to its end. Raises ToolFailed; kills it where we are interrupted."""
    with running(tool, *arguments, env=env, stdin=stdin, stdout=stdout or subprocess.DEVNULL):
        pass


@contextmanager
def running(
    tool: Tool, *arguments: str, env: Mapping[str, str] | None = None, stdin: Any = None, stdout: Any = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program, while it runs; at the end it is waited for. Raises ToolFailed where it failed."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [tool.path, *arguments],
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=stdout,
            stderr=said,
        )
        try:
            yield process
            close(process.stdin)
            code = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            close(process.stdin)
            close(process.stdout)
        if code:
            said.seek(0)
            lines = [line for line in said.read().decode(errors="replace").strip().splitlines() if line.strip()]
            words = "\n".join(lines[:MOST_LINES]) or f"it said nothing (exit code {code})"
            raise ToolFailed(f"{tool.name} failed: {words}")


def close(pipe: IO[bytes] | None) -> None:
    """Close a pipe whose other end may be gone."""
    if pipe is not None:
        with suppress(BrokenPipeError):
            pipe.close()


@contextmanager
def secret_file(text: str) -> Iterator[str]:
    """The path of a file that only this user may read, for as long as it is needed."""
    file, name = tempfile.mkstemp(prefix="whimbrel-")  # with mode 0600
    try:
        with open(file, "w", encoding="utf-8") as opened:
            opened.write(text)
        yield name
    finally:
        Path(name).unlink(missing_ok=True)
