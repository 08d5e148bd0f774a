"""What identifying a caller costs: reading and verifying one signed request, keys warm.

Run it with `python benchmarks/identification.py`. The peer is botocore, signing the same request
with the same algorithm: the ratio says how much a server's half costs against the client's.
"""

import timeit
from collections.abc import Callable
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sluicegate.clock import to_ms
from sluicegate.wire.client import to_request
from sluicegate.wire.sigv4 import SigningKeys, read

ACCESS_KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ROUNDS, REPEATS = 2_000, 7


def main() -> None:
    """Print microseconds per request, best of several rounds."""
    print(f"{'request':<28}{'verify µs':>10}{'sign µs':>10}{'ratio':>8}")
    for name, make in REQUESTS.items():
        verify, sign = microseconds(verifier(make())), microseconds(signer(make))
        print(f"{name:<28}{verify:>10.1f}{sign:>10.1f}{verify / sign:>8.2f}")


def decrypt() -> AWSRequest:
    """KMS Decrypt as boto3 sends it."""
    return AWSRequest(
        method="POST",
        url="http://127.0.0.1:4566/",
        headers={
            "X-Amz-Target": "TrentService.Decrypt",
            "Content-Type": "application/x-amz-json-1.1",
            "User-Agent": "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux lang/python#3.11",
            "amz-sdk-invocation-id": "0d0c6c4e-6f0b-4a6a-8f1e-3c1c0c9ad0a1",
            "amz-sdk-request": "attempt=1",
        },
        data=b'{"CiphertextBlob": "' + b"A" * 200 + b'"}',
    )


def describe_cluster() -> AWSRequest:
    """MSK DescribeClusterV2 as boto3 sends it: an ARN inside the path."""
    arn = "arn%3Aaws%3Akafka%3Aus-east-1%3A000000000000%3Acluster%2Forders%2F0d0c6c4e-2"
    return AWSRequest(
        method="GET",
        url=f"http://127.0.0.1:4566/api/v2/clusters/{arn}",
        headers={
            "User-Agent": "Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux lang/python#3.11",
            "amz-sdk-invocation-id": "0d0c6c4e-6f0b-4a6a-8f1e-3c1c0c9ad0a1",
            "amz-sdk-request": "attempt=1",
        },
    )


REQUESTS: dict[str, Callable[[], AWSRequest]] = {
    "kms Decrypt": decrypt,
    "kafka DescribeClusterV2": describe_cluster,
}


def verifier(request: AWSRequest) -> Callable[[], None]:
    """The server's half on one signed request."""
    SigV4Auth(Credentials(ACCESS_KEY, SECRET), "kms", "us-east-1").add_auth(request)
    arrived, now_ms, keys = to_request(request.prepare()), to_ms(datetime.now(UTC)), SigningKeys()

    def verify() -> None:
        keys.verify(read(arrived, now_ms), SECRET)

    return verify


def signer(make: Callable[[], AWSRequest]) -> Callable[[], None]:
    """The client's half on the same request, which it signs again and again."""
    auth, request = SigV4Auth(Credentials(ACCESS_KEY, SECRET), "kms", "us-east-1"), make()

    def sign() -> None:
        auth.add_auth(request)

    return sign


def microseconds(work: Callable[[], None]) -> float:
    """The least mean time of one call; the least, because other work only ever adds."""
    return min(timeit.repeat(work, number=ROUNDS, repeat=REPEATS)) / ROUNDS * 1e6


if __name__ == "__main__":
    main()
