"""Page tokens."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.paging import MAX_TOKEN_LENGTH, PageTokenSigner
from service.domain.errors import InvalidRequest, Reason

SIGNER = PageTokenSigner(b"k" * 32)
DIGEST = b"arguments"
ALPHABET = string.ascii_letters + string.digits + "-_"
KEYS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.text()).map(tuple)


def reason_of(token: str, *, signer: PageTokenSigner = SIGNER, digest: bytes = DIGEST) -> Reason:
    with pytest.raises(InvalidRequest) as caught:
        signer.decode(token, digest)
    assert [violation.field for violation in caught.value.violations] == ["page_token"]
    return caught.value.reason


@given(KEYS, st.text())
def test_a_token_gives_back_what_went_in(keys: tuple[int | str, ...], revision: str) -> None:
    cursor = SIGNER.decode(SIGNER.encode(keys, DIGEST, revision), DIGEST)
    assert cursor.key_values == keys
    assert cursor.revision == revision


def test_a_token_of_other_arguments_is_a_mismatch() -> None:
    token = SIGNER.encode((1, "a"), DIGEST, "r1")
    assert reason_of(token, digest=b"other") is Reason.PAGE_TOKEN_MISMATCH


def test_a_token_signed_with_another_key_is_bad() -> None:
    token = PageTokenSigner(b"x" * 32).encode((1, "a"), DIGEST, "r1")
    assert reason_of(token) is Reason.BAD_PAGE_TOKEN


def test_a_token_changed_in_one_place_is_bad() -> None:
    token = SIGNER.encode((1, "a"), DIGEST, "r1")
    for at in range(len(token)):
        for other in ("A", "B") if at < len(token) - 1 else ALPHABET:
            if other != token[at]:
                changed = token[:at] + other + token[at + 1 :]
                assert reason_of(changed) is Reason.BAD_PAGE_TOKEN
    assert reason_of(token + "=") is Reason.BAD_PAGE_TOKEN


def test_a_signed_body_of_another_shape_is_bad() -> None:
    body = b"\x01"
    token = base64.urlsafe_b64encode(SIGNER._signature(body) + body).rstrip(b"=").decode()
    assert reason_of(token) is Reason.BAD_PAGE_TOKEN


@given(st.text(max_size=80) | st.text("AZaz09-_=", max_size=80))
def test_any_other_text_is_bad(text: str) -> None:
    assert reason_of(text) is Reason.BAD_PAGE_TOKEN


def test_a_long_token_is_bad() -> None:
    assert reason_of("A" * (MAX_TOKEN_LENGTH * 10)) is Reason.BAD_PAGE_TOKEN
