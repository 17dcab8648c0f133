"""Statements without comments, wherever those stand."""

from __future__ import annotations

import re

QUOTED = r"\"(?:[^\"]|\"\")*\"|`[^`]*`"
PLAIN = re.compile(
    rf"[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|{QUOTED}|\$(\w*)\$.*?\$\1\$|(?P<comment>--[^\n]*|/\*.*?\*/)", re.DOTALL
)
MYSQL = re.compile(
    rf"'(?:[^'\\]|''|\\.)*'|{QUOTED}|(?P<comment>--(?=\s|$)[^\n]*|#[^\n]*|/\*(?!M?!).*?\*/)",
    re.DOTALL,
)
"""Two dashes need a space after them, and what stands in /*! … */ is executed (MySQL manual, "Comments")."""


def without_comments(statement: str, dialect: str) -> str:
    """A statement as it is executed. dialect: its name."""
    if not any(mark in statement for mark in ("--", "/*", "#")):
        return statement
    pattern = MYSQL if dialect in ("mysql", "mariadb") else PLAIN
    return pattern.sub(lambda found: " " if found["comment"] else found[0], statement).strip()
