"""Operations laid out as Black and Ruff lay out code, so that neither has anything to change in a new file.

Only what a comparison has found is laid out, not what stands in the project's template. Statements with comments inside
stay as they are.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping

from .._python import parsed

WIDTH = 88  # the default of both
STEP = 4


def laid_out(text: str) -> str:
    """The body of a function, as Alembic renders it: its first line without, the others with an indent."""
    source = textwrap.dedent(" " * STEP + text)
    try:
        statements = parsed(source).body
    except SyntaxError:  # a plugin's own text: its business
        return text
    lines, made, after = source.splitlines(), list[str](), 0
    for statement in statements:
        end = statement.end_lineno or statement.lineno
        made += between(lines[after : statement.lineno - 1])
        made += laid_out_statement(statement, lines[statement.lineno - 1 : end], STEP)
        after = end
    made += between(lines[after:])
    return "\n".join(made).strip()


def between(lines: list[str]) -> list[str]:
    """Comments, and never more than one empty line."""
    return [
        " " * STEP + line if line.strip() else "" for n, line in enumerate(lines) if line.strip() or (n and lines[n - 1].strip())
    ]


def laid_out_statement(statement: ast.stmt, lines: list[str], indent: int) -> list[str]:
    """One statement, and those in it."""
    space = " " * indent
    if any("#" in line for line in lines) or not is_known(statement):
        outer = " " * (indent - statement.col_offset)
        return [outer + line if line.strip() else "" for line in lines]
    if isinstance(statement, ast.With):
        (item,) = statement.items
        tail = f" as {ast.unparse(item.optional_vars)}:" if item.optional_vars else ":"
        made = [space + line for line in laid(item.context_expr, indent, "with ", tail)]
        for each in statement.body:
            made += laid_out_statement(each, [""], indent + STEP)
        return made
    assert isinstance(statement, ast.Expr)
    return [space + line for line in laid(statement.value, indent, "", "")]


def is_known(statement: ast.stmt) -> bool:
    """Whether it is a call, or a block of calls."""
    if isinstance(statement, ast.With):
        return len(statement.items) == 1 and all(map(is_known, statement.body))
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def laid(node: ast.expr, indent: int, lead: str, tail: str) -> list[str]:
    """An expression in one line where it fits, else with its parts in lines of their own; without the first indent."""
    whole = lead + flat(node) + tail
    if indent + len(whole) <= WIDTH:
        return [whole]
    opening, parts, closing = split(node)
    if not parts:
        return [whole]
    inside = indent + STEP
    together = ", ".join(prefix + flat(part) for prefix, part in parts)
    if isinstance(node, ast.Call) and inside + len(together) <= WIDTH:
        return [lead + opening, " " * STEP + together, closing + tail]
    if len(parts) == 1 and isinstance(node, ast.Call) and not parts[0][0]:
        body = laid(parts[0][1], inside, "", "")
    else:
        body = [line for prefix, part in parts for line in laid(part, inside, prefix, ",")]
    return [lead + opening, *(" " * STEP + line for line in body), closing + tail]


def split(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    """The opening, the parts with what stands before each, and the closing of what has brackets."""
    if isinstance(node, ast.Call):
        named = [(f"{word.arg}=" if word.arg else "**", word.value) for word in node.keywords]
        return f"{flat(node.func)}(", [*(("", each) for each in node.args), *named], ")"
    if isinstance(node, ast.List):
        return "[", [("", each) for each in node.elts], "]"
    if isinstance(node, ast.Tuple):
        return "(", [("", each) for each in node.elts], ")"
    if isinstance(node, ast.Dict) and None not in node.keys:
        return "{", [(f"{flat(key)}: ", value) for key, value in zip(node.keys, node.values, strict=True) if key], "}"
    return "", [], ""


def flat(node: ast.expr) -> str:
    """An expression in one line."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return in_quotes(node.value)
    if isinstance(node, ast.Attribute):
        return f"{flat(node.value)}.{node.attr}"
    opening, parts, closing = split(node)
    if opening:
        only = "," if isinstance(node, ast.Tuple) and len(parts) == 1 else ""
        return opening + ", ".join(prefix + flat(part) for prefix, part in parts) + only + closing
    return ast.unparse(node)


def in_quotes(value: object) -> str:
    """A value as it is written, a string in the quotes that need fewer escapes."""
    if isinstance(value, tuple):
        return f"({', '.join(map(in_quotes, value))}{',' if len(value) == 1 else ''})"
    if not isinstance(value, str):
        return repr(value)
    plain = repr(value + "'\"")[1:-4].replace("\\'", "'")  # with both quotes in it, Python chooses single ones and escapes those
    single, double = plain.replace("'", "\\'"), plain.replace('"', '\\"')
    return f'"{double}"' if len(double) <= len(single) else f"'{single}'"


def texts_of(values: Mapping[str, object]) -> Iterator[str]:
    """The names of those values of the template that are bodies of functions."""
    return (
        name for name, value in values.items() if name.endswith(("upgrades", "downgrades")) and isinstance(value, str) and value
    )
