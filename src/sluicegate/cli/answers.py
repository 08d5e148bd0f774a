"""What the commands that are clients ask for, or why there is no answer and what to do next."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import StartRefused
from ..wire.client import ONCE, UNJUDGED, Unanswered, Unreadable, answer_of, client
from ..wire.message import Response
from ..wire.own import get
from .reach import Reach
from .table import plain

Document = Mapping[str, Any]

Clients = Callable[[str], Any]
"""A client of the service of that name."""

_PEM = b"-----BEGIN CERTIFICATE-----"


def document(to: Reach, path: str, *, member: str, missing: str, service: str) -> Document:
    """What is there, as JSON, known by having `member`.

    `StartRefused` where nobody answers, somebody else does, or the answer is no; `missing` is what
    to do where there is no such thing.
    """
    try:
        answer = get(
            to.endpoint_url + path, region=to.region, credentials=to.credentials, service=service
        )
    except Unanswered as error:
        raise StartRefused(_nobody(error)) from None
    found = _read(answer)
    if answer.status != 200 and (found is not None or answer.status != 404):
        raise StartRefused(refusal(answer, missing))
    if found is None or member not in found:
        # Anybody may listen on a port.
        raise StartRefused(_somebody_else(to))
    return found


def authority(to: Reach) -> str:
    """Who signs the brokers' certificates, as PEM; `StartRefused` as above."""
    try:
        answer = get(to.endpoint_url + "/ca.pem", region=to.region, credentials=to.credentials)
    except Unanswered as error:
        raise StartRefused(_nobody(error)) from None
    if answer.status not in (200, 404):
        raise StartRefused(refusal(answer, ""))
    if answer.status == 404 or not answer.body.startswith(_PEM):
        raise StartRefused(_somebody_else(to))
    return answer.body.decode()


def clients(to: Reach) -> Clients:
    """Clients of what is there, which ask once; to be called in `answered`."""

    def of_service(service: str) -> Any:
        return client(
            service,
            endpoint_url=to.endpoint_url,
            region=to.region,
            credentials=to.credentials,
            config=ONCE.merge(UNJUDGED),
        )

    return of_service


@contextmanager
def answered(to: Reach) -> Iterator[None]:
    """Calls of clients in here are answered; `StartRefused` as above where one is not."""
    try:
        yield
    except Unreadable:
        raise StartRefused(_somebody_else(to)) from None
    except Unanswered as error:
        answer = answer_of(error)
        raise StartRefused(refusal(answer, "") if answer else _nobody(error)) from None


def _nobody(error: Exception) -> str:
    said = plain(str(error)).rstrip(".")
    return f"{said}; start `sluicegate serve`, or name its port with --port"


def _somebody_else(to: Reach) -> str:
    return f"{to.endpoint_url} is no Sluicegate; name the port of `serve` with --port"


def refusal(answer: Response, missing: str) -> str:
    """Why the answer is no, and what to do next."""
    said = _read(answer) or {}
    message = said.get("message") or said.get("Message")
    message = plain(str(message or f"the endpoint answered {answer.status}")).rstrip(".")
    decision = answer.headers.get("x-sluicegate-authorization-id")
    if decision:
        return f"{message}; run `sluicegate explain {plain(decision)}`"
    if answer.status == 404:
        return f"{message}; {missing}"
    return f'{message}; run `eval "$(sluicegate env)"` against the `serve` you mean'


def _read(answer: Response) -> dict[str, Any] | None:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
