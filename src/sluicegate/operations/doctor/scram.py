"""Checks of a secret as MSK sees it: whether the cluster has it, may read it, and has its user.

What the execution role may read says nothing of that: another principal reads, under other rules.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ... import iam
from ...arn import Arn
from ...clock import to_datetime
from ...errors import AwsError
from ...execution import secrets
from ...execution.findings import Connection, Outcome, Password
from ...iam.model import Effect
from ...store import scram_secrets
from ...store.mappings import EventSourceMapping
from ...store.scram_secrets import ScramSecret
from ..kafka.scram_access import PREFIX, SID
from ..operation import Call
from .model import Check, Verdict
from .role import ExaminedRole

NAME = "users"
_DISASSOCIATE = "kafka:BatchDisassociateScramSecret"
_NO_RIGHT_NAME = (
    "its name does not begin with AmazonMSK_, so that MSK takes it for no cluster's users; a "
    "tool that takes the 200 of batch-associate-scram-secret for success does not tell"
)
_DEFAULT_KEY = (
    "it is encrypted with the default key, so that MSK cannot be let read it: its user exists on "
    "no cluster"
)


def checks(
    call: Call, mapping: EventSourceMapping, role: ExaminedRole, outcome: Outcome
) -> Iterator[Check]:
    """The secret a mapping on an MSK cluster logs in with, if it does."""
    logins = [each.uri for each in secrets.of(mapping.access) if each.type != secrets.ROOT_CA]
    if not logins or mapping.event_source_arn is None:
        return
    try:
        secret = role.by_asker("secretsmanager", "DescribeSecret", {"SecretId": logins[0]})
    except AwsError as error:
        yield Check(NAME, Verdict.SKIPPED, f"{logins[0]}: {error.message}")
        return
    with call.database.read() as tx:
        known = scram_secrets.find(tx, mapping.event_source_arn.rpartition("/")[2], secret["ARN"])
    if known is None:
        yield _not_associated(call, mapping, secret)
    else:
        yield _associated(mapping, role, known, secret, outcome)


def _not_associated(call: Call, mapping: EventSourceMapping, secret: Mapping[str, Any]) -> Check:
    cluster_arn = mapping.event_source_arn or ""
    if not Arn.parse(secret["ARN"]).resource.startswith(f"secret:{PREFIX}"):
        return Check(
            NAME,
            Verdict.PROBLEM,
            f"{secret['ARN']} is no secret of the cluster: {_NO_RIGHT_NAME}",
            f"aws secretsmanager create-secret --name {PREFIX}{secret['Name']} --kms-key-id KEY",
        )
    if not secret.get("KmsKeyId"):
        return Check(
            NAME,
            Verdict.PROBLEM,
            f"{secret['ARN']} is no secret of the cluster: {_DEFAULT_KEY}",
            f"aws secretsmanager update-secret --secret-id {secret['ARN']} --kms-key-id KEY",
        )
    return Check(
        NAME,
        Verdict.PROBLEM,
        f"{secret['ARN']} is not associated with the cluster, so that its user exists on no broker"
        f"{_who_took_it_away(call, cluster_arn)}",
        _associate(cluster_arn, secret["ARN"]),
    )


def _who_took_it_away(call: Call, cluster_arn: str) -> str:
    """The last disassociation: an exclusive tool takes away what others have associated."""
    page = call.decisions.recent(
        call.account, region=call.region, action=_DISASSOCIATE, resource=cluster_arn
    )
    last = next((each for each in page.items if each.effect is Effect.ALLOW), None)
    if last is None:
        return ""
    at = to_datetime(max(last.at_ms, last.last_ms)).strftime("%Y-%m-%d %H:%M:%S UTC")
    return (
        f"; secrets were disassociated last by {last.principal} at {at} (sluicegate explain "
        f"{last.id}); Terraform's aws_msk_scram_secret_association takes away all it does not list"
    )


def _associated(
    mapping: EventSourceMapping,
    role: ExaminedRole,
    known: ScramSecret,
    secret: Mapping[str, Any],
    outcome: Outcome,
) -> Check:
    again = _associate(mapping.event_source_arn or "", known.secret_arn)
    faults = [*_reading(role, known, secret)]
    if known.error:
        faults.insert(0, known.error)
    if faults:
        what = f"MSK does not follow {known.secret_arn} any more: {'; '.join(faults)}"
        return Check(NAME, Verdict.PROBLEM, what, f"correct the secret, then {again}")
    if known.username is None:
        what = f"the cluster has not made the user of {known.secret_arn} yet"
        return Check(NAME, Verdict.WARNING, what, "wait a moment: sluicegate status")
    login = outcome.login if isinstance(outcome, Connection) else None
    if isinstance(login, Password) and login.username != known.username:
        what = f"the secret is of user {login.username} now, and the cluster has {known.username}"
        return Check(NAME, Verdict.WARNING, what, "wait: a changed secret is read within a minute")
    if known.former:
        what = (
            f"the secret is of user {known.username} now, and who logs in as "
            f"{', '.join(known.former)} goes on: a user stays until the secret is disassociated, "
            "so do not change names, nor rotate between users, in one secret"
        )
        return Check(NAME, Verdict.WARNING, what, _disassociate(mapping, known.secret_arn))
    return Check(NAME, Verdict.OK, f"the cluster has user {known.username} of this secret")


def _reading(role: ExaminedRole, known: ScramSecret, secret: Mapping[str, Any]) -> Iterator[str]:
    """What has changed since MSK was let read the secret."""
    key = secret.get("KmsKeyId") or ""
    if not key:
        yield "it is encrypted with the default key by now"
    elif key.startswith("arn:") and ":key/" in key and key != known.key_arn:
        yield f"its key is {key} by now, and MSK's grant is on {known.key_arn}"
    try:
        asked = {"SecretId": known.secret_arn}
        policy = role.by_asker("secretsmanager", "GetResourcePolicy", asked).get("ResourcePolicy")
    except AwsError:
        return
    kept = iam.statements_of(json.loads(policy)) if policy else []
    if not any(each.get("Sid") == SID for each in kept):
        yield f"its policy has the statement {SID} no more, by which MSK reads it"


def _disassociate(mapping: EventSourceMapping, secret_arn: str) -> str:
    return (
        "to end them, and all of its logins for a moment, associate it anew: aws kafka "
        f"batch-disassociate-scram-secret --cluster-arn {mapping.event_source_arn} "
        f"--secret-arn-list {secret_arn}"
    )


def _associate(cluster_arn: str, secret_arn: str) -> str:
    return (
        f"aws kafka batch-associate-scram-secret --cluster-arn {cluster_arn} "
        f"--secret-arn-list {secret_arn}"
    )
