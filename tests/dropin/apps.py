"""Applications for the projects, written for Flask-Migrate and for Alembic as they are found in the world.

Each kind has its beginning and two states of its models: FIRST, and then SECOND.
"""

from __future__ import annotations

FLASK = """
import os
import sqlalchemy as sa
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["URL"]
db = SQLAlchemy(app)
migrate = Migrate(app, db)
"""
BINDS = 'app.config["SQLALCHEMY_BINDS"] = {"users": os.environ["USERS_URL"]}\ndb = SQLAlchemy(app)'
FLASK_MULTIDB = FLASK.replace("db = SQLAlchemy(app)", BINDS)

AIOFLASK = """
import os
import sqlalchemy as sa
from alchemical.aio import Alchemical
from flask import Flask
from flask_migrate import Migrate

app = Flask(__name__)
db = Alchemical(os.environ["URL"])
migrate = Migrate(app, db)
"""
AIOFLASK_MULTIDB = AIOFLASK.replace('(os.environ["URL"])', '(os.environ["URL"], binds={"users": os.environ["USERS_URL"]})')

FIRST = """

class Author(db.Model):
    __tablename__ = "author"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(40), nullable=False)
"""
SECOND = """

class Author(db.Model):
    __tablename__ = "author"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(80), nullable=False)
    email = sa.Column(sa.String(120), index=True, unique=True)


class Book(db.Model):
    __tablename__ = "book"
    id = sa.Column(sa.Integer, primary_key=True)
    title = sa.Column(sa.Text, nullable=False)
    price = sa.Column(sa.Numeric(8, 2), server_default="0")
    author_id = sa.Column(sa.ForeignKey("author.id", name="fk_book_author", ondelete="CASCADE"))
"""
FIRST_MULTIDB = (
    FIRST
    + """

class User(db.Model):
    __bind_key__ = "users"
    __tablename__ = "user_account"
    id = sa.Column(sa.Integer, primary_key=True)
    login = sa.Column(sa.String(20))
"""
)
SECOND_MULTIDB = (
    SECOND
    + """

class User(db.Model):
    __bind_key__ = "users"
    __tablename__ = "user_account"
    id = sa.Column(sa.Integer, primary_key=True)
    login = sa.Column(sa.String(20), nullable=False)
    last_seen = sa.Column(sa.DateTime)
"""
)

BASE = """
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""
PLAIN_FIRST, PLAIN_SECOND = (BASE + models.replace("db.Model", "Base") for models in (FIRST, SECOND))
# Alembic's templates do not use batch mode, without which SQLite cannot alter a column.
PLAIN_WIDER = PLAIN_SECOND.replace("sa.String(80)", "sa.String(40)")

OTHER = """

class Other(DeclarativeBase):
    pass


class User(Other):
    __tablename__ = "user_account"
    id = sa.Column(sa.Integer, primary_key=True)
    login = sa.Column(sa.String(20))


metadata = {"engine1": Base.metadata, "engine2": Other.metadata}
"""

EXAMPLE_URL = "driver://user:pass@localhost/dbname\n"
"""What a new alembic.ini says in the place of the address."""
