"""How clients prove who they are, and which encryption goes with it: MSK's table.

| clients are         | clientBroker                                          | inCluster |
|---------------------|-------------------------------------------------------|-----------|
| unauthenticated     | TLS, TLS_PLAINTEXT, PLAINTEXT                         | any       |
| known by mTLS       | TLS, TLS_PLAINTEXT                                    | true      |
| known by SCRAM, IAM | TLS; TLS_PLAINTEXT together with unauthenticated ones | true      |
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...store.clusters import Security
from ..operation import Params
from .refusals import invalid

_TLS, _PLAINTEXT, _BOTH = "TLS", "PLAINTEXT", "TLS_PLAINTEXT"
_BLOCKS = ("Sasl", "Tls", "Unauthenticated")

_DEFAULT = Security(
    unauthenticated=True,
    scram=False,
    iam=False,
    tls=False,
    authority_arns=(),
    client_broker=_TLS,
    in_cluster=True,
)


def asked(params: Params, now: Security | None = None) -> Security:
    """The security that ClientAuthentication and EncryptionInfo ask for, as MSK allows it.

    What is not sent stays as it is `now`; for a new cluster, it is the default.
    """
    security = now or _DEFAULT
    authentication = params.get("ClientAuthentication")
    if authentication is not None:
        security = _authentication(security, authentication, is_new=now is None)
    transit = (params.get("EncryptionInfo") or {}).get("EncryptionInTransit") or {}
    security = replace(
        security,
        client_broker=transit.get("ClientBroker", security.client_broker),
        in_cluster=transit.get("InCluster", security.in_cluster),
    )
    _check(security)
    return security


def _authentication(security: Security, given: Mapping[str, Any], *, is_new: bool) -> Security:
    sasl, tls = given.get("Sasl") or {}, given.get("Tls") or {}
    authorities = tls.get("CertificateAuthorityArnList")
    on = {
        "unauthenticated": _enabled(given.get("Unauthenticated")),
        "scram": _enabled(sasl.get("Scram")),
        "iam": _enabled(sasl.get("Iam")),
        # Before there was `enabled`, naming authorities was how to say so.
        "tls": bool(authorities) if _enabled(tls) is None else _enabled(tls),
    }
    said: dict[str, Any] = {name: value for name, value in on.items() if value is not None}
    if given.get("Tls") is None:
        said.pop("tls")
    if is_new:
        none = {"unauthenticated": False, "scram": False, "iam": False, "tls": False}
        said = {**none, **said}
        if "Unauthenticated" not in given and not any(said.values()):
            said["unauthenticated"] = True
    arns = security.authority_arns if authorities is None else tuple(authorities)
    named = tuple(block for block in _BLOCKS if block in given or block in security.named)
    changed = replace(security, authority_arns=arns, named=named, **said)
    return changed if changed.tls else replace(changed, authority_arns=())


def _enabled(given: Mapping[str, Any] | None) -> bool | None:
    return None if given is None else given.get("Enabled")


def _check(security: Security) -> None:
    has_sasl = security.scram or security.iam
    problem, parameter = "", "clientAuthentication"
    if not (security.unauthenticated or has_sasl or security.tls):
        problem = "At least one way of client authentication must be turned on."
    elif (has_sasl or security.tls) and not security.in_cluster:
        problem = (
            "To turn on client authentication, you must also turn on EncryptionInTransit by "
            "setting inCluster to true."
        )
        parameter = "inCluster"
    elif (has_sasl or security.tls) and security.client_broker == _PLAINTEXT:
        problem = (
            "To turn on client authentication, you must set clientBroker to either TLS or "
            "TLS_PLAINTEXT."
        )
        parameter = "clientBroker"
    elif has_sasl and security.client_broker == _BOTH and not security.unauthenticated:
        problem = "If you choose TLS_PLAINTEXT, then you must also set unauthenticated to true."
        parameter = "unauthenticated"
    elif security.tls and not security.authority_arns:
        problem = "To turn on TLS client authentication, you must name certificate authorities."
        parameter = "certificateAuthorityArnList"
    if problem:
        raise invalid(problem, parameter)


def is_change(security: Security, now: Security) -> bool:
    """Whether anything is otherwise than `now`; what a request merely names is not."""
    return replace(security, named=now.named) != now


def authentication(security: Security) -> dict[str, Any] | None:
    """ClientAuthentication as Describe shows it: nothing where no block was ever named, else those
    that were, and those that are on.

    Terraform's provider takes a block it did not send for a difference, and AWS has none there.
    """
    on = {
        "Sasl": security.scram or security.iam,
        "Tls": security.tls,
        "Unauthenticated": security.unauthenticated,
    }
    blocks = {
        "Sasl": {
            "Scram": {"Enabled": security.scram},
            "Iam": {"Enabled": security.iam},
        },
        "Tls": {
            "CertificateAuthorityArnList": list(security.authority_arns),
            "Enabled": security.tls,
        },
        "Unauthenticated": {"Enabled": security.unauthenticated},
    }
    if not security.named:
        return None
    return {block: blocks[block] for block in _BLOCKS if on[block] or block in security.named}


def encryption(security: Security, volume_key_arn: str) -> dict[str, Any]:
    """EncryptionInfo as Describe shows it."""
    return {
        "EncryptionAtRest": {"DataVolumeKMSKeyId": volume_key_arn},
        "EncryptionInTransit": {
            "ClientBroker": security.client_broker,
            "InCluster": security.in_cluster,
        },
    }
