"""Run a page of documentation: write its files, type its commands, compare what they answer.

A block ``python title="app.py"`` is a file. In a block ``console``, a line that begins with ``$`` is typed, and what
follows is its answer: ``…`` stands for anything in a line, a line ``…`` for any lines, ``[exit 1]`` for the exit code.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(?P<info>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class File:
    path: str
    text: str


@dataclass
class Typed:
    command: str
    answer: str
    code: int = 0


def steps(page: str) -> Iterator[File | Typed]:
    """What a reader does, in order."""
    for block in BLOCK.finditer(page):
        title = re.search(r'title="(.+?)"', block["info"])
        if title:
            yield File(title[1], block["text"])
        elif block["info"].strip() == "console":
            yield from typed(block["text"])


def typed(text: str) -> Iterator[Typed]:
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, answer = part.partition("\n")
        ending = re.search(r"^\[exit (\d+)\]\n?", answer, re.MULTILINE)
        if ending:
            yield Typed(command, answer[: ending.start()], int(ending[1]))
        else:
            yield Typed(command, answer)


def tell(page: Path, folder: Path) -> int:
    """Do all that a page says in a folder; returns how many commands were typed."""
    count = 0
    for step in steps(page.read_text(encoding="utf-8")):
        if isinstance(step, File):
            target = folder / step.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step.text, encoding="utf-8")
        else:
            count += 1
            run(step, folder)
    return count


def run(step: Typed, folder: Path) -> None:
    programs = str(Path(sys.executable).parent)
    settings = {"FLASK_APP": "app", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    env = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")} | settings
    env["PATH"] = programs + os.pathsep + env["PATH"]
    done = subprocess.run(
        step.command,
        shell=True,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    pattern = "\n".join(
        ".*" if line == "…" else re.escape(line).replace("…", ".*?") for line in step.answer.rstrip("\n").split("\n")
    )
    pattern = pattern.replace("\n.*\n", "\n(?s:.*)\n")
    if re.sub(r"\n\.\*$", "", pattern) != pattern:
        pattern = re.sub(r"\n\.\*$", r"\n(?s:.*)", pattern)
    said = done.stdout.rstrip("\n")
    assert re.fullmatch(pattern, said), f"$ {step.command}\n{said}\n--- instead of\n{step.answer}"
    assert done.returncode == step.code, f"$ {step.command}\nexit {done.returncode} instead of {step.code}\n{said}"
