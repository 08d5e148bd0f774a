"""Calls of plain paths, Sluicegate's own among them, signed like any other."""

from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials as SigningKeys
from botocore.httpsession import URLLib3Session
from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

from .client import Credentials
from .message import Response

SIGNING_NAME = "sluicegate"
_SECONDS = 30.0


def signed(
    method: str, url: str, *, region: str, credentials: Credentials, service: str = SIGNING_NAME
) -> AWSPreparedRequest:
    """A request without a body, as it goes over the wire."""
    request = AWSRequest(method, url, data=b"")
    keys = SigningKeys(credentials.access_key, credentials.secret_key, credentials.token)
    SigV4Auth(keys, service, region).add_auth(request)
    return request.prepare()


def is_endpoint(url: str) -> bool:
    """Whether there can be anything to ask at that URL."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return False
    return is_web and (is_valid_endpoint_url(url) or is_valid_ipv6_endpoint_url(url))


def get(
    url: str, *, region: str, credentials: Credentials, service: str = SIGNING_NAME
) -> Response:
    """The answer to a signed GET, past any proxy; one of `Unanswered` where there is none."""
    request = signed("GET", url, region=region, credentials=credentials, service=service)
    answer = URLLib3Session(timeout=_SECONDS).send(request)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, answer.content)
