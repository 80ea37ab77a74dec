"""The way to one Redis or Valkey server: addresses, timeouts, scripts, and one kind of error.

Nothing is retried here: a caller that must answer soon is told at once, and the others come back
by themselves.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

from service.store import codec, keys, metrics
from service.store.ports import NewerSchema, StoreUnreachable

OP_TIMEOUT_SECONDS = 0.25
SCRIPT_TIMEOUT_SECONDS = 5.0
BLOCK_SLICE_SECONDS = 0.5
"""Waits are cut into slices, so that a server which fell silent is noticed."""

_SCHEMES = {"redis", "rediss", "unix"}
_OPTIONS = {
    "db",
    "username",
    "password",
    "client_name",
    "ssl_ca_certs",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_keyfile",
}
_LUA = Path(__file__).with_name("lua")

log = logging.getLogger(__name__)


class BadStoreUrl(ValueError):
    """The address is none that this version can use; the message holds no password."""


class UnsuitableStore(Exception):
    """The server answers, but would lose data or does not work as a single server."""


class WrongType(Exception):
    """A key of ours holds a value of another type."""


class RedisLink:
    """Connections to one server; thread-safe, opened on first use."""

    def __init__(self, url: str, *, op_timeout_seconds: float) -> None:
        """Prepare connections. Raises BadStoreUrl."""
        self.address = address_of(url)
        self._secrets = _secrets_of(url)
        # Waiting and publishing have connections of their own: they may neither use up nor
        # lengthen the ordinary ones.
        self._ordinary = _client(url, connect=op_timeout_seconds, answer=op_timeout_seconds)
        self._patient = _client(
            url, connect=op_timeout_seconds, answer=BLOCK_SLICE_SECONDS + op_timeout_seconds
        )
        self._long = _client(
            url,
            connect=op_timeout_seconds,
            answer=max(SCRIPT_TIMEOUT_SECONDS, op_timeout_seconds),
        )

    def call(self, *words: Any) -> Any:
        """Run one command. Raises StoreUnreachable and WrongType."""
        with self._one_kind_of_error(operation=str(words[0])):
            return _execute(self._ordinary, *words)

    def read(self, command: str, key: str, *words: Any, otherwise: Any) -> Any:
        """Run a reading command; `otherwise` where somebody else's key is in the way.

        Raises StoreUnreachable.
        """
        try:
            return self.call(command, key, *words)
        except WrongType:
            pass_over(key)
            return otherwise

    def wait(self, *, timeout_seconds: float, attempt: Callable[[float], Sequence[Any]]) -> Any:
        """Repeat a blocking command until it finds something or the time is over.

        `attempt` makes the words of the command from the seconds it may block. Returns None
        when nothing came. Raises StoreUnreachable and WrongType.
        """
        end = time.monotonic() + timeout_seconds
        while True:
            left = end - time.monotonic()
            # Zero would block for ever.
            words = attempt(min(max(left, 0.001), BLOCK_SLICE_SECONDS))
            with self._one_kind_of_error():
                found = _execute(self._patient, *words)
            if found:
                return found
            if time.monotonic() >= end:
                return None

    def script(
        self, name: str, *, names: Sequence[str], values: Sequence[Any], is_long: bool = False
    ) -> tuple[str, bytes]:
        """Run lua/`name`.lua in one step; the prelude's key and values are put in front.

        Returns the outcome and its value. `is_long` is for large bodies: a server that does not
        answer at all is still noticed at once. Raises StoreUnreachable and NewerSchema.
        """
        text, digest = _script(name)
        names = (keys.SCHEMA, *names)
        words = (len(names), *names, codec.SCHEMA, keys.SET_ASIDE, *values)
        with self._one_kind_of_error(operation=name):
            if is_long:
                _execute(self._ordinary, "PING")
            client = self._long if is_long else self._ordinary
            try:
                outcome, value, set_aside = _execute(client, "EVALSHA", digest, *words)
            except NoScriptError:
                outcome, value, set_aside = _execute(client, "EVAL", text, *words)
        for key in set_aside:
            log.error("key of another type set aside", extra={"key": key.decode()})
        if outcome == b"newer":
            raise NewerSchema(
                f"{self.address} holds schema {value.decode()}, this version writes {codec.SCHEMA}"
            )
        return outcome.decode(), value

    def close(self) -> None:
        """Close every connection."""
        for client in (self._ordinary, self._patient, self._long):
            client.close()

    @contextmanager
    def _one_kind_of_error(self, *, operation: str = "") -> Iterator[None]:
        """Translate what the client raises, and count; a wait has no `operation`."""
        started = time.monotonic()
        try:
            yield
        except (redis.RedisError, OSError) as error:
            text = str(error) or type(error).__name__
            is_there = text.startswith("WRONGTYPE")
            metrics.note_answer(is_there=is_there)
            if is_there:
                raise WrongType(text) from error
            for secret in self._secrets:
                text = text.replace(secret, "***")
            raise StoreUnreachable(f"{self.address}: {text}") from None
        else:
            metrics.note_answer(is_there=True)
        finally:
            if operation:
                metrics.note_operation(operation, seconds=time.monotonic() - started)


def pass_over(key: str) -> None:
    """Tell that a key of ours holds another type, so that somebody else wrote it."""
    log.error("key of another type passed over", extra={"key": key})


def address_of(url: str) -> str:
    """Return an address without its credentials, for messages. Raises BadStoreUrl."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise BadStoreUrl("the store's address cannot be read") from None
    scheme = parts.scheme or "no scheme"
    if "sentinel" in scheme or "cluster" in scheme or "," in parts.netloc:
        raise BadStoreUrl(
            f"{scheme}: Sentinel and Cluster are not supported yet; "
            "use the address of one server, redis://host:port/db"
        )
    if scheme not in _SCHEMES:
        raise BadStoreUrl(f"{scheme}: a store's address starts with redis://, rediss:// or unix://")
    unknown = sorted({name for name, _ in parse_qsl(parts.query)} - _OPTIONS)
    if unknown:
        raise BadStoreUrl(
            f"{scheme}: unknown option {unknown[0]!r}; known: {', '.join(sorted(_OPTIONS))}"
        )
    if scheme == "unix":
        if not parts.path:
            raise BadStoreUrl("unix: the path of the socket is missing")
        return f"unix://{unquote(parts.path)}"
    if not parts.hostname:
        raise BadStoreUrl(f"{scheme}: the host is missing")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise BadStoreUrl(f"{scheme}: the port is not a number up to 65535") from None
    return f"{scheme}://{parts.hostname}{port}{parts.path}"


def _secrets_of(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    found = [parts.password or "", dict(parse_qsl(parts.query)).get("password", "")]
    return tuple(secret for text in found if text for secret in {text, unquote(text)})


def _client(url: str, *, connect: float, answer: float) -> redis.Redis:
    try:
        return redis.Redis.from_url(
            url,
            socket_connect_timeout=connect,
            socket_timeout=answer,
            # The default of redis-py turns a timeout of 0.5 s into 10 s.
            retry=Retry(NoBackoff(), 0),
            # Nothing to negotiate: a new connection costs no round trip.
            protocol=2,
            driver_info=None,
        )
    except ValueError as error:
        raise BadStoreUrl(f"{address_of(url)}: {error}") from None


def _execute(client: redis.Redis, *words: Any) -> Any:
    # Typed methods of redis-py return "awaitable or value"; this one has no types at all.
    execute: Callable[..., Any] = client.execute_command
    return execute(*words)


@cache
def _script(name: str) -> tuple[str, str]:
    text = "\n".join((_LUA / f"{part}.lua").read_text() for part in ("prelude", name))
    return text, sha1(text.encode()).hexdigest()  # noqa: S324 - EVALSHA is defined with SHA-1
