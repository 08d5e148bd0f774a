"""The lock, and that nothing else is taken for what it names."""

import errno
import hashlib
from pathlib import Path

import pytest

from sluicegate.brokers.jars import KAFKA_VERSION, Jar, bring, fetched, locked
from sluicegate.errors import BrokerRefused


def jar(name: str, content: bytes) -> Jar:
    digest = hashlib.sha256(content).hexdigest()
    return Jar("org.example", name, "1.0", digest, len(content))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "jars"


def test_the_lock_names_kafka_the_compiler_and_each_jar_once() -> None:
    jars = locked()
    assert len({jar.file_name for jar in jars}) == len(jars) == 46
    assert [jar.coordinates for jar in jars if jar.is_compiler] == ["org.eclipse.jdt:ecj:3.46.0"]
    assert f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}" in {jar.coordinates for jar in jars}


def test_jars_are_taken_from_a_folder_flat_or_as_maven_lays_them_out(
    source: Path, into: Path
) -> None:
    flat, nested = jar("flat", b"one"), jar("nested", b"two")
    (source / "flat-1.0.jar").write_bytes(b"one")
    deep = source / "org" / "example" / "nested" / "1.0"
    deep.mkdir(parents=True)
    (deep / "nested-1.0.jar").write_bytes(b"two")
    said: list[str] = []
    bring([flat, nested], into, source, said.append)
    assert {path.name: path.read_bytes() for path in into.iterdir()} == {
        "flat-1.0.jar": b"one",
        "nested-1.0.jar": b"two",
    }
    assert said[-1] == f"Apache Kafka {KAFKA_VERSION}: 2 of 2 jars, 0.0 of 0.0 MB"
    assert [path.name for path in into.parent.iterdir()] == ["jars"]


@pytest.mark.parametrize("found", [b"evil", b"longer than it was", b""])
def test_other_bytes_are_refused_and_not_kept(source: Path, into: Path, found: bytes) -> None:
    (source / "flat-1.0.jar").write_bytes(found)
    sentence = r"`org.example:flat:1.0` is not what the lock says: \d+ bytes, sha256"
    with pytest.raises(BrokerRefused, match=sentence):
        bring([jar("flat", b"good")], into, source, print)
    assert list(into.iterdir()) == []


def test_a_jar_that_is_missing_is_named_with_its_folder(source: Path, into: Path) -> None:
    with pytest.raises(BrokerRefused, match=r"`flat-1.0.jar` is not in `.*source`"):
        bring([jar("flat", b"good")], into, source, print)


def test_what_is_there_is_left_alone_and_its_time_with_it(source: Path, into: Path) -> None:
    (source / "flat-1.0.jar").write_bytes(b"good")
    bring([jar("flat", b"good")], into, source, print)
    before = (into / "flat-1.0.jar").stat().st_mtime_ns
    (source / "flat-1.0.jar").unlink()
    said: list[str] = []
    bring([jar("flat", b"good")], into, source, said.append)
    assert (into / "flat-1.0.jar").stat().st_mtime_ns == before
    assert said == []


def test_half_a_jar_is_brought_again(source: Path, into: Path) -> None:
    (source / "flat-1.0.jar").write_bytes(b"good")
    into.mkdir(parents=True)
    (into / "flat-1.0.jar").write_bytes(b"go")
    bring([jar("flat", b"good")], into, source, print)
    assert (into / "flat-1.0.jar").read_bytes() == b"good"


class Unfetchable:
    """An artifact that something is in the way of."""

    cached_path: Path | None = None

    def __init__(self, error: OSError) -> None:
        self.error = error
        self.attempts = 0

    def resolve(self) -> Path:
        self.attempts += 1
        raise self.error


def test_the_network_is_tried_three_times_and_blamed() -> None:
    artifact = Unfetchable(ConnectionResetError(errno.ECONNRESET, "reset"))
    with pytest.raises(BrokerRefused, match=r"cannot be fetched .*; check the network"):
        fetched(jar("flat", b"good"), artifact)
    assert artifact.attempts == 3


def test_a_full_disk_is_not_the_networks_fault() -> None:
    artifact = Unfetchable(OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(OSError, match="No space left on device"):
        fetched(jar("flat", b"good"), artifact)
    assert artifact.attempts == 1
