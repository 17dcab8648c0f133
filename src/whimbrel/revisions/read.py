"""Read the identifiers of a revision from its file's text, without importing it.

``revision``, ``down_revision``, ``branch_labels`` and ``depends_on`` are literals in almost every file ever written. A
file that computes them is loaded as a module, that file only: there is no other way to know what they are.
"""

from __future__ import annotations

import ast
import dis
import importlib.util
import marshal
import re
import types
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .._python import parsed
from ..errors import HistoryError
from ..project import display_path
from .code import checksum
from .load import load_module
from .revision import ILLEGAL, Revision

NAMES = frozenset({"revision", "down_revision", "branch_labels", "depends_on"})
LEGACY_NAME = re.compile(r"([a-f0-9]+)\.py$")
PYC_HEADER = 16  # bytes, since Python 3.7 (PEP 552)


class Computed(Exception):
    """A value that only running the file can tell."""


def read_revision(path: Path) -> tuple[Revision, bool]:
    """The revision in a file, and whether its text alone told it (else it must be asked again next time).

    Raises HistoryError for a file that is not Python or not a revision.
    """
    source = source_of(path)
    try:
        values = from_bytecode(path) if source is None else from_source(path, source)
        is_static = True
    except Computed:
        values, is_static = from_module(path), False
    return as_revision(path, values, checksum(source) if source is not None else ""), is_static


def source_of(path: Path) -> str | None:
    """The text of a revision file; None where it is bytecode."""
    return None if path.suffix in (".pyc", ".pyo") else decoded(path)


def from_source(path: Path, source: str) -> dict[str, Any]:
    """What the file assigns at its top level to the four names and to ``__doc__``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in somebody's docstring
        try:
            tree = parsed(source)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            raise HistoryError(
                f"{path.name} is not valid Python: {getattr(error, 'msg', error)}.", place=f"{display_path(path)}:{line}"
            ) from error
    values: dict[str, Any] = {"__doc__": ast.get_docstring(tree, clean=False)}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            targets = [node.target]
        else:
            refuse_hidden(node)
            continue
        for target in targets:
            if isinstance(target, ast.Name):
                assign(values, target.id, node.value)
            elif NAMES & names_in(target):
                raise Computed
    return values


def assign(values: dict[str, Any], name: str, node: ast.expr | None) -> None:
    """Remember a value that is plain to see; only the four names must be."""
    try:
        values[name] = evaluate(node, values)
    except Computed:
        if name in NAMES:
            raise
        values.pop(name, None)


def evaluate(node: ast.expr | None, values: Mapping[str, Any]) -> Any:
    """The value of an expression of literals and names that were assigned before."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name) if name in values:
            return values[name]
        case ast.Tuple(items) | ast.List(items) | ast.Set(items):
            return tuple(evaluate(item, values) for item in items)
        case ast.BinOp(left, ast.Add(), right):
            sides = evaluate(left, values), evaluate(right, values)
            if all(isinstance(side, str) for side in sides) or all(isinstance(side, tuple) for side in sides):
                return sides[0] + sides[1]
    raise Computed


def refuse_hidden(node: ast.stmt) -> None:
    """Raise Computed where a statement that we do not follow may set one of the four names."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        if node.name in NAMES:
            raise Computed
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        if any((alias.asname or alias.name) in NAMES | {"*"} for alias in node.names):
            raise Computed
    elif not isinstance(node, ast.Expr) and NAMES & names_in(node):
        raise Computed


def names_in(node: ast.AST) -> set[str]:
    """Every variable name below a node."""
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name)}


def from_bytecode(path: Path) -> dict[str, Any]:
    """The same from a ``.pyc`` file: constants that are stored under the four names."""
    data = path.read_bytes()
    if data[:4] != importlib.util.MAGIC_NUMBER:
        raise HistoryError(
            f"{path.name} was compiled by another version of Python.",
            hint="Compile the revisions with the Python that runs them, or ship their sources.",
            place=display_path(path),
        )
    code = marshal.loads(data[PYC_HEADER:])
    assert isinstance(code, types.CodeType)
    values: dict[str, Any] = {}
    constant: Any = Computed
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_CONST", "LOAD_SMALL_INT"):
            constant = step.argval
            continue
        if step.opname == "STORE_NAME" and step.argval in NAMES | {"__doc__"}:
            if constant is Computed:
                raise Computed
            values[step.argval] = constant
        constant = Computed
    return values


def from_module(path: Path) -> dict[str, Any]:
    """The same from the module itself."""
    try:
        return dict(vars(load_module(path)))
    except HistoryError:
        raise
    except Exception as error:
        raise HistoryError(
            f"{path.name} computes its identifiers, and running it raised {type(error).__name__}: {error}",
            hint="Write revision and down_revision as plain strings.",
            place=display_path(path),
        ) from error


def as_revision(path: Path, values: Mapping[str, Any], checksum: str) -> Revision:
    """Check what a file says of itself."""
    legacy = LEGACY_NAME.match(path.name)
    revision = values.get("revision") or (legacy[1] if legacy else None)
    if revision is None:
        raise HistoryError(
            f"{path.name} does not say which revision it is.",
            hint="Give it a line  revision = '…', or move it out of the folder of revisions.",
            place=display_path(path),
        )
    if "down_revision" not in values:
        raise HistoryError(
            f"{path.name} does not say which revision it comes after.",
            hint="Give it a line  down_revision = '…'  (None for the first one).",
            place=display_path(path),
        )
    if not isinstance(revision, str):
        raise HistoryError(f"The revision id {revision!r} is not a string.", place=display_path(path))
    labels = texts(path, "branch_labels", values.get("branch_labels"))
    for name in (revision, *labels):
        if bad := sorted(ILLEGAL & set(name)):
            raise HistoryError(
                f"{' '.join(bad)} is not allowed in the name '{name}': it has a meaning on the command line.",
                place=display_path(path),
            )
    return Revision(
        id=revision,
        parents=texts(path, "down_revision", values["down_revision"]),
        path=path,
        doc=(values.get("__doc__") or "").strip(),
        labels=labels,
        depends_on=texts(path, "depends_on", values.get("depends_on")),
        checksum=checksum,
    )


def texts(path: Path, name: str, value: Any) -> tuple[str, ...]:
    """None, a string or some strings, as a tuple without repetitions."""
    if value is None or value == "":
        return ()
    found = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if wrong := [item for item in found if not isinstance(item, str)]:
        raise HistoryError(f"{name} has {wrong[0]!r}, which is not a string.", place=display_path(path))
    return tuple(dict.fromkeys(found))


def decoded(path: Path) -> str:
    """The text of a source file, by its own encoding declaration."""
    data = path.read_bytes()
    try:
        if b"coding" not in data[:200]:
            return data.decode("utf-8-sig")
        return importlib.util.decode_source(data)
    except (UnicodeDecodeError, SyntaxError) as error:
        raise HistoryError(f"{path.name} cannot be decoded: {error}.", place=display_path(path)) from error
