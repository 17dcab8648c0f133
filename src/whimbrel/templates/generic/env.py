"""Connects the migrations to the database and the models."""
from contextlib import nullcontext

from alembic import context
from sqlalchemy import engine_from_config, pool

# from myapp.models import Base
target_metadata = None  # Base.metadata

settings, offline = context.config.get_section(context.config.config_ini_section), context.is_offline_mode()
engine = None if offline else engine_from_config(settings, "sqlalchemy.", poolclass=pool.NullPool)
with engine.connect() if engine else nullcontext() as connection:
    context.configure(connection, settings["sqlalchemy.url"], target_metadata=target_metadata, literal_binds=offline)
    with context.begin_transaction():
        context.run_migrations()
