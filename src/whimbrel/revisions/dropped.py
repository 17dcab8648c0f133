"""What the text of a revision may drop, under whatever condition: names from loops, constants and helper functions as well.

Nothing is run. A variable stands for every text that it is given somewhere in the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from pathlib import Path

from .._python import parsed
from .read import source_of
from .revision import Revision
from .taken import taken
from .touched import KEYWORDS, THINGS, Touch, drops_written_out, name_of, reached, schema_of

MOST = 200
"""Of the drops of one call: with more names than that, nobody can tell which ones belong together."""
PASSED_ON = ("list", "tuple", "set", "sorted", "reversed", "frozenset", "enumerate")
Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


def drops(revision: Revision, direction: str, line: int = 0) -> tuple[Touch, ...]:
    """The tables and columns that a function of a revision may drop. line: of that function, where it is known to come to it."""
    try:
        changed = revision.path.stat().st_mtime_ns
    except OSError:
        changed = 0
    written = drops_written_out(revision, direction, line)
    return tuple(dict.fromkeys([*written, *read(revision.path, changed, direction, line)]))


@lru_cache(maxsize=1000)
def read(path: Path, changed: int, direction: str, line: int = 0) -> tuple[Touch, ...]:
    """Those whose names stand elsewhere in the file."""
    try:
        tree = parsed(source_of(path) or "")
    except (SyntaxError, ValueError, OSError):
        return ()
    other = "upgrade" if direction == "downgrade" else "downgrade"
    body = reached(taken(tree, direction, line), other)
    names = Names(body)
    return tuple(touch for node in body for call in ast.walk(node) if isinstance(call, ast.Call) for touch in names.drops(call))


class Names:
    """Which texts the variables of some code stand for."""

    def __init__(self, body: Iterable[ast.stmt]) -> None:
        self.nodes = [node for each in body for node in ast.walk(each)]
        self.functions = {node.name: node for node in self.nodes if isinstance(node, Functions)}
        self.texts: dict[str, set[str]] = {}
        self.lists: dict[str, list[ast.expr]] = {}
        self.batches: dict[str, set[str]] = {}
        for _ in range(3):  # a name may come by way of others
            for node in self.nodes:
                self.learn(node)

    def learn(self, node: ast.AST) -> None:
        """What a node says of variables."""
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.bind(target, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.bind(node.target, node.value)
        elif isinstance(node, (ast.For, ast.comprehension)):
            for each in self.elements(node.iter):
                self.bind(node.target, each)
        elif isinstance(node, ast.Call) and (function := self.functions.get(name_of(node))) is not None:
            parameters = [*function.args.posonlyargs, *function.args.args]
            for parameter, value in zip(parameters, node.args, strict=False):
                self.bind(ast.Name(parameter.arg), value)
            for keyword in node.keywords:
                if keyword.arg is not None:
                    self.bind(ast.Name(keyword.arg), keyword.value)
        elif isinstance(node, ast.With):
            for item in node.items:
                call, name = item.context_expr, item.optional_vars
                if isinstance(call, ast.Call) and name_of(call) == "batch_alter_table" and isinstance(name, ast.Name):
                    self.batches[name.id] = self.batches.get(name.id, set()) | self.argument(call, 0, KEYWORDS)

    def bind(self, target: ast.expr, value: ast.expr) -> None:
        """A variable gets a value."""
        if isinstance(target, ast.Name):
            if texts := self.values(value):
                self.texts[target.id] = self.texts.get(target.id, set()) | texts
            elif elements := self.elements(value):
                self.lists[target.id] = elements
        elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (ast.Tuple, ast.List)):
            for one, other in zip(target.elts, value.elts, strict=False):
                self.bind(one, other)

    def values(self, node: ast.expr) -> set[str]:
        """The texts that an expression may be."""
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else set()
        if isinstance(node, ast.Name):
            return self.texts.get(node.id, set())
        if isinstance(node, ast.IfExp):
            return self.values(node.body) | self.values(node.orelse)
        if isinstance(node, ast.Call) and name_of(node) in ("f", "Column") and node.args:
            return self.values(node.args[0])
        return set()

    def elements(self, node: ast.expr) -> list[ast.expr]:
        """What an expression gives one after the other."""
        if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
            return node.elts
        if isinstance(node, ast.Dict):
            return [key for key in node.keys if key is not None]
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):  # [name for name in NAMES if there(name)]
            return self.elements(node.generators[0].iter)
        if isinstance(node, ast.BinOp):  # {'a', 'b'} & there
            return [*self.elements(node.left), *self.elements(node.right)]
        if isinstance(node, ast.Name):
            return self.lists.get(node.id, [])
        if isinstance(node, ast.Call) and name_of(node) in PASSED_ON and node.args:
            return self.elements(node.args[0])
        return []

    def argument(self, call: ast.Call, at: int, names: set[str]) -> set[str]:
        """The texts that an argument may be."""
        nodes = [call.args[at]] if at < len(call.args) else [each.value for each in call.keywords if each.arg in names]
        return set().union(*(self.values(node) for node in nodes))

    def drops(self, call: ast.Call) -> Iterator[Touch]:
        """What a call may drop."""
        how = name_of(call)
        if how not in ("drop_table", "drop_column"):
            return
        owner = call.func.value.id if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) else ""
        is_batch = owner in self.batches
        tables = self.batches[owner] if is_batch else self.argument(call, 0, KEYWORDS)
        columns: set[str | None] = {None}
        if how == "drop_column":
            columns = set(self.argument(call, 0 if is_batch else 1, THINGS))
        if len(tables) * len(columns) <= MOST:
            for table, column in product(sorted(tables), sorted(columns, key=str)):
                yield Touch((schema_of(call), table), column, how)
