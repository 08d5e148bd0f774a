"""librdkafka's own mock cluster: real connections to a broker that is a thread of this process.

It knows groups, commits, retention and errors on demand; no SASL, no TLS, no ACLs.
"""

import ctypes
from pathlib import Path
from types import TracebackType
from typing import Any

import confluent_kafka

_OFFSET_COMMIT, _OFFSET_FETCH, FIND_COORDINATOR, JOIN_GROUP = 8, 9, 10, 11
# What precedes an argument of `rd_kafka_producev`.
_END, _TOPIC, _PARTITION, _VALUE, _COPIED, _HEADERS = map(ctypes.c_int, (0, 1, 3, 4, 7, 10))
_PRODUCER = 0

# The library that confluent_kafka has loaded, not a second one.
_FOLDER = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
_handle = ctypes.c_void_p


def _library() -> Any:
    library = ctypes.CDLL(str(next(_FOLDER.glob("librdkafka-*"))))
    signatures: dict[str, tuple[Any, list[Any] | None]] = {
        "rd_kafka_conf_new": (_handle, []),
        "rd_kafka_conf_set": (
            ctypes.c_int,
            [_handle, *[ctypes.c_char_p] * 3, ctypes.c_size_t],
        ),
        "rd_kafka_new": (_handle, [ctypes.c_int, _handle, ctypes.c_char_p, ctypes.c_size_t]),
        "rd_kafka_destroy": (None, [_handle]),
        "rd_kafka_mock_cluster_new": (_handle, [_handle, ctypes.c_int]),
        "rd_kafka_mock_cluster_destroy": (None, [_handle]),
        "rd_kafka_mock_cluster_bootstraps": (ctypes.c_char_p, [_handle]),
        "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [_handle, ctypes.c_int32]),
        "rd_kafka_mock_topic_create": (
            ctypes.c_int,
            [_handle, ctypes.c_char_p, ctypes.c_int, ctypes.c_int],
        ),
        "rd_kafka_mock_coordinator_set": (
            ctypes.c_int,
            [_handle, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int32],
        ),
        "rd_kafka_mock_broker_set_down": (ctypes.c_int, [_handle, ctypes.c_int32]),
        "rd_kafka_mock_broker_set_up": (ctypes.c_int, [_handle, ctypes.c_int32]),
        "rd_kafka_mock_start_request_tracking": (None, [_handle]),
        "rd_kafka_mock_get_requests": (
            ctypes.POINTER(_handle),
            [_handle, ctypes.POINTER(ctypes.c_size_t)],
        ),
        "rd_kafka_mock_request_api_key": (ctypes.c_int16, [_handle]),
        "rd_kafka_mock_request_destroy_array": (None, [ctypes.POINTER(_handle), ctypes.c_size_t]),
        "rd_kafka_headers_new": (_handle, [ctypes.c_size_t]),
        "rd_kafka_header_add": (
            ctypes.c_int,
            [_handle, *[ctypes.c_char_p, ctypes.c_ssize_t] * 2],
        ),
        "rd_kafka_producev": (ctypes.c_int, None),
        "rd_kafka_flush": (ctypes.c_int, [_handle, ctypes.c_int]),
        "rd_kafka_mock_push_request_errors_array": (
            None,
            [_handle, ctypes.c_int16, ctypes.c_size_t, ctypes.c_void_p],
        ),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class MockCluster:
    """Brokers from 1 on; `bootstrap_servers` says where. Topics are made on demand, or here."""

    def __init__(self, brokers: int = 1) -> None:
        self._library = _library()
        settings = self._library.rd_kafka_conf_new()
        for name, value in ((b"log_level", b"0"), (b"bootstrap.servers", b"none:1")):
            self._library.rd_kafka_conf_set(settings, name, value, None, 0)
        self._client = self._library.rd_kafka_new(0, settings, None, 0)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, brokers)
        self._library.rd_kafka_mock_start_request_tracking(self._cluster)
        self._library.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, 0)
        self.bootstrap_servers: str = self._library.rd_kafka_mock_cluster_bootstraps(
            self._cluster
        ).decode()

    def __enter__(self) -> "MockCluster":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._library.rd_kafka_mock_cluster_destroy(self._cluster)
        self._library.rd_kafka_destroy(self._client)

    def make_topic(self, name: str, partitions: int) -> None:
        """Make a topic."""
        assert not self._library.rd_kafka_mock_topic_create(
            self._cluster, name.encode(), partitions, 1
        )

    def write(self, topic: str, value: bytes, *headers: tuple[bytes, bytes | None]) -> None:
        """Write a record to partition 0, with header names that may be no text."""
        settings = self._library.rd_kafka_conf_new()
        servers = self.bootstrap_servers.encode()
        self._library.rd_kafka_conf_set(settings, b"bootstrap.servers", servers, None, 0)
        self._library.rd_kafka_conf_set(settings, b"log_level", b"0", None, 0)
        producer = self._library.rd_kafka_new(_PRODUCER, settings, None, 0)
        added = self._library.rd_kafka_headers_new(len(headers))
        for name, each in headers:
            size = -1 if each is None else len(each)
            assert not self._library.rd_kafka_header_add(added, name, len(name), each, size)
        assert not self._library.rd_kafka_producev(
            *(_handle(producer), _TOPIC, ctypes.c_char_p(topic.encode())),
            *(_PARTITION, ctypes.c_int32(0)),
            *(_VALUE, ctypes.c_char_p(value), ctypes.c_size_t(len(value))),
            *(_HEADERS, _handle(added), _COPIED, ctypes.c_int(2), _END),
        )
        assert not self._library.rd_kafka_flush(producer, 10_000)
        self._library.rd_kafka_destroy(producer)

    def refuse_commits(self, *codes: int) -> None:
        """Answer the next commits so, one each."""
        self._push(_OFFSET_COMMIT, codes)

    def refuse_offsets(self, *codes: int) -> None:
        """Answer the next questions for committed offsets so, one each."""
        self._push(_OFFSET_FETCH, codes)

    def refuse_joins(self, *codes: int) -> None:
        """Answer the next requests to join a group so, one each."""
        self._push(JOIN_GROUP, codes)

    def coordinate(self, group: str, broker: int) -> None:
        """Have this broker coordinate the group from now on."""
        assert not self._library.rd_kafka_mock_coordinator_set(
            self._cluster, b"group", group.encode(), broker
        )

    def take_down(self, broker: int) -> None:
        """Close its connections, and let nobody in."""
        assert not self._library.rd_kafka_mock_broker_set_down(self._cluster, broker)

    def bring_up(self, broker: int) -> None:
        """Let everybody in again."""
        assert not self._library.rd_kafka_mock_broker_set_up(self._cluster, broker)

    def asked(self, api: int) -> int:
        """How many such requests have come so far."""
        count = ctypes.c_size_t()
        requests = self._library.rd_kafka_mock_get_requests(self._cluster, ctypes.byref(count))
        keys = [
            self._library.rd_kafka_mock_request_api_key(requests[at]) for at in range(count.value)
        ]
        self._library.rd_kafka_mock_request_destroy_array(requests, count.value)
        return keys.count(api)

    def _push(self, api: int, codes: tuple[int, ...]) -> None:
        array = (ctypes.c_int * len(codes))(*codes)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(codes), array)
