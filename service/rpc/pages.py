"""Pages of short lists that are sorted by id: providers, GPU models."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from google.protobuf.message import Message

from service.catalog.paging import PageTokenSigner, bad_page_token
from service.rpc.faults import Faults
from service.rpc.requests import digest_of


@dataclass(frozen=True, slots=True, kw_only=True)
class IdPage:
    """Ids of one page; `next_page_token` is empty on the last."""

    ids: Sequence[str]
    next_page_token: str


def cursor_of(request: Message, page_token: str, signer: PageTokenSigner, faults: Faults) -> str:
    """Return the last id of the page before; "" for the first page.

    A token that is not ours, or of another list, goes to `faults`.
    """
    if not page_token:
        return ""

    def read() -> str:
        values = signer.decode(page_token, digest_of(request)).key_values
        if len(values) != 1 or not isinstance(values[0], str):
            raise bad_page_token()
        return values[0]

    return faults.attempt(read, "")


def token_after(request: Message, last_id: str, signer: PageTokenSigner, revision: str) -> str:
    """Return the token of the page that begins after `last_id`."""
    return signer.encode((last_id,), digest_of(request), revision)


def page_of(
    ids: Sequence[str],
    *,
    request: Message,
    after: str,
    page_size: int,
    signer: PageTokenSigner,
    revision: str,
) -> IdPage:
    """Cut a page out of sorted ids: those above `after`, at most `page_size`."""
    start = bisect_right(ids, after) if after else 0
    chosen = ids[start : start + page_size]
    has_more = start + page_size < len(ids)
    token = token_after(request, chosen[-1], signer, revision) if has_more else ""
    return IdPage(ids=chosen, next_page_token=token)
