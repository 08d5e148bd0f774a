"""What KMS operations ask: the action on the key, with its policy, grants and condition keys."""

from collections.abc import Callable, Iterable, Mapping

from ...access import Ask, ResourcePolicy
from ...iam.model import Context, Grant, PolicyKind, PrincipalKind
from ...store import aliases, grants, tags
from ...store.database import Tx
from ...store.grants import KeyGrant
from ...store.keys import Key
from .. import whom
from ..operation import Call, Operation, Params, Result
from . import keyring
from .keyring import Named

ALGORITHM = "SYMMETRIC_DEFAULT"

GRANTED = frozenset(
    {
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
        "CreateGrant",
        "RetireGrant",
        "DescribeKey",
    }
)
"""The operations a grant on a symmetric key may permit."""

Extra = Callable[[Call, Params], Context]


def nothing_more(_call: Call, _params: Params) -> Context:
    """No condition keys beside those of every key."""
    return {}


def on_key(
    action: str,
    run: Callable[[Call, Params], Result],
    *,
    member: str = "KeyId",
    takes_alias: bool = False,
    extra: Extra = nothing_more,
) -> Operation:
    """An operation on the one key that `member` names."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        with call.database.read() as tx:
            what = keyring.named(tx, call, params.get(member) or "", takes_alias=takes_alias)
            return [ask(tx, call, action, what, extra(call, params))]

    return Operation("kms", action, asks, run)


def on_account(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation that concerns no key: identity policies alone decide."""

    def asks(call: Call, _params: Params) -> Iterable[Ask]:
        return [Ask(f"kms:{action}", "*", context=_caller(call))]

    return Operation("kms", action, asks, run)


def ask(
    tx: Tx,
    call: Call,
    action: str,
    what: Named,
    extra: Context,
    *,
    request_tags: Mapping[str, str] | None = None,
    granted: tuple[Grant, ...] | None = None,
) -> Ask:
    """One question: may the caller do `action` on the key that was named?

    `granted` replaces the key's own grants where the operation is particular about them.
    """
    key = what.key
    context = {**_caller(call), **extra}
    if what.alias:
        context["kms:RequestAlias"] = what.alias
    if key is None:
        return Ask(f"kms:{action}", what.arn, context=context, request_tags=request_tags)
    context |= _facts(tx, key)
    return Ask(
        f"kms:{action}",
        key.arn,
        context=context,
        tags=tags.of(tx, key.id),
        request_tags=request_tags,
        resource_policy=ResourcePolicy(key.policy, PolicyKind.KEY, uri=key.arn),
        resource_account=key.account,
        grants=_grants(tx, call, action, key) if granted is None else granted,
        is_of_aws=bool(key.service),
    )


def encryption(member: str = "EncryptionContext") -> Extra:
    """The condition keys of a cryptographic operation, its context taken from `member`."""

    def extra(_call: Call, params: Params) -> Context:
        pairs = params.get(member) or {}
        context: dict[str, str | tuple[str, ...]] = {"kms:EncryptionAlgorithm": ALGORITHM}
        context.update({f"kms:EncryptionContext:{key}": value for key, value in pairs.items()})
        if pairs:
            context["kms:EncryptionContextKeys"] = tuple(pairs)
        return context

    return extra


def for_decision(grant: KeyGrant, action: str) -> Grant:
    """A grant as far as a decision on `action` goes."""
    # What a grant's constraints mean for passing it on is asked of the new grant's constraints.
    is_bound = action != "CreateGrant"
    return Grant(
        id=grant.id,
        grantee=whom.of_grant(grant.grantee, grant.grantee_id),
        operations=frozenset(grant.operations),
        context_equals=_pairs(grant, "EncryptionContextEquals") if is_bound else None,
        context_subset=_pairs(grant, "EncryptionContextSubset") if is_bound else None,
    )


def held(tx: Tx, call: Call, action: str, key: Key) -> list[KeyGrant]:
    """The caller's grants on a key that permit `action`; one for a source counts only for it.

    Others' are not looked at: there may be fifty thousand.
    """
    principal, source = call.caller.principal, call.caller.context.get("aws:SourceArn")
    return [
        grant
        for grant in grants.to(tx, key.id, principal.names | {principal.arn})
        if action in grant.operations and grant.constraints.get("SourceArn") in (None, source)
    ]


def _grants(tx: Tx, call: Call, action: str, key: Key) -> tuple[Grant, ...]:
    if action not in GRANTED:
        return ()
    return tuple(for_decision(grant, action) for grant in held(tx, call, action, key))


def _pairs(grant: KeyGrant, constraint: str) -> Mapping[str, str] | None:
    pairs = grant.constraints.get(constraint)
    return pairs if isinstance(pairs, dict) else None


def _caller(call: Call) -> dict[str, str | tuple[str, ...]]:
    """The account whose user or role is calling: a service is of none that policies know."""
    is_service = call.caller.principal.kind is PrincipalKind.SERVICE
    return {} if is_service else {"kms:CallerAccount": call.account}


def _facts(tx: Tx, key: Key) -> dict[str, str | tuple[str, ...]]:
    """What conditions may ask of the key itself."""
    names = tuple(alias.name for alias in aliases.of_key(tx, key.id))
    facts: dict[str, str | tuple[str, ...]] = {
        "kms:KeySpec": ALGORITHM,
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:KeyOrigin": "AWS_KMS",
        "kms:MultiRegion": "false",
    }
    return facts | {"kms:ResourceAliases": names} if names else facts
