"""kcat, as Debian has it: a Kafka client that knows nothing of us."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka
import pytest

from tests.contract.missing import missing

from .kafka_user import Login, associate, new_cluster, new_secret
from .server import Server

pytestmark = [pytest.mark.brokers, pytest.mark.alongside]

RIGHT_SCRAM = (2, 6, 1)
"""The first librdkafka that Kafka 4 lets in: older ones put their nonce twice into the last
message of SCRAM, which Kafka takes for a wrong password."""

REFUSAL = (
    "SASL authentication error: Authentication failed during authentication due to invalid "
    "credentials with SASL mechanism SCRAM-SHA-512"
)


class Kcat:
    """Commands as a user of a cluster; `library` is a folder with another librdkafka, if any."""

    def __init__(self, login: Login, folder: Path) -> None:
        given = login.settings()
        authority = folder / "ca.pem"
        authority.write_text(given["ssl.ca.pem"])
        self.brokers = given["bootstrap.servers"]
        self.settings = {
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": "SCRAM-SHA-512",
            "sasl.username": login.username,
            "sasl.password": login.password,
            "ssl.ca.location": str(authority),
        }
        self.library = "" if own_librdkafka() >= RIGHT_SCRAM else str(lent_librdkafka(folder))

    def __call__(
        self, *arguments: str, given: str = "", own_library: bool = False, password: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        settings = self.settings | ({"sasl.password": password} if password else {})
        flags = [flag for name, value in settings.items() for flag in ("-X", f"{name}={value}")]
        library = "" if own_library else self.library
        return subprocess.run(
            ["kcat", "-b", self.brokers, *flags, *arguments],
            env=os.environ | ({"LD_LIBRARY_PATH": library} if library else {}),
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def own_librdkafka() -> tuple[int, ...]:
    """The version that Debian's kcat comes with."""
    told = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True)
    found = re.search(r"librdkafka (\d+)\.(\d+)\.(\d+)", told.stdout + told.stderr)
    assert found, told.stdout + told.stderr
    return tuple(map(int, found.groups()))


def lent_librdkafka(folder: Path) -> Path:
    """The folder, with the librdkafka that our lock has in it."""
    libraries = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
    (ours,) = libraries.glob("librdkafka*.so*")
    (folder / "librdkafka.so.1").symlink_to(ours)
    return folder


@pytest.fixture(scope="module")
def kcat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kcat]:
    """Of a cluster that has the user alice, and the topic orders."""
    if shutil.which("kcat") is None:
        what = "kcat is not installed; to have it: apt-get install kcat"
        # Who is not root cannot be asked to have it.
        if os.geteuid() == 0:
            missing(what)
        pytest.skip(what)
    with Server(tmp_path_factory.mktemp("kcat") / "state") as server:
        cluster = new_cluster(server)
        associate(server, cluster, new_secret(server, "alice", "made-up")[0])
        alice = Login(server, cluster, "alice", "made-up")
        alice.create_topic("orders")
        yield Kcat(alice, tmp_path_factory.mktemp("libraries"))


def test_records_come_back_as_they_were_sent(kcat: Kcat) -> None:
    sent = kcat("-P", "-t", "orders", "-K", ":", "-H", "from=kcat", given="ann:one\nbob:two\n")
    assert (sent.returncode, sent.stderr) == (0, "")
    form = "%p/%o %k=%s (%h)\n"
    read = kcat("-C", "-t", "orders", "-o", "beginning", "-e", "-q", "-f", form)
    assert read.returncode == 0, read.stderr
    assert read.stdout == "0/0 ann=one (from=kcat)\n0/1 bob=two (from=kcat)\n"


def test_a_wrong_password_is_told_as_one(kcat: Kcat) -> None:
    refused = kcat("-L", "-m", "3", password="wrong")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert REFUSAL in refused.stderr


def test_an_older_librdkafka_is_told_the_same(kcat: Kcat) -> None:
    if not kcat.library:
        pytest.skip("the librdkafka of this machine speaks SCRAM as it should")
    refused = kcat("-L", "-m", "3", own_library=True)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert REFUSAL in refused.stderr
