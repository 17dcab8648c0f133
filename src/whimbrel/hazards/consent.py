"""Consent to dangers: by name, in the revision file, where it stays."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .._python import parsed
from ..errors import Refused
from ..project import display_path
from ..revisions.read import source_of
from ..revisions.text import change, lines_of, offset

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
    except (ValueError, TypeError):
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
        body = parsed(source).body
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
    every = {**accepts_of(path), **accepted}
    lines = [f"    {quoted(key)}: {quoted(reason)}," for key, reason in every.items()]
    value = "\n".join(["{", *lines, "}"])

    def changed(source: str) -> str:
        source = SUGGESTED.sub("", source)
        node = assignment(source)
        if node is None:
            return inserted(source, f"{NAME} = {value}\n")
        end = offset(source, node.end_lineno or node.lineno, node.end_col_offset or 0)
        if node.value is None:
            return f"{source[:end]} = {value}{source[end:]}"
        start = offset(source, node.value.lineno, node.value.col_offset)
        end = offset(source, node.value.end_lineno or node.lineno, node.value.end_col_offset or 0)
        return source[:start] + value + source[end:]

    change(path, changed)


def suggest(path: Path, keys: Iterable[str]) -> None:
    """Write a consent into a file as a comment, for a person to agree to."""
    lines = [f'#     {quoted(key)}: "why nobody needs it",' for key in keys]
    text = "\n".join(["", SUGGESTION, f"# {NAME} = {{", *lines, "# }", ""])
    change(path, lambda source: inserted(source, text))


def inserted(source: str, text: str) -> str:
    """A source with lines after the last of the revision's own variables."""
    body = parsed(source).body
    at = 0
    for node in body:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Import, ast.ImportFrom)):
            at = node.end_lineno or node.lineno
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            break
    at = max([node.end_lineno or at for node in body if node.lineno <= at], default=at)
    lines = lines_of(source)
    before, after = "".join(lines[:at]), "".join(lines[at:])
    if before and not before.endswith("\n"):
        before += "\n"
    return before + text + after


def quoted(text: str) -> str:
    """A text in double quotes, in one line."""
    return json.dumps(text, ensure_ascii=False)
