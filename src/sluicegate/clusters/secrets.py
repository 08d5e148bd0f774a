"""SCRAM secrets, read over the endpoint as the service MSK is: no way in but the front door."""

from .. import scram
from ..access.sessions import Sessions
from ..clock import Clock
from ..store.clusters import Cluster
from ..vault import Vault
from ..wire.client import Credentials, Unanswered, client
from .machinery import ScramUser, Unreadable

_SERVICE = "kafka.amazonaws.com"


class ServiceSecrets:
    """Reads secrets with `GetSecretValue`, signed by the service on behalf of the cluster."""

    def __init__(self, endpoint_url: str, vault: Vault, clock: Clock) -> None:
        self._endpoint_url = endpoint_url
        self._sessions = Sessions(vault)
        self._clock = clock

    def read(self, cluster: Cluster, secret_arn: str) -> ScramUser:
        """`Secrets.read`."""
        minted = self._sessions.for_service(
            cluster.account, _SERVICE, cluster.arn, self._clock.now_ms()
        )
        made = client(
            "secretsmanager",
            endpoint_url=self._endpoint_url,
            region=cluster.region,
            credentials=Credentials(minted.access_key, minted.secret_key, minted.token),
        )
        try:
            answer = made.get_secret_value(SecretId=secret_arn)
        except Unanswered as refusal:
            raise Unreadable(str(refusal)) from None
        finally:
            made.close()
        return scram_user(answer["VersionId"], answer.get("SecretString", ""))


def scram_user(version_id: str, text: str) -> ScramUser:
    """The user in a secret's text; `Unreadable` when it is none."""
    login = scram.login(text)
    if login is None:
        raise Unreadable(
            "the secret's value is not a username and a password as JSON, texts that can be sent, "
            "the username without control characters"
        )
    return ScramUser(version_id, login.username, login.password)
