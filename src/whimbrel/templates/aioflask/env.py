"""Connects the migrations to the databases and models of the application."""
import asyncio

from alembic import context
from flask import current_app

migrate, offline = current_app.extensions["migrate"], context.is_offline_mode()
engines = migrate.db.engines or (migrate.db.get_engine() and migrate.db.engines)  # Alchemical makes them when asked for one
databases = {name or "": m for name, m in migrate.db.metadatas.items() if m.tables or (name is None and name in engines)}


def run(connection, name, engine):
    more = {f"{way}_token": f"{name}_{way}s" if name else f"{way}s" for way in ("upgrade", "downgrade")} | migrate.configure_args
    context.configure(connection, engine.url, target_metadata=databases[name], literal_binds=offline, **more)
    with context.begin_transaction():
        context.run_migrations(**({"engine_name": name} if len(databases) > 1 else {}))


async def connect(name, engine):
    async with engine.connect() as connection:
        await connection.run_sync(run, name, engine)
    await engine.dispose()


for name in databases:
    engine = engines[name or None]
    run(None, name, engine) if offline else asyncio.run(connect(name, engine))
