"""What stands before the control path: who may even talk to us, and the paths that are ours."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from urllib.parse import parse_qsl

import msgspec

from .. import __version__
from ..access import Ask
from ..errors import AccessDenied, AwsError, InvalidInput, Unavailable
from ..iam.model import PrincipalKind
from ..operations.doctor import PLANNED, Doctor
from ..operations.lambda_.code import PATH as CODE_PATH
from ..operations.operation import Call
from ..wire.echo import shown
from ..wire.faults import render_error
from ..wire.hosts import check_host, is_own_machine
from ..wire.message import Request, Response
from ..wire.own import SIGNING_NAME
from ..wire.sigv4 import scope_of
from .control import ControlPath
from .exposition import CONTENT_TYPE
from .metrics import Counters, exposed
from .problems import problems_of
from .status import Seen, Status, StatusReader

_JSON = {"content-type": "application/json", "cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Facilities:
    """What the paths that are not AWS's need.

    `probe` raises `Unavailable` while the state cannot be written; `certificate` gives the
    brokers' authority as PEM; `reset` empties the state, None where that is not served; `code`
    gives the zip that the last part of a URL stands for, None when it stands for none. `status`
    reads what there is, `doctor` examines triggers, `counters` is what this process has counted.
    """

    probe: Callable[[], None]
    certificate: Callable[[], str]
    reset: Callable[[], None] | None
    services: Iterable[str]
    code: Callable[[str], bytes | None]
    status: StatusReader
    doctor: Doctor
    counters: Callable[[], Counters]


class Front:
    """The one entry for requests: host check, own paths, then AWS's operations."""

    def __init__(
        self, control: ControlPath, facilities: Facilities, allowed_hosts: frozenset[str]
    ) -> None:
        self._control = control
        self._facilities = facilities
        self._allowed_hosts = allowed_hosts
        self._pages: Mapping[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/health/live"): self._live,
            ("HEAD", "/health/live"): self._live,
            ("GET", "/health/ready"): self._ready,
            ("HEAD", "/health/ready"): self._ready,
            ("GET", "/_localstack/health"): self._services,
            ("HEAD", "/_localstack/health"): self._services,
            ("GET", "/ca.pem"): self._certificate,
            ("GET", "/metrics"): self._metrics,
            ("GET", "/sluicegate/status"): self._status,
            ("GET", "/sluicegate/diagnosis"): self._diagnosis,
            ("POST", "/sluicegate/reset"): self._reset,
        }

    def answer(self, request: Request) -> Response:
        """The answer to any request."""
        refusal = check_host(request, self._allowed_hosts)
        if refusal is not None:
            return self.refuse(request, AwsError("HostNotAllowed", refusal, status=403))
        page = self._pages.get((request.method, request.path))
        if page is None and request.path.startswith(CODE_PATH):
            page = self._code
        return page(request) if page else self._control.handle(request)

    def refuse(self, request: Request, error: AwsError) -> Response:
        """The answer to a request that no operation gets to see, as its sender can read it."""
        return render_error(error, target=None, request=request, request_id=str(uuid.uuid4()))

    def _live(self, _request: Request) -> Response:
        return _json({"status": "live"})

    def _ready(self, _request: Request) -> Response:
        try:
            self._facilities.probe()
        except Unavailable:
            return _json({"status": "degraded"}, status=503)
        return _json({"status": "ready"})

    def _services(self, _request: Request) -> Response:
        services = dict.fromkeys(self._facilities.services, "available")
        return _json({"services": services, "edition": "community", "version": __version__})

    def _certificate(self, _request: Request) -> Response:
        try:
            pem = self._facilities.certificate()
        except Unavailable as error:
            return _json({"message": error.message}, status=503)
        return Response(200, {"content-type": "application/x-pem-file"}, pem.encode())

    def _code(self, request: Request) -> Response:
        """A function's package, for whoever has the sealed URL GetFunction gave."""
        found = self._facilities.code(request.path.removeprefix(CODE_PATH))
        if request.method not in ("GET", "HEAD") or found is None:
            return _json({"message": "no such code, or its URL has expired"}, status=404)
        return Response(200, {"content-type": "application/zip"}, found)

    def _status(self, request: Request) -> Response:
        """What the caller's account has in the region of its signature, or one mapping of it."""
        try:
            status = self._seen_by(
                self._control.authorize_own(request, SIGNING_NAME, _GET), request
            )
        except AwsError as error:
            return self.refuse(request, error)
        problems = [asdict(each) for each in problems_of(status)]
        return _json({**asdict(status), "problems": problems})

    def _seen_by(self, call: Call, request: Request) -> Status:
        mapping_id = _mapping_id(request)
        if mapping_id is None:
            return self._facilities.status.of_account(call.account, call.region)
        return self._facilities.status.of_mapping(call.account, call.region, mapping_id)

    def _diagnosis(self, request: Request) -> Response:
        """A mapping of the caller's examined, or one to come, or what others have left behind."""
        try:
            call = self._control.authorize_own(request, SIGNING_NAME, _GET_DIAGNOSIS)
            found = self._examined(call, _given(request, "mapping", *PLANNED))
        except AwsError as error:
            return self.refuse(request, error)
        return Response(200, _JSON, msgspec.json.encode(found))

    def _examined(self, call: Call, given: dict[str, str]) -> object:
        doctor, mapping_id = self._facilities.doctor, given.pop("mapping", None)
        if mapping_id is None and not given:
            return {"checks": doctor.of_account(call)}
        if mapping_id is None:
            # A source is connected to: by whoever might as well make the mapping.
            function = {"FunctionName": given.get("function", "")}
            self._control.authorize_as(call, "lambda", "CreateEventSourceMapping", function)
            return doctor.of_plan(call, given)
        if given:
            raise InvalidInput("a mapping is examined as it is; leave the other parameters out")
        return doctor.of_mapping(call, _uuid(mapping_id))

    def _metrics(self, request: Request) -> Response:
        """For who signs, of its account and region; for a scraper on this machine, of all."""
        try:
            text = exposed(self._measured(request), self._facilities.counters())
        except AwsError as error:
            return self.refuse(request, error)
        return Response(200, {"content-type": CONTENT_TYPE, "cache-control": "no-store"}, text)

    def _measured(self, request: Request) -> Seen:
        if scope_of(request) is None and is_own_machine(request):
            return self._facilities.status.of_everybody()
        call = self._control.authorize_own(request, SIGNING_NAME, _GET)
        status = self._facilities.status.of_account(call.account, call.region)
        return Seen(status.clusters, status.mappings)

    def _reset(self, request: Request) -> Response:
        reset = self._facilities.reset
        if reset is None:
            return _json({"message": "start serve with --allow-reset to serve this"}, status=404)
        try:
            call = self._control.authorize_own(request, SIGNING_NAME, _RESET)
            if call.caller.principal.kind is not PrincipalKind.ROOT:
                raise AccessDenied("Only the account's root user may reset the state.")
            reset()
        except AwsError as error:
            return self.refuse(request, error)
        return _json({"status": "reset"})


def is_invocation(request: Request) -> bool:
    """Whether a request may take as long as function code does."""
    return request.method == "POST" and request.path.rstrip("/").endswith("/invocations")


def is_with_code(request: Request) -> bool:
    """Whether a request may bring a function's code, and be larger than any other for it."""
    path = request.path.rstrip("/")
    if request.method == "POST":
        return path.endswith("/functions")
    return request.method == "PUT" and path.endswith("/code")


def _mapping_id(request: Request) -> str | None:
    """The mapping that is asked about."""
    found = _given(request, "mapping").get("mapping")
    return None if found is None else _uuid(found)


def _given(request: Request, *names: str) -> dict[str, str]:
    """The parameters of the query; what else stands there is refused, not ignored."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name in names and name not in found:
            found[name] = value
        elif not name.startswith("X-Amz-"):
            known = ", ".join(f"`{each}`" for each in names)
            verb = "are" if len(names) > 1 else "is"
            raise InvalidInput(f"`{shown(name)}` is not a parameter here; {known} {verb}, once")
    return found


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InvalidInput(f"`{shown(text)}` is not the UUID of a mapping") from None


_RESET = Ask("sluicegate:Reset", "*")
_GET = Ask("sluicegate:GetStatus", "*")
_GET_DIAGNOSIS = Ask("sluicegate:GetDiagnosis", "*")


def _json(content: Mapping[str, object], *, status: int = 200) -> Response:
    return Response(status, _JSON, json.dumps(content).encode())
