"""What the shop keeps."""

from __future__ import annotations

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from . import db


class Product(db.Model):
    """Something to sell."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    price: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))

    def __str__(self) -> str:
        return self.name


class Customer(db.Model):
    """Somebody who buys."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    email: Mapped[str] = mapped_column(sa.String(120), unique=True)

    def __str__(self) -> str:
        return self.name
