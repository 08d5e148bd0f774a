"""indexes of versions and grants."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """indexes of versions and grants."""
    with op.batch_alter_table("key_grants", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_key_grants_key_id"))
        batch_op.create_index(
            batch_op.f("ix_key_grants_key_id_grantee_id_grantee"),
            ["key_id", "grantee_id", "grantee"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_key_grants_key_id_name"), ["key_id", "name"], unique=False
        )

    with op.batch_alter_table("secret_versions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_secret_versions_secret_id_position_id_created_ms"),
            ["secret_id", "position", "id", "created_ms"],
            unique=False,
        )
