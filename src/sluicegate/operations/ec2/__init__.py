"""EC2, as far as networks go: VPCs, subnets, security groups, network interfaces, tags."""

from . import gateways, groups, interfaces, regions, rules, subnets, surroundings, tagging, vpcs

OPERATIONS = (
    *vpcs.OPERATIONS,
    *subnets.OPERATIONS,
    *groups.OPERATIONS,
    *rules.OPERATIONS,
    *interfaces.OPERATIONS,
    *gateways.OPERATIONS,
    *surroundings.OPERATIONS,
    *tagging.OPERATIONS,
    *regions.OPERATIONS,
)
