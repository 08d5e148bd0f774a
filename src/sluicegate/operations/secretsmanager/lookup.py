"""From what a request calls a secret to the secret itself, and what is asked about it.

A secret goes by its name, its ARN, or its ARN without the random suffix. One that is not there is
asked about under the name as it was given: whoever may not read it learns nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ...access import Ask, ResourcePolicy
from ...arn import Arn
from ...errors import AwsError
from ...iam.model import Context, PolicyKind
from ...store import secrets, tags
from ...store.database import Conflict, Tx
from ...store.secrets import Secret
from ..operation import Call, Operation, Params, Result

VALID_NAME = re.compile(r"[a-zA-Z0-9/_+=.@!-]{1,512}")
_WITH_SUFFIX = re.compile(r"(.+)-([a-zA-Z0-9]{6})")
_RESOURCE = "secret:"

Extra = Callable[[Call, Params], Context]


@dataclass(frozen=True, slots=True)
class Named:
    """What a request's SecretId stands for: the ARN to authorise on, and the secret if it is there.

    `shown` is what a denial prints: what the request says, so that it tells nobody whether the
    secret is there, nor its suffix. `was_changed`: it is not what the call was judged on.
    """

    arn: str
    secret: Secret | None
    shown: str
    tags: Mapping[str, str] = field(default_factory=dict)
    was_changed: bool = False


def named(tx: Tx, call: Call, text: str) -> Named:
    """What `text` stands for; never fails."""
    what = _named(tx, call, text)
    found = what.secret.id if what.secret else ""
    is_same = call.judged.is_still(("secret", call.region, text), found)
    return what if is_same else replace(what, was_changed=True)


def _named(tx: Tx, call: Call, text: str) -> Named:
    arn = Arn.find(text) if text.startswith("arn:") else None
    if arn is None:
        secret = _by_name(tx, call, call.account, text)
        asked = call.arn("secretsmanager", f"{_RESOURCE}{text}")
    else:
        is_here = arn.service == "secretsmanager" and arn.region == call.region
        secret = _by_resource(tx, call, arn) if is_here else None
        asked = text
    if secret is None:
        return Named(asked, None, text)
    return Named(secret.arn, secret, text, tags.of(tx, secret.id))


def find(tx: Tx, call: Call, text: str) -> Secret:
    """The secret that `text` stands for."""
    what = judged(tx, call, text)
    if what.secret is None:
        raise AwsError(
            "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
        )
    return what.secret


def judged(tx: Tx, call: Call, text: str) -> Named:
    """`named`, if that is what the call was judged on."""
    what = named(tx, call, text)
    if what.was_changed:
        raise changed_meanwhile()
    return what


def find_alive(tx: Tx, call: Call, text: str) -> Secret:
    """The same, unless it waits for its deletion."""
    secret = find(tx, call, text)
    if secret.deletion_ms is not None:
        raise AwsError(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    return secret


def find_primary(tx: Tx, call: Call, text: str) -> Secret:
    """The same, unless it is a replica: nothing of that is changed but its key."""
    return not_replica(find_alive(tx, call, text))


def not_replica(secret: Secret) -> Secret:
    """The secret; AWS's refusal if it follows another region's."""
    if secret.is_replica:
        raise AwsError(
            "InvalidParameterException",
            "Operation not permitted on a replica secret. "
            "Call must be made in primary secret's region.",
        )
    return secret


def changed_meanwhile() -> AwsError:
    """What was made ready before the transaction does not fit what it found."""
    return AwsError(
        "InvalidRequestException", "The secret was changed by another request. Try again."
    )


def same(now: Secret, before: Secret) -> Secret:
    """The secret as it is now: what was encrypted for it as it was `before` is still fit for it."""
    if (now.id, now.kms_key, now.is_replica) != (before.id, before.kms_key, before.is_replica):
        raise changed_meanwhile()
    return now


def twice(run: Callable[[Call, Params], Result]) -> Callable[[Call, Params], Result]:
    """`run`, and once more when another request was faster: it then finds what that one made.

    So a retry that overtakes its first try gets the same answer.
    """

    def run_twice(call: Call, params: Params) -> Result:
        for _ in range(2):
            with suppress(Conflict):
                return run(call, params)
        raise changed_meanwhile()

    return run_twice


def ask(
    action: str, what: Named, extra: Context, request_tags: Mapping[str, str] | None = None
) -> Ask:
    """One question: may the caller do `action` with the secret that was named?"""
    secret = what.secret
    context = {"secretsmanager:SecretId": what.arn, **extra}
    if secret is None:
        return Ask(
            f"secretsmanager:{action}",
            what.arn,
            context=context,
            request_tags=request_tags,
            shown=what.shown,
        )
    context["secretsmanager:SecretPrimaryRegion"] = secret.primary_region or secret.region
    if secret.type:
        context["secretsmanager:resource/Type"] = secret.type
    policy = None
    if secret.policy is not None:
        policy = ResourcePolicy(secret.policy, PolicyKind.RESOURCE, uri=secret.arn)
    return Ask(
        f"secretsmanager:{action}",
        secret.arn,
        context=context,
        tags=what.tags,
        request_tags=request_tags,
        resource_policy=policy,
        resource_account=secret.account,
        shown=what.shown,
    )


def nothing_more(_call: Call, _params: Params) -> Context:
    """No condition keys beside those of every secret."""
    return {}


def on_secret(
    action: str, run: Callable[[Call, Params], Result], extra: Extra = nothing_more
) -> Operation:
    """An operation on the one secret that SecretId names."""

    def asks(call: Call, params: Params) -> Iterable[Ask]:
        with call.database.read() as tx:
            what = named(tx, call, params.get("SecretId") or "")
        return [ask(action, what, extra(call, params))]

    return Operation("secretsmanager", action, asks, run)


def on_account(action: str, run: Callable[[Call, Params], Result]) -> Operation:
    """An operation that concerns no one secret."""

    def asks(_call: Call, _params: Params) -> Iterable[Ask]:
        return [Ask(f"secretsmanager:{action}", "*")]

    return Operation("secretsmanager", action, asks, run)


def _by_resource(tx: Tx, call: Call, arn: Arn) -> Secret | None:
    name = arn.resource.removeprefix(_RESOURCE)
    if match := _WITH_SUFFIX.fullmatch(name):
        secret = _by_name(tx, call, arn.account, match[1])
        if secret is not None and secret.suffix == match[2]:
            return secret
    return _by_name(tx, call, arn.account, name)


def _by_name(tx: Tx, call: Call, account: str, name: str) -> Secret | None:
    if not VALID_NAME.fullmatch(name):
        return None
    return secrets.by_name(tx, account, call.region, name, call.now_ms)
