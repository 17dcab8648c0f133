"""A database for a while, on the server of another one."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ._beside import Beside

PREFIX = "whimbrel_scratch_"


@contextmanager
def new_database(connection: Connection, create: str) -> Iterator[Connection | None]:
    """Create a database and connect to it; dropped in the end. None where that is not allowed, or the driver is asynchronous.

    create: the statement, with a place for the name.
    """
    if connection.dialect.is_async:
        yield None
        return
    name = PREFIX + uuid.uuid4().hex[:12]
    quoted = connection.dialect.identifier_preparer.quote(name)
    beside = Beside(connection)
    try:
        try:
            beside.run(lambda ours: ours.exec_driver_sql(create.format(quoted)))
        except SQLAlchemyError:
            yield None
            return
        engine = create_engine(connection.engine.url.set(database=name), poolclass=NullPool)
        try:
            made = engine.connect()
        except SQLAlchemyError:  # the engine of env.py connects in a way that its URL does not tell
            yield None
        else:
            with made:
                yield made
        finally:
            with suppress(SQLAlchemyError):
                beside.run(lambda ours: ours.exec_driver_sql(f"DROP DATABASE IF EXISTS {quoted}"))
    finally:
        beside.close()
