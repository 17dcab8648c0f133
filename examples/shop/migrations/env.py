"""Connects the migrations to the databases and models of the application."""
from contextlib import nullcontext

from alembic import context
from flask import current_app

migrate, offline = current_app.extensions["migrate"], context.is_offline_mode()
engines = migrate.db.engines or (migrate.db.get_engine() and migrate.db.engines)  # Alchemical makes them when asked for one
databases = {name or "": m for name, m in migrate.db.metadatas.items() if m.tables or (name is None and name in engines)}
for name, metadata in databases.items():
    options = {f"{way}_token": f"{name}_{way}s" if name else f"{way}s" for way in ("upgrade", "downgrade")} | migrate.configure_args
    with nullcontext() if offline else engines[name or None].connect() as connection:
        context.configure(connection, engines[name or None].url, target_metadata=metadata, literal_binds=offline, **options)
        with context.begin_transaction():
            context.run_migrations(**({"engine_name": name} if len(databases) > 1 else {}))
