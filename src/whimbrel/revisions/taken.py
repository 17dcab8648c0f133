"""Which branches of a function are not taken, where it is known that it has come to a line of it."""

from __future__ import annotations

import ast
from copy import deepcopy

LOOPS = (ast.For, ast.AsyncFor, ast.While)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def taken(tree: ast.Module, function: str, line: int) -> ast.Module:
    """A file without the branches beside those in which a line of a function stands; 0 is no line.

    The function is called once; in a loop another branch may be taken the next time.
    """
    is_wanted = [isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function for node in tree.body]
    if not line or not any(is_wanted):
        return tree
    made = deepcopy(tree)
    for node in made.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == function:
            prune(node.body, line)
    return made


def prune(body: list[ast.stmt], line: int) -> None:
    """Take the other branches out of these statements."""
    for node in body:
        if isinstance(node, (*LOOPS, *SCOPES)) or not holds([node], line):
            continue
        if isinstance(node, ast.If):
            if holds(node.body, line):
                node.orelse = []
            elif holds(node.orelse, line):
                node.body = []
        for name in ("body", "orelse", "finalbody"):
            prune(getattr(node, name, []), line)
        for handler in getattr(node, "handlers", []):
            prune(handler.body, line)


def holds(body: list[ast.stmt], line: int) -> bool:
    """Whether a line stands in these statements."""
    return any(node.lineno <= line <= (node.end_lineno or node.lineno) for node in body)
