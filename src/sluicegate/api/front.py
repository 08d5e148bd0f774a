"""What stands before the control path: who may even talk to us, and the few unsigned paths."""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from .. import __version__
from ..access import Ask
from ..errors import AccessDenied, AwsError, Unavailable
from ..iam.model import PrincipalKind
from ..operations.lambda_.code import PATH as CODE_PATH
from ..wire.faults import render_error
from ..wire.hosts import check_host
from ..wire.message import Request, Response
from .control import ControlPath

_JSON = {"content-type": "application/json"}
SIGNING_NAME = "sluicegate"


@dataclass(frozen=True, slots=True)
class Facilities:
    """What the paths that are not AWS's need.

    `probe` raises `Unavailable` while the state cannot be written; `certificate` gives the
    brokers' authority as PEM; `reset` empties the state, None where that is not served; `code`
    gives the zip that the last part of a URL stands for, None when it stands for none.
    """

    probe: Callable[[], None]
    certificate: Callable[[], str]
    reset: Callable[[], None] | None
    services: Iterable[str]
    code: Callable[[str], bytes | None]


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

    def _reset(self, request: Request) -> Response:
        reset = self._facilities.reset
        if reset is None:
            return _json({"message": "start serve with --allow-reset to serve this"}, status=404)
        try:
            identified = self._control.authorize_own(request, SIGNING_NAME, _RESET)
            if identified.caller.principal.kind is not PrincipalKind.ROOT:
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


_RESET = Ask("sluicegate:Reset", "*")


def _json(content: Mapping[str, object], *, status: int = 200) -> Response:
    return Response(status, _JSON, json.dumps(content).encode())
