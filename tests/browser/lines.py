"""A line between a browser and a campus that can be cut, be slow, or lose the answers to what is sent."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Line:
    """Carries bytes to the port of a campus; `mode` says how well. It may lead to another campus from one connection to the next."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.mode = "good"
        """good, cut, "loses answers" (to POST) or slow."""
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def address(self) -> str:
        """Where the campus is, over this line."""
        return f"http://127.0.0.1:{self.port}"

    def lead_to(self, port: int) -> None:
        """Lead to another campus from now on."""
        self.target = port
        for client in self._open:
            hang_up(client)

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            if self.mode == "cut":
                client.close()
                continue
            self._open.append(client)
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as campus:
            asked: list[bytes] = []
            threading.Thread(target=self._send, args=(client, campus, asked), daemon=True).start()
            while answer := campus.recv(65536):
                is_lost = self.mode == "cut" or (self.mode == "loses answers" and asked[-1].startswith(b"POST"))
                if is_lost:
                    break
                if self.mode == "slow":
                    time.sleep(7)
                client.sendall(answer)
            hang_up(client)

    def _send(self, client: socket.socket, campus: socket.socket, asked: list[bytes]) -> None:
        with suppress(OSError):
            while question := client.recv(65536):
                if self.mode == "cut":
                    break
                if question.startswith((b"GET", b"POST", b"HEAD")):
                    asked.append(question[:8])
                campus.sendall(question)
            hang_up(campus)


def hang_up(line: socket.socket) -> None:
    """End a connection on both sides, also where another thread listens to it."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """A line for the length of a block."""
    line = Line(port)
    yield line
    line.close()
