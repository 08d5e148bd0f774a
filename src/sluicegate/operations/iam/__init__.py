"""IAM: users, groups, roles, policies and keys; whatever a decision is made of."""

from . import (
    access_keys,
    account,
    attachments,
    credentials,
    embedded,
    entities,
    groups,
    linked_roles,
    login_profiles,
    managed,
    roles,
    simulating,
    users,
)

OPERATIONS = (
    *users.OPERATIONS,
    *groups.OPERATIONS,
    *roles.OPERATIONS,
    *entities.OPERATIONS,
    *embedded.OPERATIONS,
    *attachments.OPERATIONS,
    *managed.OPERATIONS,
    *access_keys.OPERATIONS,
    *credentials.OPERATIONS,
    *login_profiles.OPERATIONS,
    *linked_roles.OPERATIONS,
    *account.OPERATIONS,
    *simulating.OPERATIONS,
)
