"""librdkafka's own mock cluster: real connections to a broker that is a thread of this process.

It knows groups, commits, retention and errors on demand; no SASL, no TLS, no ACLs.
"""

import ctypes
from pathlib import Path
from types import TracebackType
from typing import Any

import confluent_kafka

_OFFSET_COMMIT, _OFFSET_FETCH = 8, 9

# The library that confluent_kafka has loaded, not a second one.
_FOLDER = Path(confluent_kafka.__file__).parents[1] / "confluent_kafka.libs"
_handle = ctypes.c_void_p


def _library() -> Any:
    library = ctypes.CDLL(str(next(_FOLDER.glob("librdkafka-*"))))
    signatures: dict[str, tuple[Any, list[Any]]] = {
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
    """One broker; `bootstrap_servers` says where. Topics are made on demand, or here."""

    def __init__(self) -> None:
        self._library = _library()
        settings = self._library.rd_kafka_conf_new()
        for name, value in ((b"log_level", b"0"), (b"bootstrap.servers", b"none:1")):
            self._library.rd_kafka_conf_set(settings, name, value, None, 0)
        self._client = self._library.rd_kafka_new(0, settings, None, 0)
        self._cluster = self._library.rd_kafka_mock_cluster_new(self._client, 1)
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

    def refuse_commits(self, *codes: int) -> None:
        """Answer the next commits so, one each."""
        self._push(_OFFSET_COMMIT, codes)

    def refuse_offsets(self, *codes: int) -> None:
        """Answer the next questions for committed offsets so, one each."""
        self._push(_OFFSET_FETCH, codes)

    def _push(self, api: int, codes: tuple[int, ...]) -> None:
        array = (ctypes.c_int * len(codes))(*codes)
        self._library.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(codes), array)
