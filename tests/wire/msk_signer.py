"""AWS's own signer of brokers' tokens, with whatever credentials a test gives it."""

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from botocore.credentials import CredentialProvider
from botocore.credentials import Credentials as Botocores

from sluicegate.wire.client import Credentials


class _Given(CredentialProvider):  # type: ignore[misc]
    def __init__(self, credentials: Credentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> Botocores:
        given = self._credentials
        return Botocores(given.access_key, given.secret_key, given.token)


def token_of(credentials: Credentials, region: str = "us-east-1") -> tuple[str, int]:
    """A token, and when it ends, in milliseconds."""
    made: tuple[str, int] = MSKAuthTokenProvider.generate_auth_token_from_credentials_provider(
        region, _Given(credentials)
    )
    return made
