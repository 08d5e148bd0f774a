"""A broker behind a wire that damages what is fetched over it."""

import contextlib
import socket
import struct
import threading


class DamagingWire:
    """Between clients and the one broker on loopback, which clients know by our address.

    While `needle` is set, an answer to a fetch that has it is damaged there; `is_lasting`: each
    such answer, or else the next alone.
    """

    def __init__(self, bootstrap_servers: str) -> None:
        self.needle = b""
        self.is_lasting = False
        self.damaged = 0
        self._broker = int(bootstrap_servers.rpartition(":")[2])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port: int = self._listener.getsockname()[1]
        self.bootstrap_servers = f"127.0.0.1:{self._port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more."""
        _end(self._listener)
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self._broker)) as broker,
        ):
            asked: dict[bytes, int] = {}
            asking = threading.Thread(target=self._ask, args=(client, broker, asked), daemon=True)
            asking.start()
            self._answer(client, broker, asked)
            _end(client)
            asking.join()

    def _ask(self, client: socket.socket, broker: socket.socket, asked: dict[bytes, int]) -> None:
        with contextlib.suppress(OSError):
            while frame := _frame(client):
                asked[bytes(frame[4:8])] = struct.unpack(">h", frame[:2])[0]
                broker.sendall(struct.pack(">i", len(frame)) + frame)
        _end(broker)

    def _answer(
        self, client: socket.socket, broker: socket.socket, asked: dict[bytes, int]
    ) -> None:
        with contextlib.suppress(OSError):
            while frame := _frame(broker):
                match asked.pop(bytes(frame[:4])):
                    case 3 | 10:  # where brokers and coordinators are
                        theirs, ours = (struct.pack(">i", each) for each in self._ports())
                        frame = frame.replace(theirs, ours)
                    case 1:
                        self._damage(frame)
                client.sendall(struct.pack(">i", len(frame)) + frame)

    def _ports(self) -> tuple[int, int]:
        return self._broker, self._port

    def _damage(self, frame: bytearray) -> None:
        if self.needle and (at := frame.find(self.needle)) >= 0:
            frame[at] ^= 1
            self.damaged += 1
            if not self.is_lasting:
                self.needle = b""


def _frame(peer: socket.socket) -> bytearray:
    """One request or answer; empty when there will be none."""
    return _exactly(peer, struct.unpack(">i", head)[0]) if (head := _exactly(peer, 4)) else head


def _exactly(peer: socket.socket, size: int) -> bytearray:
    got = bytearray()
    with contextlib.suppress(OSError):
        while len(got) < size and (some := peer.recv(size - len(got))):
            got += some
    return got if len(got) == size else bytearray()


def _end(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        peer.shutdown(socket.SHUT_RDWR)
