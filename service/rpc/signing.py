"""Page tokens signed with the key in the store, from the first moment on and without waiting."""

import logging
import secrets
import threading
import time
from collections.abc import Callable

from service.catalog.paging import KeyValue, PageCursor, PageTokenSigner
from service.domain.errors import InvalidRequest, Reason
from service.store.ports import StoreUnreachable

RETRY_SECONDS = 5.0
_KEY_BYTES = 32

log = logging.getLogger(__name__)


class StoreSigner(PageTokenSigner):
    """Signs with the key that all replicas share, as soon as the store has told it.

    Until then it signs with a key of its own, so that lists go on when the store is out of reach
    at start; such tokens are known to this process only. `read_key` is asked once at once, then
    off the serving thread at most every `RETRY_SECONDS`.
    """

    def __init__(
        self, read_key: Callable[[], bytes], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        own_key = secrets.token_bytes(_KEY_BYTES)
        super().__init__(own_key)
        self._own = PageTokenSigner(own_key)
        self._shared: PageTokenSigner | None = None
        self._read_key = read_key
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asked_at = monotonic()
        self._ask()

    def encode(self, key_values: tuple[KeyValue, ...], digest: bytes, revision: str) -> str:
        """Make the token of a page, as PageTokenSigner does."""
        return self._signer().encode(key_values, digest, revision)

    def decode(self, token: str, digest: bytes) -> PageCursor:
        """Read a token of either key, as PageTokenSigner does."""
        signer = self._signer()
        try:
            return signer.decode(token, digest)
        except InvalidRequest as error:
            if signer is self._own or error.reason is not Reason.BAD_PAGE_TOKEN:
                raise
            return self._own.decode(token, digest)

    def _signer(self) -> PageTokenSigner:
        if self._shared is not None:
            return self._shared
        with self._lock:
            is_due = self._monotonic() - self._asked_at >= RETRY_SECONDS
            if is_due:
                self._asked_at = self._monotonic()
        if is_due:
            threading.Thread(target=self._ask, name="page-token-key", daemon=True).start()
        return self._own

    def _ask(self) -> None:
        try:
            self._shared = PageTokenSigner(self._read_key())
        except StoreUnreachable as error:
            log.warning("page token key not read", extra={"cause": str(error)})
