"""${message}

Revision ID: ${up_revision}
Revises:${" " + comma(down_revision) if down_revision else ""}
Create Date: ${create_date}

"""

from alembic import op
import sqlalchemy as sa
% if imports:
${imports}
% endif

# revision identifiers, used by Alembic.
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
<%
    from flask import current_app
    db = current_app.extensions["migrate"].db
    engines = db.engines or (db.get_engine() and db.engines)
    names = [name or "" for name, m in db.metadatas.items() if m.tables or (name is None and name in engines)]
%>
% if len(names) > 1:

def upgrade(engine_name=""):
    globals().get(f"upgrade_{engine_name}", lambda: None)()


def downgrade(engine_name=""):
    globals().get(f"downgrade_{engine_name}", lambda: None)()
% for name in names:


def upgrade_${name}():
    ${context.get(f"{name}_upgrades" if name else "upgrades") or "pass"}


def downgrade_${name}():
    ${context.get(f"{name}_downgrades" if name else "downgrades") or "pass"}
% endfor
% else:

def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
% endif
