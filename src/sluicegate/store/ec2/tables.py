"""The tables of networks. Ids (`vpc-…` and so on) are random and never used again.

Nothing here says `tags`: those hang on the ids, in `store.tags`.
"""

import sqlalchemy as sa
from sqlalchemy.schema import SchemaItem

from ..schema import metadata, moment, owner


def _thing(name: str, *columns: SchemaItem) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(32), primary_key=True),
        *owner(),
        moment("created_ms"),
        *columns,
        sa.Index(None, "account", "region"),
    )


def _flag(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean, nullable=False)


def _vpc() -> "sa.Column[str]":
    return sa.Column("vpc_id", sa.ForeignKey("vpcs.id"), nullable=False)


# One row per account and region that was ever used; its primary key is what makes the default
# network come into being once, and stay away after it was deleted.
regions = sa.Table(
    "network_regions",
    metadata,
    sa.Column("account", sa.String(12), primary_key=True),
    sa.Column("region", sa.String(32), primary_key=True),
)

dhcp_options = _thing("dhcp_options", sa.UniqueConstraint("account", "region"))

vpcs = _thing(
    "vpcs",
    sa.Column("cidr", sa.String(18), nullable=False),
    sa.Column("cidr_association_id", sa.String(40), nullable=False),
    _flag("is_default"),
    # `default` for the default VPC, else something unique: one default per account and region.
    sa.Column("slot", sa.String(32), nullable=False),
    sa.Column("tenancy", sa.String(16), nullable=False),
    sa.Column("dhcp_options_id", sa.ForeignKey("dhcp_options.id"), nullable=False),
    _flag("dns_support"),
    _flag("dns_hostnames"),
    _flag("usage_metrics"),
    sa.UniqueConstraint("account", "region", "slot"),
)

internet_gateways = _thing(
    "internet_gateways",
    sa.Column("vpc_id", sa.ForeignKey("vpcs.id"), nullable=True, unique=True),
)

route_tables = _thing(
    "route_tables",
    sa.Column("vpc_id", sa.ForeignKey("vpcs.id"), nullable=False, unique=True),
    sa.Column("association_id", sa.String(40), nullable=False),
    # Where 0.0.0.0/0 goes; no foreign key, for the route outlives its gateway as a black hole.
    sa.Column("gateway_id", sa.String(32), nullable=True),
)

network_acls = _thing(
    "network_acls",
    sa.Column("vpc_id", sa.ForeignKey("vpcs.id"), nullable=False, unique=True),
)

subnets = _thing(
    "subnets",
    _vpc(),
    sa.Column("cidr", sa.String(18), nullable=False),
    sa.Column("zone", sa.String(40), nullable=False),
    _flag("is_default"),
    _flag("map_public_ip"),
    sa.Column("hostname_type", sa.String(16), nullable=False),
    _flag("dns_a_record"),
    sa.Column("acl_association_id", sa.String(40), nullable=False),
    sa.UniqueConstraint("vpc_id", "cidr"),
)

security_groups = _thing(
    "security_groups",
    _vpc(),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("description", sa.String(255), nullable=False),
    sa.UniqueConstraint("vpc_id", "name"),
)

security_group_rules = _thing(
    "security_group_rules",
    sa.Column("group_id", sa.ForeignKey("security_groups.id"), nullable=False),
    _flag("is_egress"),
    sa.Column("protocol", sa.String(8), nullable=False),
    sa.Column("from_port", sa.Integer, nullable=False),
    sa.Column("to_port", sa.Integer, nullable=False),
    sa.Column("peer_kind", sa.String(16), nullable=False),
    sa.Column("peer", sa.String(64), nullable=False),
    sa.Column("description", sa.String(255), nullable=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.UniqueConstraint(
        "group_id", "is_egress", "protocol", "from_port", "to_port", "peer_kind", "peer"
    ),
    sa.Index(None, "peer"),
)

network_interfaces = _thing(
    "network_interfaces",
    _vpc(),
    sa.Column("subnet_id", sa.ForeignKey("subnets.id"), nullable=False),
    sa.Column("zone", sa.String(40), nullable=False),
    sa.Column("description", sa.String(255), nullable=False),
    sa.Column("mac", sa.String(17), nullable=False),
    _flag("source_dest_check"),
    sa.Column("requester_id", sa.String(128), nullable=False),
    # Whoever created it with this token and the same request gets the same interface again.
    sa.Column("client_token", sa.String(64), nullable=True),
    sa.Column("request_digest", sa.String(64), nullable=False),
    # Set while a service uses it; written by that service's keeper, never by an operation.
    sa.Column("attachment_id", sa.String(40), nullable=True),
    moment("attached_ms", nullable=True),
    sa.UniqueConstraint("account", "region", "client_token"),
)

interface_groups = sa.Table(
    "interface_groups",
    metadata,
    sa.Column("interface_id", sa.ForeignKey("network_interfaces.id"), primary_key=True),
    sa.Column("group_id", sa.ForeignKey("security_groups.id"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Index(None, "group_id"),
)

interface_addresses = sa.Table(
    "interface_addresses",
    metadata,
    sa.Column("subnet_id", sa.ForeignKey("subnets.id"), primary_key=True),
    sa.Column("address", sa.String(15), primary_key=True),
    sa.Column("interface_id", sa.ForeignKey("network_interfaces.id"), nullable=False),
    # 0 is the primary address.
    sa.Column("position", sa.Integer, nullable=False),
    sa.Index(None, "interface_id"),
)
