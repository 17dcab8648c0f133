"""Consent to dangers: by name, in the revision file, where it stays."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import Refused
from ..project import display_path
from ..revisions.read import source_of

NAME = "accepts"
SUGGESTION = "# To agree that this goes, take out the marks of the comment:"
SUGGESTED = re.compile(rf"\n{SUGGESTION}\n# {NAME} = \{{\n(?:#     .*\n)*# \}}(?=\n)")


def accepts_of(path: Path) -> Mapping[str, str]:
    """What a revision file accepts, each with the reason; nothing is run for that.

    Raises Refused where the variable is no plain dictionary of texts.
    """
    source = source_of(path) or ""
    if NAME not in source:
        return {}
    node = assignment(source)
    if node is None or node.value is None:
        return {}
    try:
        found = ast.literal_eval(node.value)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for pair in found.items() for each in pair):
        raise Refused(
            f"'{NAME}' must be a plain dictionary: what is accepted, and why.",
            place=f"{display_path(path)}:{node.lineno}",
            hint=f'Write {NAME} = {{"drop-column-loses-data:user.name": "unused since 2.3"}}.',
        )
    return found


def assignment(source: str) -> ast.Assign | ast.AnnAssign | None:
    """Where a file says what it accepts."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    for node in reversed(body):  # the last one counts, as it does for Python
        if isinstance(node, ast.Assign) and any(isinstance(each, ast.Name) and each.id == NAME for each in node.targets):
            return node
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == NAME:
            return node
    return None


def write(path: Path, accepted: Mapping[str, str]) -> None:
    """Add to what a revision file accepts."""
    source = SUGGESTED.sub("", path.read_text(encoding="utf-8"))
    every = {**accepts_of(path), **accepted}
    lines = [f"    {quoted(key)}: {quoted(reason)}," for key, reason in every.items()]
    text = "\n".join([f"{NAME} = {{", *lines, "}"])
    node = assignment(source)
    rows = source.splitlines()
    if node is not None:
        rows[node.lineno - 1 : node.end_lineno] = text.splitlines()
    else:
        rows[last_identifier(source) : last_identifier(source)] = text.splitlines()
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def suggest(path: Path, keys: Iterable[str]) -> None:
    """Write a consent into a file as a comment, for a person to agree to."""
    source = path.read_text(encoding="utf-8")
    rows = source.splitlines()
    at = last_identifier(source)
    lines = [f'#     {quoted(key)}: "why nobody needs it",' for key in keys]
    rows[at:at] = ["", SUGGESTION, f"# {NAME} = {{", *lines, "# }"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def last_identifier(source: str) -> int:
    """The line after the last of the revision's own variables."""
    at = 0
    for node in ast.parse(source).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)):
            at = node.end_lineno or node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
    return at


def quoted(text: str) -> str:
    """A text in double quotes, in one line."""
    return json.dumps(text, ensure_ascii=False)
