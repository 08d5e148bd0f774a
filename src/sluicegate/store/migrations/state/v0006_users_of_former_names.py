"""users of former names."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """users of former names."""
    with op.batch_alter_table("scram_secrets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("former", sa.Text(), server_default="[]", nullable=False))
