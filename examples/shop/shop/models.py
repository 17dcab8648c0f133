"""What the shop keeps."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from . import db


class Product(db.Model):
    """Something to sell."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    price: Mapped[Decimal] = mapped_column(sa.Numeric(10, 2))
    stock: Mapped[int] = mapped_column(server_default="0")
    tags: Mapped[list[Tag]] = relationship(secondary="product_tag", back_populates="products")

    def __str__(self) -> str:
        return self.name


class Customer(db.Model):
    """Somebody who buys."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    email: Mapped[str] = mapped_column(sa.String(120), unique=True)
    orders: Mapped[list[Order]] = relationship(back_populates="customer")

    def __str__(self) -> str:
        return self.name


class Order(db.Model):
    """What somebody bought at one time."""

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(sa.ForeignKey("customer.id"), index=True)
    placed_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    customer: Mapped[Customer] = relationship(back_populates="orders")
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order")

    def __str__(self) -> str:
        return f"order {self.id} of {self.customer}"


class OrderLine(db.Model):
    """How many of one product."""

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("order.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"), primary_key=True)
    quantity: Mapped[int]
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"


class Tag(db.Model):
    """A word that customers look for."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(30), unique=True)
    products: Mapped[list[Product]] = relationship(secondary="product_tag", back_populates="tags")

    def __str__(self) -> str:
        return self.name


product_tag = sa.Table(
    "product_tag",
    db.metadata,
    sa.Column("product_id", sa.ForeignKey("product.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)
