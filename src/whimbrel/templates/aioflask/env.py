"""Connects the migrations to the databases and models of the application."""
import asyncio

from alembic import context
from flask import current_app

db, offline = current_app.extensions["migrate"].db, context.is_offline_mode()
databases = {name or "": m for name, m in db.metadatas.items() if m.tables or (name is None and name in db.engines)}


def run(connection, name, engine):
    tokens = {f"{way}_token": f"{name}_{way}s" if name else f"{way}s" for way in ("upgrade", "downgrade")}
    options = {"target_metadata": databases[name], **tokens, **current_app.extensions["migrate"].configure_args}
    context.configure(connection, engine.url, literal_binds=offline, **options)
    with context.begin_transaction():
        context.run_migrations(**({"engine_name": name} if len(databases) > 1 else {}))


async def connect(name, engine):
    async with engine.connect() as connection:
        await connection.run_sync(run, name, engine)
    await engine.dispose()


for name in databases:
    engine = db.engines[name or None]
    run(None, name, engine) if offline else asyncio.run(connect(name, engine))
