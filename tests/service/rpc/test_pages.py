"""Pages of ids."""

import pytest
from gpuquote.v1 import catalog_service_pb2 as pb

from service.catalog.paging import PageTokenSigner
from service.domain.errors import InvalidRequest, Reason
from service.rpc.faults import Faults
from service.rpc.pages import cursor_of, page_of
from service.rpc.requests import digest_of

REQUEST = pb.ListProvidersRequest()
SIGNER = PageTokenSigner(b"k")


def cursor(token: str) -> str:
    faults = Faults()
    found = cursor_of(REQUEST, token, SIGNER, faults)
    faults.raise_if_any()
    return found


def cut(*ids: str, after: str, page_size: int) -> tuple[list[str], str]:
    page = page_of(
        ids, request=REQUEST, after=after, page_size=page_size, signer=SIGNER, revision="r"
    )
    return list(page.ids), page.next_page_token


def test_a_page_goes_on_after_the_last_id() -> None:
    ids, token = cut("a", "b", "c", after="", page_size=2)
    assert ids == ["a", "b"]
    assert cursor(token) == "b"
    assert cut("a", "b", "c", after="b", page_size=2) == (["c"], "")


def test_an_id_that_has_gone_leaves_no_gap() -> None:
    assert cut("a", "c", "d", after="b", page_size=5) == (["c", "d"], "")


def test_a_page_that_just_fits_is_the_last() -> None:
    assert cut("a", "b", after="", page_size=2) == (["a", "b"], "")
    assert cut(after="", page_size=2) == ([], "")


@pytest.mark.parametrize("values", [(), (1,), ("a", "b")])
def test_a_token_of_another_shape_is_refused(values: tuple[int | str, ...]) -> None:
    token = SIGNER.encode(values, digest_of(REQUEST), "r")
    with pytest.raises(InvalidRequest) as raised:
        cursor(token)
    assert raised.value.reason is Reason.BAD_PAGE_TOKEN
