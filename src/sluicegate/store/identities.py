"""The tables of IAM: users, groups, roles, policies, and what hangs on them.

Their queries stand in one file per noun beside this one; what `access` needs to judge a caller is
in `principals`. `name_key` is the name in lower case: IAM's names are unique without regard to it.
"""

import sqlalchemy as sa

from .schema import metadata, moment, owner


def _entity(name: str, *columns: sa.Column[object]) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(32), primary_key=True),
        *owner(),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("name_key", sa.String(128), nullable=False),
        sa.Column("path", sa.String(512), nullable=False),
        moment("created_ms"),
        *columns,
        sa.UniqueConstraint("account", "region", "name_key"),
    )


users = _entity("users", sa.Column("boundary_arn", sa.String(2048), nullable=True))
groups = _entity("groups")
roles = _entity(
    "roles",
    sa.Column("trust", sa.Text, nullable=False),
    sa.Column("description", sa.String(1000), nullable=True),
    sa.Column("max_session_seconds", sa.Integer, nullable=False),
    sa.Column("boundary_arn", sa.String(2048), nullable=True),
    moment("last_used_ms", nullable=True),
    sa.Column("last_used_region", sa.String(32), nullable=True),
)
policies = _entity(
    "policies",
    sa.Column("description", sa.String(1000), nullable=True),
    sa.Column("default_version", sa.Integer, nullable=False),
    sa.Column("latest_version", sa.Integer, nullable=False),
    moment("updated_ms"),
)

memberships = sa.Table(
    "memberships",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True),
    sa.Column("group_id", sa.ForeignKey("groups.id"), primary_key=True),
    moment("joined_ms"),
)

policy_versions = sa.Table(
    "policy_versions",
    metadata,
    sa.Column("policy_id", sa.ForeignKey("policies.id"), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    moment("created_ms"),
)

inline_policies = sa.Table(
    "inline_policies",
    metadata,
    # The user, group or role it is embedded in.
    sa.Column("entity_id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
)

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("entity_id", sa.String(32), primary_key=True),
    # By ARN, so that AWS managed policies, which are data and not rows, attach the same way.
    sa.Column("policy_arn", sa.String(2048), primary_key=True),
    moment("attached_ms"),
    sa.Index(None, "policy_arn"),
)

access_keys = sa.Table(
    "access_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    *owner(),
    sa.Column("user_id", sa.ForeignKey("users.id"), nullable=False),
    # Sealed for purpose "access-key", row ("access_keys", id).
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    moment("created_ms"),
    moment("last_used_ms", nullable=True),
    sa.Column("last_used_region", sa.String(32), nullable=True),
    sa.Column("last_used_service", sa.String(64), nullable=True),
)
