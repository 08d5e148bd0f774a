"""cluster policies."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """cluster policies."""
    op.create_table(
        "cluster_policies",
        sa.Column("cluster_id", sa.String(length=48), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["cluster_id"], ["clusters.id"], name=op.f("fk_cluster_policies_cluster_id")
        ),
        sa.PrimaryKeyConstraint("cluster_id", name=op.f("pk_cluster_policies")),
    )
