"""The tables of AWS Organizations.

Roots, units and accounts are one table: each has a parent, and policies hang on any of them.
"""

import sqlalchemy as sa

from ..schema import metadata, moment, owner

organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.String(34), primary_key=True),
    # The management account's.
    *owner(),
    sa.Column("feature_set", sa.String(32), nullable=False),
    sa.UniqueConstraint("account", "region"),
)


def _organization() -> "sa.Column[str]":
    return sa.Column(
        "organization_id", sa.ForeignKey("organizations.id"), nullable=False, index=True
    )


policy_types = sa.Table(
    "organization_policy_types",
    metadata,
    sa.Column("organization_id", sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("type", sa.String(64), primary_key=True),
)

nodes = sa.Table(
    "organization_nodes",
    metadata,
    # `r-…`, `ou-…`, or an account's number.
    sa.Column("id", sa.String(68), primary_key=True),
    _organization(),
    # `''` for the root.
    sa.Column("parent_id", sa.String(68), nullable=False, index=True),
    sa.Column("name", sa.String(128), nullable=False),
    # An account's alone.
    sa.Column("email", sa.String(64), nullable=False),
    moment("joined_ms"),
)

creations = sa.Table(
    "account_creations",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    # Kept when the organization is gone: a number is never given out twice.
    sa.Column("organization_id", sa.String(34), nullable=False, index=True),
    # `''` where none was made.
    sa.Column("account", sa.String(12), nullable=False, index=True),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("failure", sa.String(64), nullable=False),
    moment("requested_ms"),
)

policies = sa.Table(
    "organization_policies",
    metadata,
    sa.Column("id", sa.String(130), primary_key=True),
    _organization(),
    sa.Column("type", sa.String(64), nullable=False),
    sa.Column("name", sa.String(128), nullable=False),
    sa.Column("description", sa.String(512), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.UniqueConstraint("organization_id", "type", "name"),
)

attachments = sa.Table(
    "organization_attachments",
    metadata,
    sa.Column("target_id", sa.ForeignKey("organization_nodes.id"), primary_key=True),
    # No foreign key: AWS's own policies are data and not rows.
    sa.Column("policy_id", sa.String(130), primary_key=True),
    sa.Column("type", sa.String(64), nullable=False),
    moment("attached_ms"),
    sa.Index(None, "policy_id"),
)
