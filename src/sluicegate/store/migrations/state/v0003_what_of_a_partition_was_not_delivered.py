"""what of a partition was not delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """what of a partition was not delivered."""
    with op.batch_alter_table("mapping_progress", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("since_ms", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("began", sa.BigInteger(), nullable=True))
        batch_op.add_column(
            sa.Column("dropped", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(
            sa.Column("dropped_before", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("last_dropped", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("holes", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("holes_before", sa.BigInteger(), server_default="0", nullable=False)
        )
        batch_op.add_column(sa.Column("last_hole", sa.Text(), nullable=True))
