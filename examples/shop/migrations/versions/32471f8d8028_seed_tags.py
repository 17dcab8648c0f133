"""seed tags

Revision ID: 32471f8d8028
Revises: 621fc07bac84
Create Date: 2026-11-20 21:37:09.447584

"""
from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision = '32471f8d8028'
down_revision = '621fc07bac84'
branch_labels = None
depends_on = None


TAGS = ["new", "sale", "fragile"]
tag = sa.table("tag", sa.column("id", sa.Integer), sa.column("name", sa.String))
product_tag = sa.table("product_tag", sa.column("tag_id", sa.Integer))


def upgrade():
    op.bulk_insert(tag, [{"name": name} for name in TAGS])


def downgrade():
    ours = tag.c.name.in_(TAGS)
    op.execute(product_tag.delete().where(product_tag.c.tag_id.in_(sa.select(tag.c.id).where(ours))))
    op.execute(tag.delete().where(ours))
