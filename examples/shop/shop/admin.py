"""A page that lists the rows of every table."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, render_template

from . import db

pages = Blueprint("admin", __name__)
MOST_ROWS = 100


@pages.get("/")
def index() -> str:
    """The tables and how many rows each has."""
    counts = {name: db.session.scalar(sa.select(sa.func.count()).select_from(model)) for name, model in models().items()}
    return render_template("index.html", counts=counts)


@pages.get("/<name>")
def table(name: str) -> str:
    """The first rows of one table."""
    model = models().get(name) or abort(404)
    columns = [column.key for column in model.__table__.columns]
    rows = db.session.scalars(sa.select(model).limit(MOST_ROWS)).all()
    return render_template("table.html", name=name, columns=columns, rows=rows)


def models() -> dict[str, type]:
    """The models by the names of their tables."""
    found = {mapper.class_.__tablename__: mapper.class_ for mapper in db.Model.registry.mappers}
    return dict(sorted(found.items()))
