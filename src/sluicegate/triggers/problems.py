"""What users read when a trigger does not work: `LastProcessingResult`, and the state's reason.

AWS's sentences where one is known (docs/fidelity.md names those that are ours). A reason is None
where AWS's state does not change for it: it goes on trying.
"""

from dataclasses import dataclass, replace

from ..execution.findings import (
    Connection,
    Denied,
    NetworkUnusable,
    NoListener,
    NotAssumed,
    Outcome,
    PortClosed,
    SecretMalformed,
    SecretUnreadable,
    SourceGone,
    SourceNotActive,
    Unreachable,
)

OK = "OK"
USER_INITIATED = "USER_INITIATED"
_AUTHENTICATION = "EVENT_SOURCE_AUTHN_ERROR"
_AUTHORIZATION = "EVENT_SOURCE_AUTHZ_ERROR"
_CONFIGURATION = "ESM_CONFIG_NOT_VALID"
_FUNCTION = "FUNCTION_CONFIG_NOT_VALID"


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence and, where it also explains the state, the reason; `detail` is for our log."""

    text: str
    reason: str | None = None
    detail: str = ""


FUNCTION_FAILED = Problem("PROBLEM: Function call failed")
FUNCTION_GONE = Problem("PROBLEM: Function call failed", _FUNCTION, "the function is gone")
TIMEOUT_TOO_LONG = Problem(
    "PROBLEM: Function call failed", _FUNCTION, "the function's timeout is over 14 minutes"
)
LOGIN_FAILED = Problem("PROBLEM: SASL authentication failed.", _AUTHENTICATION)
NOT_AUTHORIZED = Problem("PROBLEM: Cluster failed to authorize Lambda.", _AUTHORIZATION)
CERTIFICATE_INVALID = Problem(
    "PROBLEM: Provided certificate or private key is invalid", _CONFIGURATION
)
INTERNAL = Problem("PROBLEM: Lambda internal error. Please contact Lambda customer support.")
NOT_TRUSTED = Problem("PROBLEM: Lambda failed to authenticate server", _CONFIGURATION)
UNRESOLVED = Problem(
    "PROBLEM: The provided Kafka broker endpoints cannot be resolved.", _CONFIGURATION
)
NO_CONNECTION = Problem(
    "PROBLEM: Connection error. Please check your event source connection configuration. If your "
    "event source lives in a VPC, try setting up a new Lambda function or EC2 instance with the "
    "same VPC, Subnet, and Security Group settings. Connect the new device to the Kafka cluster "
    "and consume messages to ensure that the issue is not related to VPC or Endpoint configuration."
)
NO_TOPIC = Problem(NO_CONNECTION.text, _CONFIGURATION, "the topic is not there")
UNREADABLE = Problem("PROBLEM: Records of the Kafka topic cannot be read.")
_NOT_ASSUMED = Problem(
    "PROBLEM: Lambda failed to assume your function execution role.", _AUTHENTICATION
)


def of(outcome: Outcome) -> Problem | None:
    """What is wrong with a source, if it is; None where all is well or nothing is known."""
    match outcome:
        case Connection() | Unreachable():
            return None
        case NotAssumed():
            return _NOT_ASSUMED
        case Denied(_, action, message):
            return Problem(
                "PROBLEM: Lambda does not have enough permission to process your event source. "
                f"Please add {action} permission to role.",
                _AUTHORIZATION,
                message,
            )
        case SecretUnreadable(arn, message):
            return Problem(
                f"PROBLEM: Cannot access secret manager value {arn}. Please ensure the role can "
                "perform the 'secretsmanager:GetSecretValue' action on your broker in IAM.",
                _AUTHORIZATION,
                message,
            )
        case SecretMalformed(arn, "SERVER_ROOT_CA_CERTIFICATE" as kind):
            return replace(CERTIFICATE_INVALID, detail=f"{arn} is no secret for {kind}")
        case SecretMalformed(arn, kind):
            return Problem(LOGIN_FAILED.text, _AUTHENTICATION, f"{arn} is no secret for {kind}")
        case SourceGone(arn) | NoListener(arn, _):
            return Problem(NO_CONNECTION.text, _CONFIGURATION, f"{arn} cannot be used")
        case SourceNotActive(arn, state):
            return Problem(NO_CONNECTION.text, None, f"{arn} is {state}")
        case NetworkUnusable(operation, code, message):
            return Problem(NO_CONNECTION.text, _CONFIGURATION, f"{operation}: {code}: {message}")
        case PortClosed(port, reason):
            return Problem(NO_CONNECTION.text, None, f"port {port}: {reason}")


def filters_unreadable(key_arn: str, message: str) -> Problem:
    """The key of the filter criteria does not let Lambda read them."""
    return Problem(
        "PROBLEM: Lambda cannot decrypt the filter criteria. Please let its service principal use "
        f"kms:Decrypt in the policy of {key_arn}.",
        _AUTHORIZATION,
        message,
    )
