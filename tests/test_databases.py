"""Whatever an application has for its databases, env.py finds it under one shape."""

from __future__ import annotations

from importlib.metadata import version

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import whimbrel
from kit import on
from whimbrel import Migrate, errors

pytestmark = on("sqlite")
needs_flask_3 = pytest.mark.skipif(version("flask") < "3", reason="Flask-SQLAlchemy-Lite needs Flask 3")


def base() -> type[DeclarativeBase]:
    class Base(DeclarativeBase):
        pass

    class Note(Base):
        __tablename__ = "note"
        id: Mapped[int] = mapped_column(primary_key=True)

    return Base


def round_trip(app: Flask, database, tables=("note",)) -> None:
    with app.app_context():
        whimbrel.init()
        whimbrel.migrate(message="first")
        whimbrel.upgrade()
        assert database.tables() == list(tables)
        whimbrel.check()
        whimbrel.downgrade()
        assert database.tables() == []


def application(**config) -> Flask:
    app = Flask("shop")
    app.config.update(config)
    return app


@pytest.mark.parametrize("what", ["base", "metadata"])
def test_plain_sqlalchemy(project, what):
    app, found = application(SQLALCHEMY_DATABASE_URI=project.database.url), base()
    Migrate(app, found if what == "base" else found.metadata)
    round_trip(app, project.database)


def test_plain_sqlalchemy_with_several_databases(project, new_database):
    logs, found = new_database("sqlite"), sa.MetaData()
    sa.Table("log", found, sa.Column("id", sa.Integer, primary_key=True))
    app = application(SQLALCHEMY_DATABASE_URI=project.database.url, SQLALCHEMY_BINDS={"logs": {"url": logs.url}})
    Migrate(app, base(), metadata={None: base(), "logs": found})
    round_trip(app, project.database)
    assert logs.names() == ["alembic_version"]


@needs_flask_3
def test_flask_sqlalchemy_lite(project):
    from flask_sqlalchemy_lite import SQLAlchemy

    app = application(SQLALCHEMY_ENGINES={"default": project.database.url})
    db = SQLAlchemy(app)
    Migrate(app, db, metadata=base().metadata)
    round_trip(app, project.database)


@needs_flask_3
def test_flask_sqlalchemy_lite_without_metadata(project):
    from flask_sqlalchemy_lite import SQLAlchemy

    app = application(SQLALCHEMY_ENGINES={"default": project.database.url})
    Migrate(app, SQLAlchemy(app))
    with app.app_context():
        whimbrel.init()
        with pytest.raises(errors.ConfigurationError) as error:
            whimbrel.migrate()
    assert "The models are not known" in str(error.value)
    assert "metadata=Base.metadata" in (error.value.hint or "")


@needs_flask_3
def test_flask_sqlalchemy_lite_with_an_asyncio_engine(project):
    from flask_sqlalchemy_lite import SQLAlchemy

    app = application(SQLALCHEMY_ASYNC_ENGINES={"default": project.database.url.replace("sqlite://", "sqlite+aiosqlite://")})
    Migrate(app, SQLAlchemy(app), metadata=base())
    with app.app_context():
        whimbrel.init(template="aioflask")
        whimbrel.migrate(message="first")
        whimbrel.upgrade()
        assert project.database.tables() == ["note"]
        whimbrel.check()
        whimbrel.downgrade()
        assert project.database.tables() == []


def test_alchemical(project):
    from alchemical import Alchemical

    class Model(DeclarativeBase):
        pass

    db = Alchemical(project.database.url, model_class=Model)

    class Note(db.Model):
        id: Mapped[int] = mapped_column(primary_key=True)

    app = application()
    Migrate(app, db)
    round_trip(app, project.database)


def test_an_application_without_a_url(project):
    app = application()
    Migrate(app, base())
    with app.app_context():
        whimbrel.init()
        with pytest.raises(errors.ConfigurationError, match="says nowhere which database to use"):
            whimbrel.upgrade()


def test_flask_sqlalchemys_object_stays_what_it_is(project):
    from flask_sqlalchemy import SQLAlchemy

    app = application(SQLALCHEMY_DATABASE_URI=project.database.url)
    db = SQLAlchemy(app)
    Migrate(app, db)
    with app.app_context():
        assert app.extensions["migrate"].db is db


def test_the_shape_has_what_flask_migrates_env_py_asks_for(project):
    app, found = application(SQLALCHEMY_DATABASE_URI=project.database.url), base()
    Migrate(app, found)
    with app.app_context():
        db = app.extensions["migrate"].db
        assert db.get_engine() is db.engine is db.engines[None] is db.get_engine(bind=None)
        assert db.metadata is db.metadatas[None] is found.metadata
        assert db.bind_names() == []
        assert db.registry is found.registry
