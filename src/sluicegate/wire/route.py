"""Which operation a request means, of all services on the one port.

The signing name of the credential scope comes first, then X-Amz-Target, then the form's Action or
the path. `iam` and `iam-toolbox` sign alike: only the former is called at `/`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from ..errors import AwsError
from .echo import shown
from .form import fields
from .message import Request
from .model import SERVICES, Protocol, Service, Target, service_model
from .sigv4 import scope_of

_FORMS = (Protocol.QUERY, Protocol.EC2)

# Services Sluicegate does not know whose clients read nothing but XML; the latter two's errors
# look like those of query.
_XML = {"s3": Protocol.REST_XML, "route53": Protocol.QUERY, "cloudfront": Protocol.QUERY}


def route(request: Request, signing_name: str | None = None) -> Target:
    """The target of `request`, or an `AwsError` in the words of the service it was sent to.

    `signing_name` is the service of the credential scope, None for an unsigned request. Nothing
    is verified yet: `access` refuses a scope that is not the target's.
    """
    services = [each for each in SERVICES.values() if signing_name in (None, each.signing_name)]
    if not services:
        raise _unknown(
            envelope(request), f"Sluicegate serves no service called {shown(signing_name or '')}."
        )
    named = request.header("x-amz-target")
    if named is not None:
        return _by_header(services, request, named)
    if request.path in ("/", "") and any(each.protocol in _FORMS for each in services):
        return _by_form(services, request)
    return _by_path(services, request)


def envelope(request: Request) -> Protocol:
    """The protocol a request seems to speak, for answers to what could not be routed."""
    scope = scope_of(request)
    signing_name = scope.service if scope else ""
    if signing_name in _XML:
        return _XML[signing_name]
    content_type = request.header("content-type") or ""
    if "x-amz-json-1.0" in content_type:
        return Protocol.JSON_1_0
    if "x-amz-json" in content_type or request.header("x-amz-target") is not None:
        return Protocol.JSON_1_1
    if "x-www-form-urlencoded" in content_type or "Action=" in request.query:
        ec2 = f"Version={SERVICES['ec2'].version}"
        is_ec2 = ec2 in request.query or ec2.encode() in request.body
        return Protocol.EC2 if is_ec2 or signing_name == "ec2" else Protocol.QUERY
    return Protocol.REST_JSON


def _by_header(services: Iterable[Service], request: Request, named: str) -> Target:
    prefix, _, operation = named.rpartition(".")
    for service in services:
        if service.target_prefix and service.target_prefix == prefix:
            if operation in _operations(service.name):
                return Target(service.name, operation, service.protocol)
            break
    raise _unknown(envelope(request), f"Sluicegate knows no operation `{shown(named)}`.")


def _by_form(services: list[Service], request: Request) -> Target:
    given = fields(request)
    action, version = given.get("Action"), given.get("Version")
    speaking = [each for each in services if each.protocol in _FORMS]
    service = next((each for each in speaking if each.version == version), speaking[0])
    if action is None:
        if service.protocol is Protocol.EC2:
            raise AwsError("MissingParameter", "The request must contain the parameter Action")
        raise AwsError("MissingAction", "The request is missing an action or a required parameter.")
    # EC2 goes on answering every older version; the others have had one.
    is_version = service.protocol is Protocol.EC2 or version == service.version
    if is_version and action in _operations(service.name):
        return Target(service.name, action, service.protocol, given)
    if service.protocol is Protocol.EC2:
        message = f"The action {shown(action)} is not valid for this web service."
    else:
        named = shown(version) if version else "NO_VERSION_SPECIFIED"
        message = f"Could not find operation {shown(action)} for version {named}"
    raise AwsError("InvalidAction", message)


def _by_path(services: Iterable[Service], request: Request) -> Target:
    speaking = [each for each in services if each.protocol is Protocol.REST_JSON]
    for service in speaking:
        found = _match(service.name, request)
        if found is not None:
            return found
    if [each.name for each in speaking] == ["kafka"]:
        # What the gateway in front of MSK says of a path it does not have, signed or not.
        raise AwsError(
            "MissingAuthenticationTokenException", "Missing Authentication Token", status=403
        )
    asked = f"{shown(request.method)} {shown(request.path)}"
    raise _unknown(envelope(request), f"Sluicegate knows no operation at `{asked}`.")


def _unknown(protocol: Protocol, message: str) -> AwsError:
    if protocol in (*_FORMS, Protocol.REST_XML):
        return AwsError("InvalidAction", message)
    return AwsError(
        "UnknownOperationException",
        message,
        status=404 if protocol is Protocol.REST_JSON else 400,
    )


@dataclass(frozen=True, slots=True)
class _Template:
    """A path of the model, in steps: a literal, or the name of a label in braces' stead.

    `query` are pairs the query string must hold too (`?find=LayerVersion`).
    """

    operation: str
    steps: tuple[tuple[str, bool], ...]
    query: tuple[tuple[str, str], ...]

    @property
    def specificity(self) -> tuple[int, int]:
        return len(self.query), sum(not is_label for _, is_label in self.steps)

    def is_in(self, query: str) -> bool:
        """Whether the raw query string has the pairs this path wants."""
        return not self.query or set(self.query) <= set(parse_qsl(query, keep_blank_values=True))


def _match(service: str, request: Request) -> Target | None:
    # Split before decoding: an ARN's slashes travel as %2F inside one segment.
    raw = _segments(request.path)
    for template in _templates(service).get((request.method, len(raw)), ()):
        pairs = list(zip(template.steps, raw, strict=True))
        is_path = all(is_label or step == unquote(given) for (step, is_label), given in pairs)
        if is_path and template.is_in(request.query):
            labels = {step: given for (step, is_label), given in pairs if is_label}
            return Target(service, template.operation, Protocol.REST_JSON, labels)
    return None


def _segments(path: str) -> list[str]:
    # Lambda's model has both `/functions/` and `/event-source-mappings`; both take either form.
    return path.removesuffix("/").split("/")[1:]


@lru_cache(maxsize=len(SERVICES))
def _templates(service: str) -> dict[tuple[str, int], list[_Template]]:
    """A service's paths by method and number of segments, the most literal first."""
    model = service_model(service)
    table: dict[tuple[str, int], list[_Template]] = {}
    for operation in model.operation_names:
        http = model.operation_model(operation).http
        path, _, query = http["requestUri"].partition("?")
        steps = tuple((step.strip("{}"), step.startswith("{")) for step in _segments(path))
        template = _Template(operation, steps, tuple(parse_qsl(query, keep_blank_values=True)))
        table.setdefault((http["method"], len(steps)), []).append(template)
    for templates in table.values():
        templates.sort(key=lambda each: each.specificity, reverse=True)
    return table


@lru_cache(maxsize=len(SERVICES))
def _operations(service: str) -> frozenset[str]:
    return frozenset(service_model(service).operation_names)
