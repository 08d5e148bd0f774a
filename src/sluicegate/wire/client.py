"""The client side: real botocore clients, over the network or straight into a function.

An in-process client is a botocore client in every respect (serialiser, signature, parser,
paginators, waiters) except that the signed request goes to a function instead of a socket.
"""

import io
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore import xform_name
from botocore.auth import SIGV4_TIMESTAMP, SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from .. import __version__
from ..errors import AccessDenied, AwsError, Unavailable
from . import connecting
from .message import Request, Response
from .model import loader

Unanswered = (ClientError, BotoCoreError)
"""What a client raises when it gets no answer, or one that says no."""


Unreadable = ResponseParserError
"""What a client raises when somebody answers who speaks none of AWS's protocols."""


def answer_of(refusal: Exception) -> Response | None:
    """The answer that says no, its message as JSON; None where there was no answer."""
    if not isinstance(refusal, ClientError):
        return None
    said = refusal.response["ResponseMetadata"]
    body = json.dumps({"message": message_of(refusal)}).encode()
    return Response(said["HTTPStatusCode"], said["HTTPHeaders"], body)


def code_of(refusal: Exception) -> str:
    """The error code of an answer that says no; "" where there was no answer."""
    if isinstance(refusal, ClientError):
        code: str = refusal.response["Error"]["Code"]
        return code
    return ""


def message_of(refusal: Exception) -> str:
    """What an answer that says no says; "" where there was no answer."""
    if isinstance(refusal, ClientError):
        message: str = refusal.response["Error"].get("Message", "")
        return message
    return ""


def answer(made: Any, operation: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a client's service answers, or the `AwsError` that it was over there.

    `AccessDenied` where a policy refused; `Unavailable` where there was no answer, or none for now.
    """
    try:
        result: Mapping[str, Any] = getattr(made, xform_name(operation))(**params)
    except ClientError as refusal:
        raise _refusal(refusal) from None
    except BotoCoreError as silence:
        raise Unavailable(str(silence)) from None
    return result


def _refusal(refusal: ClientError) -> AwsError:
    code, message = code_of(refusal), message_of(refusal)
    status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
    if code in _DENIALS:
        return AccessDenied(message)
    return Unavailable(message) if status >= 500 else AwsError(code, message, status=status)


_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

UNJUDGED = Config(parameter_validation=False)
"""For what we ask ourselves: the service judges it anyway, and judging each log event here as well
costs twice what sending it does."""

IN_PROCESS_URL = "http://127.0.0.1:4566"
"""What an in-process client believes its endpoint is; signed as the Host header."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client signs with; `token` only with temporary credentials."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def client(
    service: str,
    *,
    endpoint_url: str,
    region: str,
    credentials: Credentials,
    config: Config | None = None,
) -> Any:
    """A botocore client of `service` at `endpoint_url`, blind to the user's own AWS settings."""
    return _session().create_client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        aws_session_token=credentials.token,
        config=_PLAIN.merge(config) if config else _PLAIN,
    )


def in_process_client(
    service: str,
    handle: Callable[[Request], Response],
    *,
    region: str,
    access_key: str,
    secret_key: str,
    token: str | None = None,
    config: Config | None = None,
    endpoint_url: str = IN_PROCESS_URL,
    remote: str = "127.0.0.1",
) -> Any:
    """A botocore client whose requests are answered by `handle`; no socket, no retries.

    What `handle` raises comes out of the client's method as it is.
    """
    made = client(
        service,
        endpoint_url=endpoint_url,
        region=region,
        credentials=Credentials(access_key, secret_key, token),
        config=ONCE.merge(config) if config else ONCE,
    )

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        response = handle(to_request(request, remote))
        raw = _Raw(response.body)
        return AWSResponse(request.url, response.status, response.headers, raw)

    made.meta.events.register("before-send", answer)
    return made


@dataclass(frozen=True, slots=True)
class ConnectToken:
    """What MSK's brokers are shown, and until how many seconds after 1970 they take it."""

    text: str = field(repr=False)
    expires_seconds: int


def connect_token(region: str, credentials: Credentials) -> ConnectToken:
    """Credentials as brokers in a region take them, as AWS's signer libraries make it.

    A presigned request for `kafka-cluster:Connect` that nobody sends; the user agent is unsigned.
    """
    signing = ReadOnlyCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    asked = {"Action": connecting.ACTION}
    request = AWSRequest("GET", f"https://{connecting.host(region)}/", params=asked)
    SigV4QueryAuth(signing, connecting.SERVICE, region, connecting.SECONDS).add_auth(request)
    request.params = {"User-Agent": f"sluicegate/{__version__}"}
    signed = datetime.strptime(request.context["timestamp"], SIGV4_TIMESTAMP).replace(tzinfo=UTC)
    text = urlsafe_b64encode(request.prepare().url.encode()).decode().rstrip("=")
    return ConnectToken(text, int(signed.timestamp()) + connecting.SECONDS)


def to_request(prepared: AWSPreparedRequest, remote: str = "127.0.0.1") -> Request:
    """The request a server would have read, had `prepared` gone through a socket."""
    url = urlsplit(prepared.url)
    headers = [("host", url.netloc)]
    headers += [(name.lower(), _text(value)) for name, value in prepared.headers.items()]
    return Request(
        method=prepared.method,
        path=url.path or "/",
        query=url.query,
        headers=tuple(headers),
        body=_bytes(prepared.body),
        remote=remote,
    )


class _Raw(io.BytesIO):
    """The one method of urllib3's response that botocore asks for beyond a file's."""

    def stream(self, amount: int = 65536) -> Iterator[bytes]:
        while block := self.read(amount):
            yield block


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    content: bytes = body.read()
    return content


# Proxies, FIPS and configured endpoints belong to the user's calls to AWS, not to ours.
_PLAIN = Config(
    proxies={},
    use_fips_endpoint=False,
    use_dualstack_endpoint=False,
    ignore_configured_endpoint_urls=True,
)
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
"""For calls whose failure is told, and not tried again."""


@lru_cache(maxsize=1)
def _session() -> botocore.session.Session:
    """One session for all clients: it keeps no credentials, only parsed models."""
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    session.register_component("data_loader", loader())
    return session
