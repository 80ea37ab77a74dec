"""A server on loopback that answers with exactly the bytes that a test wants."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    server_name: str | None = None


Answer = bytes | Iterator[bytes]
Handler = Callable[[Asked], Answer]


def answer(
    body: bytes | str = b"",
    *,
    status: int = 200,
    content_type: str = "text/html; charset=utf-8",
    **headers: str,
) -> bytes:
    """Write a whole answer; underscores in header names become hyphens."""
    raw = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": content_type, "Content-Length": str(len(raw))}
    fields |= {name.replace("_", "-"): text for name, text in headers.items()}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {text}" for name, text in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + raw


@dataclass(slots=True)
class RawServer:
    """Answers each connection once, in a thread of its own, and remembers what it was asked.

    With a `greeting` it sends that instead, without reading what the client says.
    """

    handler: Handler
    tls: ssl.SSLContext | None = None
    greeting: Callable[[], Iterator[bytes]] | None = None
    asked: list[Asked] = field(default_factory=list)
    sent_bytes: int = 0
    closing: threading.Event = field(default_factory=threading.Event)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def targets(self) -> list[str]:
        return [asked.target for asked in self.asked]

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        server_name: list[str | None] = [None]
        with (
            contextlib.suppress(OSError),
            plain,
            self._over_tls(plain, server_name) as connection,
        ):
            if self.greeting is not None:
                self._send(connection, self.greeting())
            else:
                asked = _read(connection, server_name=server_name[0])
                self.asked.append(asked)
                self._send(connection, self.handler(asked))

    def _over_tls(self, plain: socket.socket, server_name: list[str | None]) -> socket.socket:
        """Return what is to be closed in its own right: wrapping leaves `plain` empty."""
        if self.tls is None:
            return plain
        self.tls.sni_callback = lambda _s, name, _c: server_name.__setitem__(0, name)
        return self.tls.wrap_socket(plain, server_side=True)

    def _send(self, connection: socket.socket, said: Answer) -> None:
        for piece in [said] if isinstance(said, bytes) else said:
            connection.sendall(piece)
            self.sent_bytes += len(piece)
            if self.closing.is_set():
                break


def _read(connection: socket.socket, *, server_name: str | None) -> Asked:
    with connection.makefile("rb") as lines:
        method, target, _ = lines.readline().decode().split()
        headers: dict[str, str] = {}
        for line in iter(lines.readline, b"\r\n"):
            name, _, text = line.decode().partition(":")
            headers[name.lower()] = text.strip()
        body = lines.read(int(headers.get("content-length", 0)))
    return Asked(method=method, target=target, headers=headers, body=body, server_name=server_name)
