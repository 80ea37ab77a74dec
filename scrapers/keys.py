"""Keys of providers: read once at the start, put in place just before a request is sent.

Everything else sees a key's name in braces. What is logged, recorded, kept for later, printed or
raised never holds a key.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from urllib.parse import quote

from scrapers.errors import CollectError
from scrapers.provider import ACCESS_TOKEN, KEY, Request

# What may stand in a header: RFC 9110 allows more, keys and tokens do not need it.
SENDABLE = re.compile(r"[!-~]{1,8192}", re.ASCII)
_HIDDEN = "…"
_LEAST_SECRET = 8


class BadKey(Exception):
    """A variable holds what can be no key; the message is one line and does not show it."""


class KeyMissing(CollectError):
    """A request was to be made without its key; the message names the variable."""

    reason = "KEY_MISSING"


class Secret:
    """A text that shows itself only when asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "Secret(…)"


def keys_of_environment(
    environ: Mapping[str, str], *, variables: Collection[str]
) -> Mapping[str, Secret]:
    """Take the keys that are set. Raises BadKey for one that a header cannot carry."""
    keys: dict[str, Secret] = {}
    for name in sorted(variables):
        text = environ.get(name, "")
        if text and not SENDABLE.fullmatch(text):
            raise BadKey(
                f"{name} is no key: it holds white space, control characters or other than ASCII"
            )
        if text:
            keys[name] = Secret(text)
    return keys


class Keys:
    """The keys that may be sent, by the name of their variable."""

    def __init__(self, keys: Mapping[str, Secret]) -> None:
        self._keys = keys

    def filled(self, request: Request, *, token: Secret | None) -> Request:
        """Return a request with its keys in their places, for sending only. Raises KeyMissing."""

        def put(text: str) -> str:
            text = KEY.sub(lambda match: self._key(match[1]), text)
            if ACCESS_TOKEN not in text:
                return text
            if token is None:
                raise KeyMissing(f"{request.url} was to be asked without signing in")
            return text.replace(ACCESS_TOKEN, token.reveal())

        body = request.json_body
        return replace(
            request,
            url=KEY.sub(lambda match: quote(self._key(match[1]), safe=""), request.url),
            headers={name: put(text) for name, text in request.headers.items()},
            json_body=None if body is None else {name: _put(v, put) for name, v in body.items()},
        )

    def used_by(self, request: Request, *, token: Secret | None) -> tuple[Secret, ...]:
        """Return what `filled` puts into a request."""
        keys = [self._keys[name] for name in sorted(request.key_variables & self._keys.keys())]
        return (*keys, token) if token and request.needs_token else tuple(keys)

    def _key(self, name: str) -> str:
        if name not in self._keys:
            raise KeyMissing(f"{name} is not set")
        return self._keys[name].reveal()


def hidden(text: bytes, secrets: Collection[Secret]) -> bytes:
    """Return what a server said without the keys that it may have repeated.

    A text of a few letters is no secret, and hiding it would change prices.
    """
    for secret in secrets:
        if len(secret.reveal()) >= _LEAST_SECRET:
            text = text.replace(secret.reveal().encode(), _HIDDEN.encode())
    return text


def _put(value: object, put: Callable[[str], str]) -> object:
    return put(value) if isinstance(value, str) else value
