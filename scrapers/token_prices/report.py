"""Prints token prices: a table for people, JSON for programs."""

from typing import TextIO

import msgspec
from rich.box import SIMPLE
from rich.table import Table

from scrapers.report import console_for, plain
from service.domain.model_price import PRICE_FIELDS, ModelPriceBook
from service.domain.money import text_from_decimal


def print_token_prices(book: ModelPriceBook, *, stream: TextIO) -> None:
    """Print the entries that hold, in US dollars per million tokens."""
    console = console_for(stream)
    table = Table("provider", "model", box=SIMPLE)
    for name in ("up to", *PRICE_FIELDS):
        table.add_column(name.replace("_", " "), justify="right")
    current = [price for price in book.prices if not price.retired]
    for price in current:
        amounts = ("" if a is None else text_from_decimal(a) for a in price.amounts)
        longest = "" if price.context_max is None else f"{price.context_max:,}"
        table.add_row(*map(plain, (price.provider, price.model, longest, *amounts)))
    console.print(table)
    console.print(
        plain(
            f"{len(current)} prices of {book.source} in USD per million tokens, published "
            f"{book.publish_time:%Y-%m-%d %H:%M:%S} UTC; {len(book.pending)} held back"
        )
    )


def token_prices_json(book: ModelPriceBook) -> bytes:
    """Write a book as one JSON object, amounts as decimal texts."""
    return msgspec.json.encode(book)
