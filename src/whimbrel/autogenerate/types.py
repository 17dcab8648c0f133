"""Types as they stand in a revision: imported, with their arguments; and how values get from one to another."""

from __future__ import annotations

import ast
import enum
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any, Literal

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from .._alembic_models import type_text, variants_of, without_variants
from .._python import parsed
from ..schema.text import escaped
from .enums import PLUGIN, native
from .operations import AlterColumn
from .stored import without_casts

Render = Callable[[str, Any, Any], Any]


# -- types of applications and other packages


def rendering(own: Render | None, dialect: Any) -> Render:
    """The ``render_item`` of env.py, and after it ours for types that are not SQLAlchemy's."""

    def render(kind: str, item: Any, context: Any) -> Any:
        found = own(kind, item, context) if own is not None else False
        if found is False and isinstance(item, postgresql.ENUM) and PLUGIN not in sys.modules:
            context.imports.add("from sqlalchemy.dialects import postgresql")
            schema = f", schema={item.schema!r}" if item.schema else ""
            return f"postgresql.ENUM({', '.join(map(repr, item.enums))}, name={str(item.name)!r}{schema}, create_type=False)"
        if found is False and isinstance(item, postgresql.DOMAIN):
            context.imports.add("from sqlalchemy.dialects import postgresql")
            schema = f", schema={item.schema!r}" if item.schema else ""
            of = type_text(item.data_type, context)
            return f"postgresql.DOMAIN({str(item.name)!r}, {of}{schema}, create_type=False)"
        if found is False and isinstance(item, sa.types.NullType):
            return unknown(dialect, context)
        if found is False and isinstance(item, sa.Interval) and type(item) is sa.Interval:
            return interval(item, context)
        if found is not False or kind != "type" or type(item).__module__.startswith("sqlalchemy."):
            return found
        if context.opts.get("user_module_prefix"):
            return False  # env.py says where its types are
        return written(item, context, dialect)

    return render


def unknown(dialect: Any, context: Any) -> str:
    """A type that SQLAlchemy does not know. On SQLite a column may have none, which is the same as BLOB (datatype3.html, 3.1)."""
    prefix = context.opts.get("sqlalchemy_module_prefix") or "sa."
    return f"{prefix}BLOB()" if dialect.name == "sqlite" else f"{prefix}types.NullType()"


def interval(item: sa.Interval, context: Any) -> str | Literal[False]:
    """Its arguments, which SQLAlchemy's repr leaves out."""
    usual = {"native": True, "second_precision": None, "day_precision": None}
    given = [f"{name}={value!r}" for name, wanted in usual.items() if (value := getattr(item, name)) != wanted]
    prefix = context.opts.get("sqlalchemy_module_prefix") or "sa."
    return f"{prefix}Interval({', '.join(given)})" if given else False


def writes_texts(impl: Any) -> None:
    """Have expressions written into files as ``text()`` takes them: a percent sign once, a colon that is no parameter marked."""
    as_usual = impl.render_ddl_sql_expr
    doubles = impl.dialect.paramstyle in ("format", "pyformat")

    def render(expr: Any, is_server_default: bool = False, **kw: Any) -> str:
        text = str(as_usual(expr, is_server_default=is_server_default, **kw))
        text = text.replace("%%", "%") if doubles else text
        return text if kw.get("is_index") else escaped(text)  # a literal_column() has no parameters

    impl.render_ddl_sql_expr = render


def written(type_: TypeEngine[Any], context: Any, dialect: Any) -> str:
    """A type with its arguments; its database type, where it cannot be written."""
    if variants := variants_of(type_):
        others = [f".with_variant({type_text(each, context)}, {name!r})" for name, each in sorted(variants.items())]
        return "".join([written(without_variants(type_), context, dialect), *others])
    imports: set[str] = set()
    call = call_of(type_, imports, dialect)
    if call is not None:
        context.imports.update(imports)
        return call
    cls = type(type_)
    context.imports.add(f"# {cls.__module__}.{cls.__qualname__} cannot be written here: its database type stands in for it.")
    return type_text(database_type(type_, dialect), context)


def database_type(type_: TypeEngine[Any], dialect: Any) -> TypeEngine[Any]:
    """What a type of an application is to the database."""
    found = type_
    while isinstance(found, sa.types.TypeDecorator):
        found = found.load_dialect_impl(dialect)
    for cls in type(found).__mro__:
        names = cls.__module__.split(".")
        home = sys.modules[".".join(names[:3])] if names[:2] == ["sqlalchemy", "dialects"] else sa
        if names[0] == "sqlalchemy" and getattr(home, cls.__name__, None) is cls:
            return found if cls is type(found) else found.adapt(cls)  # drivers have types of their own
    return sa.types.NullType()


def call_of(type_: TypeEngine[Any], imports: set[str], dialect: Any) -> str | None:
    """``shop.money.Money('USD')``; None where a part of it cannot be written, or would not make the same type."""
    cls = type(type_)
    if not is_importable(cls):
        return None
    for text in calls(type_, imports):
        if makes_the_same(text, type_, dialect):
            imports.add(f"import {cls.__module__}")
            return text
    return None


def is_importable(cls: type) -> bool:
    """Whether another module can import a class by its name."""
    found: Any = sys.modules.get(cls.__module__)
    if cls.__module__ == "__main__" or "<" in cls.__qualname__:
        return False
    for part in cls.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is cls


def calls(type_: TypeEngine[Any], imports: set[str]) -> Iterator[str]:
    """What may make a type: from what its attributes say of the arguments, and from its repr where more are taken."""
    cls = type(type_)
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    is_open = any(each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD) for each in parameters)
    shown = repr(type_)
    in_repr = shown[len(cls.__name__) + 1 : -1] if shown.startswith(f"{cls.__name__}(") else None
    name = f"{cls.__module__}.{cls.__qualname__}"
    has_own_repr = not cls.__repr__.__module__.startswith("sqlalchemy.")
    if is_open and has_own_repr and in_repr is not None:
        yield f"{name}({in_repr})"
    arguments = arguments_of(type_, parameters, imports)
    if arguments is not None:
        yield f"{name}({', '.join(arguments)})"
        if is_open and in_repr:  # SQLAlchemy's repr of a TypeDecorator has the arguments of what it stands on
            yield f"{name}({', '.join([*arguments, in_repr])})"
    elif is_open and in_repr is not None:
        yield f"{name}({in_repr})"


def arguments_of(type_: TypeEngine[Any], parameters: list[inspect.Parameter], imports: set[str]) -> list[str] | None:
    """The arguments that have a name, from the attributes of the same name; None where one is not to be found."""
    arguments: list[str] = []
    for each in parameters:
        if each.kind is each.VAR_KEYWORD:
            continue
        if each.kind is each.VAR_POSITIONAL:
            values = getattr(type_, each.name, getattr(type_, f"_{each.name}", ()))
            texts = [value_text(value, imports) for value in values] if isinstance(values, (tuple, list)) else []
            if None in texts or (texts and len(arguments) != parameters.index(each)):
                return None
            arguments += [text for text in texts if text is not None]
            continue
        value = getattr(type_, each.name, getattr(type_, f"_{each.name}", each.empty))
        if value is each.empty:
            if each.default is each.empty:
                return None
            continue
        if each.default is not each.empty and value == each.default:
            continue
        text = value_text(value, imports)
        if text is None:
            return None
        is_plain = each.kind is each.POSITIONAL_ONLY or (each.default is each.empty and each.kind is not each.KEYWORD_ONLY)
        arguments.append(text if is_plain and len(arguments) == parameters.index(each) else f"{each.name}={text}")
    return arguments


def value_text(value: Any, imports: set[str]) -> str | None:
    """An argument as Python; None where it cannot be written."""
    if isinstance(value, enum.Enum):
        value_type = type(value)
        imports.add(f"import {value_type.__module__}")
        return f"{value_type.__module__}.{value_type.__qualname__}.{value.name}" if is_importable(value_type) else None
    if isinstance(value, type) and is_importable(value):
        if value.__module__ == "builtins":
            return value.__name__
        imports.add(f"import {value.__module__}")
        return f"{value.__module__}.{value.__qualname__}"
    text = repr(value)
    try:
        return text if ast.literal_eval(parsed(text, mode="eval")) == value else None
    except (ValueError, SyntaxError, TypeError):
        return None


def makes_the_same(text: str, type_: TypeEngine[Any], dialect: Any) -> bool:
    """Whether a call makes a type that is the same to the database."""
    cls = type(type_)
    try:
        call = parsed(text, mode="eval")
        names = {name.split(".")[0]: sys.modules[name.split(".")[0]] for name in (cls.__module__, *modules_in(call))}
        made = eval(compile(call, "<type>", "eval"), names)
        return bool(made.compile(dialect=dialect) == type_.compile(dialect=dialect))
    except Exception:  # whatever the constructor raises
        return False


def modules_in(call: ast.AST) -> list[str]:
    """The first names in an expression that are modules."""
    return [node.id for node in ast.walk(call) if isinstance(node, ast.Name) and node.id in sys.modules]


# -- from one type to another

HEX, DASHED = 32, 36
"""The length of a UUID in digits alone, and as PostgreSQL writes it."""


def add_casts(upgrade: ops.UpgradeOps, connection: Connection) -> None:
    """Say how the values of columns get to their new type, where the server does not know it by itself."""
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            op.ops = [step for each in op.ops for step in with_cast(each, connection)]


def with_cast(op: ops.MigrateOperation, connection: Connection) -> list[ops.MigrateOperation]:
    """The same operation, with USING where one of the two ways needs it, and with its default out of the way."""
    if not isinstance(op, ops.AlterColumnOp) or op.existing_type is None or op.modify_type is None:
        return [op]
    there, is_aside = using(op.column_name, op.existing_type, op.modify_type, op.existing_server_default, connection)
    new_default = op.existing_server_default if op.modify_server_default is False else op.modify_server_default
    if new_default is op.existing_server_default and has_enum(op, connection.dialect):
        new_default = uncast(new_default)  # it names the other type
    back, is_aside_back = using(op.column_name, op.modify_type, op.existing_type, new_default, connection)
    made = AlterColumn.of(op, there, back) if there or back else op
    if not (is_aside or is_aside_back):
        return [made]
    made.modify_server_default, made.existing_server_default = False, None
    before, after = (
        ops.AlterColumnOp(
            op.table_name,
            op.column_name,
            schema=op.schema,
            existing_type=type_,
            existing_nullable=op.existing_nullable,
            existing_server_default=old,
            modify_server_default=new,
        )
        for type_, old, new in ((op.existing_type, op.existing_server_default, None), (op.modify_type, None, new_default))
    )
    return [each for each in (before, made, after) if each is made or each.existing_server_default or each.modify_server_default]


def using(name: str, old: TypeEngine[Any], new: TypeEngine[Any], default: Any, connection: Connection) -> tuple[str | None, bool]:
    """The expression that PostgreSQL needs for a change of type, None where it needs none; and whether the default is in its way.

    The server is asked, with an empty table.
    """
    dialect = connection.dialect
    after = dialect.type_compiler_instance.process(new)
    column = dialect.identifier_preparer.quote(name)
    if native(old, dialect) is not None or native(new, dialect) is not None:
        return f"{column}::text::{after}", default is not None
    for one, other, function in ((old, new, "convert_to"), (new, old, "convert_from")):
        if isinstance(one, sa.String) and isinstance(other, sa.LargeBinary):  # a cast reads and writes escapes
            return f"{function}({column}, 'UTF8')", default is not None
    if isinstance(old, sa.Uuid) and isinstance(new, sa.String) and new.length in range(HEX, DASHED):
        return f"replace({column}::text, '-', '')", default is not None
    created = sa.Table(
        "whimbrel_cast", sa.MetaData(), sa.Column("c", old, server_default=default_of(default)), prefixes=["TEMPORARY"]
    )
    for has_default in (True, False) if default is not None else (False,):
        if not has_default:
            created.columns["c"].server_default = None
        for expression in ("", f"{{}}::{after}", f"{{}}::text::{after}"):
            if is_accepted(created, after, expression.format("c"), connection):
                return expression.format(column) or None, default is not None and not has_default
    return None, False


def has_enum(op: ops.AlterColumnOp, dialect: Any) -> bool:
    """Whether a column is or becomes one of an enum type."""
    types = [each for each in (op.existing_type, op.modify_type) if each is not None]
    return any(native(each, dialect) is not None for each in types)


def uncast(default: Any) -> Any:
    """A default without the type that the server has written to it."""
    arg = default_of(default)
    text = without_casts(arg.text if isinstance(arg, sa.TextClause) else None)
    return default if text is None else sa.DefaultClause(sa.text(text))


def default_of(default: Any) -> Any:
    """What a default is made of."""
    return default.arg if isinstance(default, sa.DefaultClause) else default or None


def is_accepted(table: sa.Table, type_: str, expression: str, connection: Connection) -> bool:
    """Whether the server takes a change of type."""
    using = f" USING {expression}" if expression else ""
    try:
        with connection.begin_nested() as attempt:
            try:
                table.create(connection)
                connection.exec_driver_sql(f"ALTER TABLE whimbrel_cast ALTER COLUMN c TYPE {type_}{using}")
            finally:
                attempt.rollback()
    except DBAPIError:
        return False
    return True
