"""The calls of a trigger, examined: each is judged, and none stops those that come after it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ...access import Ask
from ...clock import to_ms
from ...errors import AccessDenied, AwsError
from ...execution import plan
from ...execution.roles import NOT_ASSUMED
from ...functions import Credentials
from ..operation import AskedBy, Call, Params, Result, RoleSession
from . import permissions
from .model import Permission

_CURRENT = "AWSCURRENT"
_INSTEAD = {step.operation: step.instead for step in plan.PLAN if step.instead}


class ExaminedRole:
    """`RoleCalls` for the survey. What the role may do is done as the role.

    What it may not do is looked at as whoever asked for the examination, if he may, so that what
    comes after it is examined too. `found` are the permissions, by the operation that asked;
    `hidden` is the refusal of him, where he may not look either. `arn` is the role's session and
    `signing` its credentials, once it is assumed; the role and None where it cannot be.
    """

    def __init__(self, call: Call, session: RoleSession) -> None:
        self.found: dict[str, list[Permission]] = {}
        self.hidden = ""
        self._call = call
        self._session = session
        self.arn = session.role_arn
        self.signing: Credentials | None = None

    def exists(self) -> bool:
        """Whether there is such a role."""
        try:
            self.judged("sts", lambda _: ())
        except AccessDenied:
            return False
        return True

    def assume(self) -> None:
        """`RoleCalls.assume`, but for the refusal."""
        asked = {"RoleArn": self._session.role_arn, "RoleSessionName": self._session.name}
        actor = self._session.actor
        try:
            assumed = self._call.calls.as_service(self._call, actor, "sts", "AssumeRole", asked)
        except AccessDenied as denial:
            self._recall("AssumeRole", denial)
            return
        self.arn = assumed["AssumedRoleUser"]["Arn"]
        self.signing = _signing(assumed["Credentials"])
        allowed = Permission("sts:AssumeRole", self._session.role_arn, True, "its trust policy", "")
        self.note("AssumeRole", [allowed])

    def session(self) -> Credentials:
        """The credentials of its session, once it is assumed."""
        if self.signing is None:
            raise AccessDenied(NOT_ASSUMED)
        return self.signing

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Result:
        """`RoleCalls.call`, but for the role's refusals."""
        made = operation
        if not self.judge(service, operation, params) and operation in _INSTEAD:
            others = self.may(service, _INSTEAD[operation], params)
            if all(each.is_allowed for each in others):
                made, self.found[operation] = _INSTEAD[operation], others
        if all(each.is_allowed for each in self.found[operation]) and self.signing is not None:
            try:
                return self._call.calls.as_role(self._call, self._session, service, made, params)
            except AccessDenied as denial:
                # Of what the service does in turn: a secret's key.
                self._recall(operation, denial)
        elif operation == "GetSecretValue":
            self._judge_key(params["SecretId"])
        return {} if params.get("DryRun") else self.by_asker(service, operation, params)

    def by_asker(self, service: str, operation: str, params: Params) -> Result:
        """A call as whoever asked for the examination."""
        try:
            return by_asker(self._call, service, operation, params)
        except AccessDenied as denial:
            self.hidden = denial.message
            raise

    def judge(self, service: str, operation: str, params: Params) -> bool:
        """Whether the role may make a call, which is not made; noted."""
        return self.note(operation, self.may(service, operation, params))

    def may(self, service: str, operation: str, params: Params) -> list[Permission]:
        """What a call would ask, and whether the role may; not noted."""
        return self.judged(service, self._call.calls.asks_of(service, operation, params))

    def judged(self, service: str, asks: AskedBy) -> list[Permission]:
        """The same, of what no operation of ours asks."""
        judged = self._call.calls.judge(self._call, self._session, service, asks)
        return [permissions.told(each) for each in judged]

    def note(self, operation: str, found: list[Permission]) -> bool:
        """Keep permissions as what an operation asks; whether all of them are there."""
        known = self.found.setdefault(operation, [])
        # Interfaces of several subnets ask about the same groups.
        known += [each for each in found if not any(_is_same(each, one) for one in known)]
        return all(each.is_allowed for each in found)

    def _judge_key(self, secret_id: str) -> None:
        """The key of a secret that the role may not read, which nobody has got to asking about."""
        try:
            secret = self.by_asker("secretsmanager", "DescribeSecret", {"SecretId": secret_id})
        except AwsError:
            return
        if not secret.get("KmsKeyId"):
            return
        staged = secret.get("VersionIdsToStages") or {}
        context = {
            "SecretARN": secret["ARN"],
            "SecretVersionId": next((each for each in staged if _CURRENT in staged[each]), ""),
        }
        asked = {"KeyId": secret["KmsKeyId"], "EncryptionContext": context}
        asks = self._call.calls.asks_of("kms", "Decrypt", asked)
        via = {
            "aws:ViaAWSService": "true",
            "kms:ViaService": f"secretsmanager.{self._call.region}.amazonaws.com",
        }

        def through_secrets(call: Call) -> Iterable[Ask]:
            return (replace(ask, context={**ask.context, **via}) for ask in asks(call))

        self.note("GetSecretValue", self.judged("kms", through_secrets))

    def _recall(self, operation: str, denial: AccessDenied) -> None:
        """Note the refusal that was recorded somewhere inside."""
        kept = self._call.decisions.find(self._call.account, self._call.region, denial.decision_id)
        unknown = Permission("", "", False, denial.message, denial.decision_id)
        self.note(operation, [permissions.recalled(kept) if kept else unknown])


def by_asker(call: Call, service: str, operation: str, params: Params) -> Result:
    """A call as whoever made `call`, as if he made it himself."""
    return call.calls.forward(replace(call, service=service), service, operation, params)


def _signing(given: Mapping[str, Any]) -> Credentials:
    """As a service in this process answers."""
    return Credentials(
        given["AccessKeyId"],
        given["SecretAccessKey"],
        given["SessionToken"],
        to_ms(given["Expiration"]),
    )


def _is_same(one: Permission, other: Permission) -> bool:
    return (one.action, one.resource) == (other.action, other.resource)
