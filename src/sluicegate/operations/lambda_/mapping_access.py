"""SourceAccessConfigurations: who a mapping logs in as, and the network it comes from."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ...arn import Arn
from ...execution import secrets
from ...store.mappings import Access
from ..operation import Params
from .refusals import invalid, not_served

SUBNET, GROUP = "VPC_SUBNET", "VPC_SECURITY_GROUP"

_NETWORK: Mapping[str, re.Pattern[str]] = {
    SUBNET: re.compile(r"subnet:subnet-[0-9a-z]+"),
    GROUP: re.compile(r"security_group:sg-[0-9a-zA-Z]+"),
}
_LOGINS = frozenset(
    {
        *secrets.MECHANISMS,
        "CLIENT_CERTIFICATE_TLS_AUTH",
        "OAUTHBEARER_AUTH",
        "IAM_AUTH",
        "IAM_OAUTHBEARER_AUTH",
    }
)
_MSK = frozenset({secrets.SCRAM_512, "CLIENT_CERTIFICATE_TLS_AUTH"})
_SERVED = frozenset({*secrets.SECRETS, *_NETWORK})


def given(params: Params, *, is_msk: bool) -> tuple[Access, ...] | None:
    """The configurations of a request, None where it has none."""
    sent: Sequence[Mapping[str, Any]] | None = params.get("SourceAccessConfigurations")
    if sent is None:
        return None
    access = tuple(Access(each.get("Type") or "", each.get("URI") or "") for each in sent)
    for each in access:
        _check(each, is_msk=is_msk)
    counted = Counter(each.type for each in access)
    if sum(counted[login] for login in _LOGINS) > 1:
        raise invalid("Only one authentication method can be specified for an event source.")
    if counted[secrets.ROOT_CA] > 1:
        raise invalid("Only one SERVER_ROOT_CA_CERTIFICATE can be specified.")
    if bool(counted[SUBNET]) != bool(counted[GROUP]):
        raise invalid("VPC_SUBNET and VPC_SECURITY_GROUP must be specified together.")
    return access


def required(params: Params, *, is_msk: bool) -> tuple[Access, ...]:
    """The configurations of a new mapping; one of your own Kafka must say something of them."""
    access = given(params, is_msk=is_msk)
    if access is None and not is_msk:
        raise invalid("Required 'sourceAccessConfigurations' parameter is missing.")
    return access or ()


def _check(access: Access, *, is_msk: bool) -> None:
    if access.type == "VIRTUAL_HOST" or (is_msk and access.type not in _MSK):
        raise invalid(
            f"Unsupported source access configuration type '{access.type}' for given event source "
            "mapping type."
        )
    if access.type not in _SERVED:
        raise not_served(f"Source access configuration type {access.type or '(none)'}")
    form = _NETWORK.get(access.type)
    if form is not None:
        is_right = form.fullmatch(access.uri) is not None
    else:
        arn = Arn.find(access.uri)
        is_right = arn is not None and arn.service == "secretsmanager"
    if not is_right:
        raise invalid(f"Invalid URI '{access.uri}' for source access configuration {access.type}.")
