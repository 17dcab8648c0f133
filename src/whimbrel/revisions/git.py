"""Where the version control has a revision file that is not here."""

from __future__ import annotations

import subprocess
from pathlib import Path


def where_git_has(id: str, folder: Path) -> str:
    """In words what to do about a revision without a file; from the repository of the folder, if it is in one."""
    found = run(
        folder,
        "log",
        "--all",
        "--max-count=1",
        "--diff-filter=AM",
        "--format=%h by %an, %ad",
        "--date=short",
        "--name-only",
        "--",
        f"*{id}*",
    )
    commit, *names = [line for line in found.splitlines() if line] or [""]
    if not names:
        return "Was it written on another branch of the repository, or elsewhere? Restore its file from there."
    short = commit.split(" ")[0]
    back = f"git checkout {short} -- ':/{names[0]}'"
    return f'git has {names[0]} (last in {commit}): restore it with "{back}", or switch to the branch that has it.'


def run(folder: Path, *words: str) -> str:
    """What git answers; '' where there is no git or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""
