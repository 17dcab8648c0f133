"""Connects the migrations to the databases and models of the application."""
from contextlib import nullcontext

from alembic import context
from flask import current_app

db, offline = current_app.extensions["migrate"].db, context.is_offline_mode()
databases = {name or "": m for name, m in db.metadatas.items() if m.tables or (name is None and name in db.engines)}
for name, metadata in databases.items():
    tokens = {f"{way}_token": f"{name}_{way}s" if name else f"{way}s" for way in ("upgrade", "downgrade")}
    options = {"target_metadata": metadata, **tokens, **current_app.extensions["migrate"].configure_args}
    with nullcontext() if offline else db.engines[name or None].connect() as connection:
        context.configure(connection, db.engines[name or None].url, literal_binds=offline, **options)
        with context.begin_transaction():
            context.run_migrations(**({"engine_name": name} if len(databases) > 1 else {}))
