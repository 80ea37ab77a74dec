"""Access tokens: what a provider's sign-in gave, until shortly before it ends."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from scrapers.errors import PageChanged
from scrapers.keys import SENDABLE, Secret
from scrapers.page import Page

# Of the time that a token holds; the rest is for requests that are on their way.
_USED_SHARE = 0.9
_LONGEST_SECONDS = 24 * 3600.0
# RFC 6749 lets an answer say nothing.
_UNSTATED_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    token: Secret
    ends: float


class Tokens:
    """The token of each provider that was signed in to; in memory only."""

    def __init__(self, *, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def token_of(self, provider_id: str, *, sign_in: Callable[[], Page]) -> Secret:
        """Return the token that holds, or the one that signing in gives.

        Raises PageChanged for an answer without one, and what `sign_in` raises.
        """
        with self._lock:
            held = self._held.get(provider_id)
        if held and self._monotonic() < held.ends:
            return held.token
        asked = self._monotonic()
        held = _held(sign_in(), asked=asked)
        with self._lock:
            self._held[provider_id] = held
        return held.token

    def forget(self, provider_id: str, token: Secret) -> None:
        """Forget a token that was refused, unless there is a newer one."""
        with self._lock:
            held = self._held.get(provider_id)
            if held and held.token is token:
                del self._held[provider_id]


def _held(page: Page, *, asked: float) -> _Held:
    """Read the answer of OAuth 2.0 client credentials (RFC 6749, 5.1)."""
    token = page.json["access_token"].text
    if not SENDABLE.fullmatch(token):
        raise PageChanged(f"{page.kind}: the access token is no text for a header")
    stated = page.json.find("expires_in")
    seconds = float(stated.number) * _USED_SHARE if stated else _UNSTATED_SECONDS
    return _Held(token=Secret(token), ends=asked + min(seconds, _LONGEST_SECONDS))
