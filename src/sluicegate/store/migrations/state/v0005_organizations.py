"""organizations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """organizations."""
    op.create_table(
        "account_creations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", sa.String(length=34), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=False),
        sa.Column("requested_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_creations")),
    )
    with op.batch_alter_table("account_creations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_creations_account"), ["account"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_account_creations_organization_id"), ["organization_id"], unique=False
        )

    op.create_table(
        "organizations",
        sa.Column("id", sa.String(length=34), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("feature_set", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("account", "region", name=op.f("uq_organizations_account_region")),
    )
    op.create_table(
        "organization_nodes",
        sa.Column("id", sa.String(length=68), nullable=False),
        sa.Column("organization_id", sa.String(length=34), nullable=False),
        sa.Column("parent_id", sa.String(length=68), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("email", sa.String(length=64), nullable=False),
        sa.Column("joined_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_organization_nodes_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_nodes")),
    )
    with op.batch_alter_table("organization_nodes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organization_nodes_organization_id"), ["organization_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_organization_nodes_parent_id"), ["parent_id"], unique=False
        )

    op.create_table(
        "organization_policies",
        sa.Column("id", sa.String(length=130), nullable=False),
        sa.Column("organization_id", sa.String(length=34), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=512), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_organization_policies_organization_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_policies")),
        sa.UniqueConstraint(
            "organization_id",
            "type",
            "name",
            name=op.f("uq_organization_policies_organization_id_type_name"),
        ),
    )
    with op.batch_alter_table("organization_policies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organization_policies_organization_id"),
            ["organization_id"],
            unique=False,
        )

    op.create_table(
        "organization_policy_types",
        sa.Column("organization_id", sa.String(length=34), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_organization_policy_types_organization_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organization_id", "type", name=op.f("pk_organization_policy_types")
        ),
    )
    op.create_table(
        "organization_attachments",
        sa.Column("target_id", sa.String(length=68), nullable=False),
        sa.Column("policy_id", sa.String(length=130), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("attached_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["target_id"],
            ["organization_nodes.id"],
            name=op.f("fk_organization_attachments_target_id"),
        ),
        sa.PrimaryKeyConstraint("target_id", "policy_id", name=op.f("pk_organization_attachments")),
    )
    with op.batch_alter_table("organization_attachments", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_organization_attachments_policy_id"), ["policy_id"], unique=False
        )
