"""What every store does with quotes; each store's test module inherits from `QuoteContract`."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from service.domain.quote import KeptRequest, Quote, QuoteHead, quote_id_at
from service.store.ports import Store
from tests.builders import NOW

KEPT = timedelta(days=400)
"""How long quotes of these tests are kept."""
HOUR = timedelta(hours=1)
DIGEST, OTHER_DIGEST = "ab" * 32, "cd" * 32


def a_quote(number: int = 0, *, lifetime: timedelta = timedelta(days=7)) -> Quote:
    """Build the quote of so many hours after NOW; its document is no text."""
    made = NOW + number * HOUR
    quote_id = quote_id_at(made, entropy=f"{number:04x}")
    return Quote(
        head=QuoteHead(
            quote_id=quote_id,
            title=f"quote {number}",
            create_time=made,
            expire_time=made + lifetime,
            listed=b"\x0a\xff" + quote_id.encode(),
        ),
        document=b"\x00\xff\x0a" + quote_id.encode() * 50,
        purge_time=made + KEPT,
    )


class QuoteContract:
    """Tests with the fixture `store` of the inheriting module."""

    def test_a_store_without_quotes_has_none(self, store: Store) -> None:
        assert store.find_quote("q1") is None
        assert store.find_request("r1") is None
        assert store.quotes(before="", limit=9) == ()

    def test_a_quote_is_read_back_byte_for_byte(self, store: Store) -> None:
        quote = a_quote()
        assert store.create_quote(quote) is None
        assert store.find_quote(quote.head.quote_id) == quote.document
        assert store.quotes(before="", limit=9) == (quote.head,)

    def test_a_large_document_is_kept_too(self, store: Store) -> None:
        quote = a_quote()
        large = replace(quote, document=quote.document * 4_000)
        store.create_quote(large)
        assert store.find_quote(quote.head.quote_id) == large.document

    def test_quotes_come_newest_first_in_pages(self, store: Store) -> None:
        quotes = [a_quote(number) for number in range(5)]
        for quote in (quotes[2], quotes[0], quotes[4], quotes[1], quotes[3]):
            store.create_quote(quote)
        heads = tuple(quote.head for quote in reversed(quotes))
        assert store.quotes(before="", limit=2) == heads[:2]
        assert store.quotes(before=heads[1].quote_id, limit=2) == heads[2:4]
        assert store.quotes(before=heads[3].quote_id, limit=2) == heads[4:]
        assert store.quotes(before=heads[4].quote_id, limit=2) == ()

    def test_a_request_id_makes_one_quote_only(self, store: Store) -> None:
        first, second = a_quote(1), a_quote(2)
        assert store.create_quote(first, request_id="r1", digest=DIGEST) is None
        made = KeptRequest(digest=DIGEST, quote_id=first.head.quote_id)
        assert store.find_request("r1") == made
        # Whatever comes under the same id: the caller holds the digests together.
        for digest in (DIGEST, OTHER_DIGEST):
            assert store.create_quote(second, request_id="r1", digest=digest) == made
        assert store.quotes(before="", limit=9) == (first.head,)
        assert store.find_quote(second.head.quote_id) is None
        assert store.find_request("r1") == made

    def test_other_request_ids_make_other_quotes(self, store: Store) -> None:
        for number, request_id in enumerate(("r1", "r2", "")):
            quote = a_quote(number)
            assert store.create_quote(quote, request_id=request_id, digest=DIGEST) is None
        assert len(store.quotes(before="", limit=9)) == 3
        assert store.find_request("") is None

    def test_of_many_with_one_request_id_exactly_one_is_kept(self, store: Store) -> None:
        quotes = [a_quote(number) for number in range(8)]
        with ThreadPoolExecutor(8) as pool:
            standing = list(
                pool.map(
                    lambda quote: store.create_quote(quote, request_id="r1", digest=DIGEST), quotes
                )
            )
        (kept,) = store.quotes(before="", limit=9)
        assert standing.count(None) == 1
        assert {each.quote_id for each in standing if each} == {kept.quote_id}
