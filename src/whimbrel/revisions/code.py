"""Whether two texts of a revision do the same: compared by their code, so that comments and formatting do not count."""

from __future__ import annotations

import ast
import hashlib

from .._python import parsed


def checksum(text: str) -> str:
    """Of a source text, whatever its line ends: equal texts have equal checksums (SHA-256, hexadecimal)."""
    return hashlib.sha256("\n".join(text.splitlines()).encode()).hexdigest()


def is_same_code(text: str, other: str) -> bool:
    """Whether two source texts are the same program, but for comments, white space and docstrings.

    Both are parsed now, by the Python that runs: what ``ast`` makes of a text differs from one version to the next.
    """
    if checksum(text) == checksum(other):
        return True
    try:
        return program(text) == program(other)
    except (SyntaxError, ValueError):
        return False


def program(text: str) -> str:
    """The code of a text in a form that can be compared; what it says to accept is no code."""
    tree = parsed(text)
    tree.body[:] = [
        node for node in tree.body if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "accepts")
    ]
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                del node.body[0]
    return ast.dump(tree)
