"""Page tokens before and after the store has told its key."""

import time

import pytest

from service.catalog.paging import PageTokenSigner
from service.domain.errors import InvalidRequest, Reason
from service.rpc.signing import RETRY_SECONDS, StoreSigner
from service.store.ports import StoreUnreachable

KEY = b"the shared key"
DIGEST = b"digest"


class Keys:
    """A store that may be out of reach."""

    def __init__(self, *, is_up: bool) -> None:
        self.is_up = is_up
        self.asked = 0

    def __call__(self) -> bytes:
        self.asked += 1
        if not self.is_up:
            raise StoreUnreachable("no")
        return KEY


class Watch:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def wait_for_key(signer: StoreSigner, before: str) -> str:
    for _ in range(200):
        token = signer.encode(("a",), DIGEST, "r")
        if token != before:
            return token
        time.sleep(0.002)
    return before


def test_with_the_store_there_every_replica_reads_every_token() -> None:
    one, other = StoreSigner(Keys(is_up=True)), StoreSigner(Keys(is_up=True))
    token = one.encode(("a", 1), DIGEST, "r")
    assert other.decode(token, DIGEST).key_values == ("a", 1)
    assert PageTokenSigner(KEY).decode(token, DIGEST).revision == "r"


def test_without_the_store_lists_go_on_with_a_key_of_our_own() -> None:
    signer = StoreSigner(Keys(is_up=False))
    token = signer.encode(("a",), DIGEST, "r")
    assert signer.decode(token, DIGEST).key_values == ("a",)


def test_the_store_is_asked_again_only_after_a_while() -> None:
    keys, watch = Keys(is_up=False), Watch()
    signer = StoreSigner(keys, monotonic=watch)
    for _ in range(10):
        signer.encode(("a",), DIGEST, "r")
    assert keys.asked == 1


def test_tokens_of_before_are_still_read_when_the_store_came_back() -> None:
    keys, watch = Keys(is_up=False), Watch()
    signer = StoreSigner(keys, monotonic=watch)
    early = signer.encode(("a",), DIGEST, "r")
    keys.is_up, watch.at = True, RETRY_SECONDS
    late = wait_for_key(signer, early)
    assert late != early
    assert PageTokenSigner(KEY).decode(late, DIGEST).key_values == ("a",)
    assert signer.decode(early, DIGEST).key_values == ("a",)


def test_a_token_of_nobody_is_refused() -> None:
    signer = StoreSigner(Keys(is_up=True))
    forged = PageTokenSigner(b"another key").encode(("a",), DIGEST, "r")
    with pytest.raises(InvalidRequest) as raised:
        signer.decode(forged, DIGEST)
    assert raised.value.reason is Reason.BAD_PAGE_TOKEN


def test_a_token_of_another_list_is_told_apart() -> None:
    signer = StoreSigner(Keys(is_up=True))
    with pytest.raises(InvalidRequest) as raised:
        signer.decode(signer.encode(("a",), DIGEST, "r"), b"other")
    assert raised.value.reason is Reason.PAGE_TOKEN_MISMATCH
