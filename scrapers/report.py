"""What the commands print: tables for people, JSON for programs, progress on standard error.

Scraped text is printed without control characters and never read as markup. Without a terminal
nothing moves, nothing is coloured and no table is cut to 80 columns.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import TracebackType
from typing import Any, Self, TextIO

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from scrapers.provider import Provider
from scrapers.reading import Step
from scrapers.selection import Choice
from service.domain.money import count_text, text_from_decimal
from service.domain.offer import AvailabilityState, Offer, freshness_at
from service.domain.provider import ProviderSnapshot, ProviderState, RejectCount
from service.domain.run import CollectionRun

_WIDTH_WITHOUT_TERMINAL = 200
_SECONDS_PER_MINUTE = 60
_KIB = 1024

# The one column of offers that may be folded, and those that a narrow terminal does without.
_FOLDED = "instance"
_LESS_NEEDED = ("freshness", "listed", ">$/h", _FOLDED)
_ANY_WIDTH = 1_000

_MONEY_FIELDS = frozenset({"amount", "price_per_hour", "price_per_gpu_hour"})

_COLOURS = {
    ProviderState.OK: "green",
    ProviderState.PARTIAL: "yellow",
    ProviderState.HELD: "yellow",
    ProviderState.FAILED: "red",
}


class ShownProgress:
    """A bar for each provider on a terminal; elsewhere one line when a provider is done."""

    def __init__(self, providers: Sequence[Provider], *, stream: TextIO | None = None) -> None:
        self._console = console_for(stream or sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {
            provider.id: self._progress.add_task(
                provider.id, total=len(provider.all_parts()), note=""
            )
            for provider in providers
        }

    def on_step(self, step: Step) -> None:
        """Show how far a provider is."""
        note = f"{step.page_count} pages, {bytes_text(step.byte_count)}"
        self._progress.update(
            self._tasks[step.provider],
            completed=step.parts_done,
            total=step.part_count,
            note=note,
        )

    def on_wait(self) -> None:
        """Say why nothing happens: a collector leads, or was killed and has yet to be replaced."""
        self._console.print(plain("waiting for the collector that leads, or for its lease to end"))

    def on_end(self, run: CollectionRun) -> None:
        """Show how a provider ended."""
        state = run.provider_state
        line = f"{state.value}, {run.offer_count} offers"
        if self._console.is_terminal:
            self._progress.update(self._tasks[run.provider], completed=1, total=1, note=line)
        else:
            self._console.print(plain(f"{run.provider}: {line}"))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()


class _Console(Console):
    """Rich ends the program with 1 when nobody reads on; 1 has a meaning of its own here."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def console_for(stream: TextIO) -> Console:
    """Make a console that neither colours nor cuts where no terminal is.

    Printing to it raises BrokenPipeError when nobody reads on.
    """
    if stream.isatty():
        return _Console(file=stream, highlight=False)
    return _Console(
        file=stream, highlight=False, width=_WIDTH_WITHOUT_TERMINAL, force_terminal=False
    )


def print_runs(runs: Mapping[str, CollectionRun], off: Sequence[Choice], *, stream: TextIO) -> None:
    """Print the result table, failures with their reasons below it."""
    console = console_for(stream)
    table = _table("provider", "state", ">offers", "rejects", ">bytes", ">seconds")
    for provider, run in sorted(runs.items()):
        state = run.provider_state
        table.add_row(
            provider,
            Text(state.value, style=_COLOURS.get(state, "")),
            str(run.offer_count),
            plain(rejects_text(run.rejects)),
            bytes_text(run.body_byte_count),
            seconds_text(run),
        )
    for choice in off:
        table.add_row(choice.provider.id, Text(choice.state.value, style="dim"), "", "", "", "")
    console.print(table)
    for provider, run in sorted(runs.items()):
        why = ": ".join(filter(None, (provider, run.reason, run.detail)))
        if why != provider:
            console.print(plain(why), soft_wrap=True)
    for choice in off:
        console.print(plain(f"{choice.provider.id}: {choice.detail}"), soft_wrap=True)


def print_offers(snapshot: ProviderSnapshot, *, now: datetime, stream: TextIO) -> None:
    """Print the listed offers of a provider, the cheapest GPU-hour of each model first."""
    console = console_for(stream)
    offers = [offer for offer in snapshot.offers if offer.is_listed]
    offers.sort(key=lambda o: (o.gpu_model, o.price_per_gpu_hour, o.offer_id))
    rows = [_offer_row(offer, interval=snapshot.interval, now=now) for offer in offers]
    if rows:
        console.print(_fitting_table(rows, console=console))
    replayed = ", replayed" if snapshot.replayed else ""
    console.print(
        plain(
            f"{len(offers)} offers of {snapshot.provider}, published "
            f"{snapshot.publish_time:%Y-%m-%d %H:%M:%S} UTC{replayed}"
        )
    )
    if any(offer.unverified for offer in offers):
        console.print(
            "unverified: its reader follows a description, and was not held to a real page"
        )


def runs_json(runs: Mapping[str, CollectionRun], off: Sequence[Choice]) -> bytes:
    """Write runs as one JSON object; times are UTC, `seconds` is the time a run took."""
    value = {
        "runs": [
            _json_fields(run) | {"providerState": run.provider_state.value, "seconds": took(run)}
            for _, run in sorted(runs.items())
        ],
        "notAsked": [
            {
                "provider": choice.provider.id,
                "providerState": choice.state.value,
                "detail": choice.detail,
            }
            for choice in off
        ],
    }
    return msgspec.json.encode(value)


def offers_json(snapshot: ProviderSnapshot, *, now: datetime) -> bytes:
    """Write the listed offers of a provider as one JSON object, empty fields left out.

    Prices are US dollars as decimal strings.
    """
    value = {
        "provider": snapshot.provider,
        "snapshotId": snapshot.snapshot_id,
        "publishTime": snapshot.publish_time,
        "replayed": snapshot.replayed,
        "offers": [
            _json_fields(offer)
            | {"freshness": freshness_at(offer, interval=snapshot.interval, now=now).value}
            for offer in snapshot.offers
            if offer.is_listed
        ],
    }
    return msgspec.json.encode(value)


def took(run: CollectionRun) -> float:
    """Return the seconds that a run took; 0 for one that never started."""
    if not run.start_time or not run.end_time:
        return 0.0
    return round(max((run.end_time - run.start_time).total_seconds(), 0.0), 3)


def rejects_text(rejects: Sequence[RejectCount]) -> str:
    """Write rejects as "UNKNOWN_GPU 3, NO_PRICE 1"."""
    return ", ".join(f"{reject.reason} {reject.row_count}" for reject in rejects)


def bytes_text(count: int) -> str:
    """Write a size for people: "812 B", "1.2 MiB"."""
    if count < _KIB:
        return f"{count} B"
    kib = count / _KIB
    return f"{kib:.1f} KiB" if kib < _KIB else f"{kib / _KIB:.1f} MiB"


def seconds_text(run: CollectionRun) -> str:
    """Write how long a run took."""
    return f"{took(run):.1f}"


def age_text(offer: Offer, *, now: datetime) -> str:
    """Write how long ago an offer was seen: "4 min", "3 h", "12 d"."""
    minutes = max(int((now - offer.observe_time).total_seconds()), 0) // _SECONDS_PER_MINUTE
    if minutes < _SECONDS_PER_MINUTE:
        return f"{minutes} min"
    hours = minutes // _SECONDS_PER_MINUTE
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"  # noqa: PLR2004 - two days


def plain(text: str) -> Text:
    """Make text from outside fit for a terminal: no control characters, no markup."""
    return Text("".join(c if c.isprintable() else " " for c in text))


def _offer_row(offer: Offer, *, interval: timedelta, now: datetime) -> Mapping[str, Text]:
    """Give the cells of an offer by column; a leading ">" puts a column to the right."""
    stock = offer.availability.state
    cells = {
        "gpu": offer.gpu_model,
        ">count": count_text(offer.gpu_count),
        "purchase": offer.purchase_model.value,
        "region": offer.region_code,
        _FOLDED: offer.instance_type or offer.sku,
        ">$/gpu/h": text_from_decimal(offer.price_per_gpu_hour),
        ">$/h": text_from_decimal(offer.price_per_hour),
        "listed": f"{offer.listed.text} {offer.listed.amount.currency_code}",
        "stock": "" if stock is AvailabilityState.NOT_STATED else stock.value,
        "freshness": freshness_at(offer, interval=interval, now=now).value,
        ">age": age_text(offer, now=now),
    }
    return {column: plain(text) for column, text in cells.items()}


def _fitting_table(rows: Sequence[Mapping[str, Text]], *, console: Console) -> Table:
    """Make a table without empty columns and, on a narrow terminal, without the less needed."""
    shown = [column for column in rows[0] if any(row[column] for row in rows)]
    table = _offer_table(rows, shown)
    for left_out in _LESS_NEEDED:
        needed = console.measure(table, options=console.options.update(max_width=_ANY_WIDTH))
        if needed.minimum <= console.width:
            break
        shown = [column for column in shown if column != left_out]
        table = _offer_table(rows, shown)
    return table


def _offer_table(rows: Sequence[Mapping[str, Text]], shown: Sequence[str]) -> Table:
    table = _table(*shown, folded=_FOLDED)
    for row in rows:
        table.add_row(*(row[column] for column in shown))
    return table


def _table(*columns: str, folded: str = "") -> Table:
    """Make a table; a leading ">" puts a column to the right.

    Only `folded` may become narrower than its longest text, or every column when it is empty.
    """
    table = Table(box=SIMPLE, pad_edge=False, show_edge=False, collapse_padding=True)
    for column in columns:
        name = column.removeprefix(">")
        right = column.startswith(">")
        table.add_column(
            name,
            justify="right" if right else "left",
            overflow="fold",
            no_wrap=bool(folded) and column != folded,
        )
    return table


def _json_fields(value: Any) -> dict[str, Any]:
    """Give the fields that say something, with lowerCamel names."""
    return {
        _camel(field.name): _json_value(field.name, getattr(value, field.name))
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }


def _json_value(name: str, value: Any) -> Any:
    if is_dataclass(value):
        return _json_fields(value)
    if type(value) in {tuple, list}:
        return [_json_value(name, item) for item in value]
    if isinstance(value, Decimal):
        return text_from_decimal(value) if name in _MONEY_FIELDS else count_text(value)
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
