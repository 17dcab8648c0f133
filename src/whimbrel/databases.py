"""The databases of an application under one shape: ``engines`` and ``metadatas`` by bind name, None for the default one.

That is Flask-SQLAlchemy 3's shape, and env.py files rely on it. Alchemical, Flask-SQLAlchemy-Lite and plain SQLAlchemy
are given the same one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import ConfigurationError


def adapted(db: Any, metadata: Any, config: Mapping[str, Any]) -> Any:
    """The object that env.py finds as ``app.extensions["migrate"].db``: the user's own where it has the shape already.

    metadata: MetaData, a declarative base, or a mapping of them by bind name; where the db object has none.
    config: the application's, for the URLs of engines that nobody else makes.
    """
    if db is None or (metadata is None and is_flask_sqlalchemy(db)):
        return db
    return Databases(db, metadata, config)


def is_flask_sqlalchemy(db: Any) -> bool:
    """Whether an object has engines and metadatas by bind name, without making an engine to find out."""
    return hasattr(type(db), "engines") and hasattr(db, "metadatas") and type(db).__module__.startswith("flask_sqlalchemy")


class Databases:
    """Engines and metadatas by bind name, from whatever the application has; everything else is the original's."""

    def __init__(self, original: Any, metadata: Any, config: Mapping[str, Any]) -> None:
        self._original = original
        self._metadata = metadata
        self._config = config
        self._made: dict[str | None, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    @property
    def engines(self) -> dict[str | None, Any]:
        """The engines by bind name."""
        engines = self._engines_of_original()
        if engines is None:
            if self._made is None:
                self._made = made_from(self._config)
            engines = self._made
        return {None if name == "default" and None not in engines else name: engine for name, engine in engines.items()}

    @property
    def engine(self) -> Any:
        """The default engine."""
        return self.engines[None]

    def get_engine(self, bind: str | None = None, **names: Any) -> Any:
        """An engine by bind name; env.py files of Flask-Migrate ask like this first."""
        return self.engines[names.get("bind_key", bind)]

    def bind_names(self) -> list[str]:
        """The names of the binds, without the default."""
        return [name for name in self.engines if name is not None]

    @property
    def metadatas(self) -> dict[str | None, Any]:
        """The models' MetaData by bind name."""
        found = self._metadata
        if found is None:
            found = getattr(self._original, "metadatas", None) or self._original
        if not isinstance(found, Mapping):
            found = {None: found}
        return {None if name in ("default", "") else name: as_metadata(each) for name, each in found.items()}

    @property
    def metadata(self) -> Any:
        """The models' MetaData of the default database."""
        return self.metadatas[None]

    def _engines_of_original(self) -> dict[str | None, Any] | None:
        get_engine = getattr(self._original, "get_engine", None)
        engines = getattr(self._original, "engines", None)
        if engines is None and get_engine is not None:
            get_engine()  # Alchemical makes all of its engines when one is asked for
            engines = getattr(self._original, "engines", None)
        if not engines:
            engines = getattr(self._original, "async_engines", None)
        if not engines:
            engine = getattr(self._original, "engine", None)
            engines = None if engine is None else {None: engine}
        return engines


def as_metadata(value: Any) -> Any:
    """A MetaData, given itself, a declarative base, or something else that has one."""
    from sqlalchemy import MetaData

    found = value if isinstance(value, MetaData) else getattr(value, "metadata", None)
    if not isinstance(found, MetaData):
        raise ConfigurationError(
            f"The models are not known: {type(value).__name__} has no MetaData.",
            hint="Name them: Migrate(app, db, metadata=Base.metadata).",
        )
    return found


def made_from(config: Mapping[str, Any]) -> dict[str | None, Any]:
    """Engines for the URLs of the application's settings, in the names of Flask-SQLAlchemy and of its Lite."""
    from sqlalchemy import create_engine, pool

    urls: dict[str | None, Any] = {None: config.get("SQLALCHEMY_DATABASE_URI")}
    urls |= config.get("SQLALCHEMY_BINDS") or {}
    urls |= config.get("SQLALCHEMY_ENGINES") or {}
    found: dict[str | None, Any] = {}
    for name, value in urls.items():
        if value:
            options = dict(value) if isinstance(value, Mapping) else {"url": value}
            found[name] = create_engine(options.pop("url"), **{"poolclass": pool.NullPool, **options})
    if not found:
        raise ConfigurationError(
            "The application says nowhere which database to use.", hint="Set SQLALCHEMY_DATABASE_URI in its configuration."
        )
    return found
