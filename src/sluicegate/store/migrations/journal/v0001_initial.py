"""initial."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """initial."""
    op.create_table(
        "decision_documents",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_decision_documents")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("principal", sa.String(length=2048), nullable=False),
        sa.Column("action", sa.String(length=256), nullable=False),
        sa.Column("resource", sa.String(length=2048), nullable=False),
        sa.Column("effect", sa.String(length=16), nullable=False),
        sa.Column("layer", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=256), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_account_id"), "decisions", ["account", "id"], unique=False)
    op.create_index(
        op.f("ix_decisions_account_principal_id"),
        "decisions",
        ["account", "principal", "id"],
        unique=False,
    )
    op.create_index(
        "ix_decisions_denied",
        "decisions",
        ["account", "id"],
        unique=False,
        sqlite_where=sa.text("effect != 'ALLOW'"),
        postgresql_where=sa.text("effect != 'ALLOW'"),
    )
    op.create_table(
        "log_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("ingested_ms", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_events")),
    )
    op.create_index(
        op.f("ix_log_events_group_id_at_ms_id"),
        "log_events",
        ["group_id", "at_ms", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_log_events_stream_id_at_ms_id"),
        "log_events",
        ["stream_id", "at_ms", "id"],
        unique=False,
    )
    op.create_table(
        "log_stream_totals",
        sa.Column("stream_id", sa.String(length=36), nullable=False),
        sa.Column("group_id", sa.String(length=36), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=True),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("ingested_ms", sa.BigInteger(), nullable=False),
        sa.Column("stored_bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream_id", name=op.f("pk_log_stream_totals")),
    )
    op.create_index(
        op.f("ix_log_stream_totals_group_id"), "log_stream_totals", ["group_id"], unique=False
    )
