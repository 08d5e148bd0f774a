"""Calls of Sluicegate's own paths, which no service model describes, signed like any other."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials as SigningKeys
from botocore.httpsession import URLLib3Session

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


def get(url: str, *, region: str, credentials: Credentials) -> Response:
    """The answer to a signed GET, past any proxy; one of `Unanswered` where there is none."""
    request = signed("GET", url, region=region, credentials=credentials)
    answer = URLLib3Session(timeout=_SECONDS).send(request)
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Response(answer.status_code, headers, answer.content)
