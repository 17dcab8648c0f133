"""Which files git says were added since a commit."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from ..errors import UsageError
from ..project import Project

OF_A_HOOK = ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_PREFIX")
"""What git sets for a hook: relative to another folder than the one that we ask about."""


def added_since(project: Project, since: str) -> list[str]:
    """The revision files that are new or changed since a commit, or since the branch that it is on was left.

    Raises UsageError where git does not know it.
    """
    return [path for folder in project.layout.versions if folder.is_dir() for path in added_in(folder, since)]


def added_in(folder: Path, since: str) -> Iterator[str]:
    """The files of one folder."""
    root = git(folder, since, "rev-parse", "--show-toplevel").removesuffix("\n")
    base = merge_base(folder, since)
    # A copy or a file that was moved is a new one; settings of the user may say otherwise.
    compare = (
        "diff",
        "--name-only",
        "--no-relative",
        "--no-renames",
        "--diff-filter=d",
        "-z",
        "--end-of-options",
        base,
        "--",
        ".",
    )
    new = ("ls-files", "--others", "--exclude-standard", "-z", "--full-name", "--", ".")
    for command in (compare, new):
        for name in git(folder, since, *command).split("\0"):
            if name:
                yield os.path.realpath(os.path.join(root, name))


def merge_base(folder: Path, since: str) -> str:
    """Where the history of a commit and ours part; the commit itself where that is not known, as in a shallow clone."""
    done = run(folder, "merge-base", "--end-of-options", since, "HEAD")
    return done.stdout.strip() if done.returncode == 0 else since


def git(folder: Path, since: str, *command: str) -> str:
    """What git prints. Raises UsageError."""
    try:
        done = run(folder, *command)
    except OSError as error:
        raise UsageError(f"--since needs git: {error}.") from None
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"it ended with {done.returncode}"
        hint = "A clone in CI may have one commit only: fetch the history, too (actions/checkout: fetch-depth: 0)."
        raise UsageError(f"git does not know what was added since '{since}': {said}", hint=hint if command[0] == "diff" else None)
    return done.stdout


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Start git in a folder."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
    return subprocess.run(
        ["git", "-C", str(folder), *command], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=kept
    )
