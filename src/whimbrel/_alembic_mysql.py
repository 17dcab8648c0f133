"""How MySQL and MariaDB rename a column; as ``_alembic``."""

from __future__ import annotations

from typing import Any

from sqlalchemy import MetaData, Table, text

UNCHANGED: dict[str, Any] = {"nullable": None, "server_default": False, "type_": None, "autoincrement": None, "comment": False}


def renames_alone(impl: Any) -> None:
    """Have a column that only gets another name be renamed.

    Alembic writes CHANGE, which says the whole column anew and loses what it is not told: its default, AUTO_INCREMENT, ON UPDATE.
    RENAME COLUMN is there since MariaDB 10.5.2 and MySQL 8.0.
    """
    alter = impl.alter_column

    def alter_column(table_name: str, column_name: str, name: str | None = None, schema: str | None = None, **kw: Any) -> None:
        if name is None or any(kw.get(key, value) not in (value,) for key, value in UNCHANGED.items()):
            alter(table_name, column_name, name=name, schema=schema, **kw)
            return
        preparer = impl.dialect.identifier_preparer
        table = preparer.format_table(Table(table_name, MetaData(), schema=schema))
        old, new = (preparer.quote(each).replace(":", "\\:") for each in (column_name, name))
        impl.execute(text(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}"))

    impl.alter_column = alter_column
