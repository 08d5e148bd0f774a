"""Organizations: further accounts, and the policies above everybody's own."""

from . import accounts, attachments, organization, policies, tagging, tree, units

OPERATIONS = (
    *organization.OPERATIONS,
    *units.OPERATIONS,
    *accounts.OPERATIONS,
    *tree.OPERATIONS,
    *policies.OPERATIONS,
    *attachments.OPERATIONS,
    *tagging.OPERATIONS,
)
