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
from ..revisions.load import load_module
from ..revisions.read import source_of
from ..revisions.text import change, lines_of, offset

NAME = "accepts"
SUGGESTION = "# To agree that this goes, take out the marks of the comment:"
SUGGESTED = re.compile(rf"(?<=\n)\n?{SUGGESTION}\n# {NAME} = \{{\n(?:#     .*\n)*# \}}\n")


def accepts_of(path: Path) -> Mapping[str, str]:
    """What a revision file accepts, each with the reason; its source is not run for that.

    Raises Refused where the variable is no plain dictionary of texts.
    """
    source, place = source_of(path), display_path(path)
    if source is None:  # bytecode, which is going to be loaded in any case
        found = getattr(load_module(path), NAME, {})
    elif NAME not in source or (node := assignment(source)) is None or node.value is None:
        return {}
    else:
        place = f"{place}:{node.lineno}"
        try:
            found = ast.literal_eval(node.value)
        except (ValueError, TypeError):
            found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for pair in found.items() for each in pair):
        raise Refused(
            f"'{NAME}' must be a plain dictionary: what is accepted, and why.",
            place=place,
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
    """Add to what a revision file accepts. What has a reason keeps it where there is no new one."""
    before = accepts_of(path)
    changes = {key: reason for key, reason in accepted.items() if before.get(key) is None or reason}
    value = "\n".join(["{", *lines_for({**before, **changes}), "}"])

    def changed(source: str) -> str:
        source = SUGGESTED.sub("", source)
        node = assignment(source)
        if node is None:
            return inserted(source, f"{NAME} = {value}\n")
        end = offset(source, node.end_lineno or node.lineno, node.end_col_offset or 0)
        if node.value is None:
            return f"{source[:end]} = {value}{source[end:]}"
        if isinstance(node.value, ast.Dict) and (found := extended(source, node.value, changes)) is not None:
            return found
        start = offset(source, node.value.lineno, node.value.col_offset)
        end = offset(source, node.value.end_lineno or node.lineno, node.value.end_col_offset or 0)
        return source[:start] + value + source[end:]

    change(path, changed)


def lines_for(accepted: Mapping[str, str]) -> list[str]:
    """The lines of a dictionary of them."""
    return [f"    {quoted(key)}: {quoted(reason)}," for key, reason in accepted.items()]


def extended(source: str, node: ast.Dict, accepted: Mapping[str, str]) -> str | None:
    """A source with more in its dictionary, and everything else in that as it is; None where the two braces share a line."""
    brace = offset(source, node.end_lineno or node.lineno, node.end_col_offset or 0) - 1
    start = source.rfind("\n", 0, brace) + 1
    if not node.values or source[start:brace].strip():
        return None
    keys = [ast.literal_eval(key) for key in node.keys if key is not None]
    last = offset(source, node.values[-1].end_lineno or 0, node.values[-1].end_col_offset or 0)
    has_comma = "," in re.sub("#.*", "", source[last:brace])
    new = lines_for({key: reason for key, reason in accepted.items() if key not in keys})
    edits = [(start, start, "".join(f"{line}\n" for line in new)), (last, last, "," if new and not has_comma else "")]
    for key, value in zip(keys, node.values, strict=True):
        if key in accepted:
            at = offset(source, value.lineno, value.col_offset)
            edits.append((at, offset(source, value.end_lineno or 0, value.end_col_offset or 0), quoted(accepted[key])))
    for first, end, text in sorted(edits, key=lambda edit: edit[:2], reverse=True):
        source = source[:first] + text + source[end:]
    return source


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
