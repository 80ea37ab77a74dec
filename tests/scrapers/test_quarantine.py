"""The quarantine from run to run."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from scrapers.provider import RawOffer
from scrapers.quarantine import Sighting, quarantine_after, row_text
from scrapers.verdict import HeldRow, HeldRun, Verdict
from service.domain.quarantine import QuarantinedOffer, QuarantineState
from tests.builders import NOW, a_quarantined, an_offer

HOUR = timedelta(hours=1)
OFFER = an_offer(price="9.99")
ROW = RawOffer(sku="h100-sxm-1x", gpu="H100", price="$9.99")
WAITING, CLEARED = QuarantineState.WAITING, QuarantineState.CLEARED


def a_verdict(*held: HeldRow, run: HeldRun | None = None, **overrides: object) -> Verdict:
    values: dict[str, object] = {
        "offers": (),
        "accepted_count": 0,
        "rejects": (),
        "held_by": run,
        "detail": "",
        "row_count": 10,
        "held_rows": held,
    }
    return Verdict(**(values | overrides))  # type: ignore[arg-type]


def a_held_row(price: str = "9.99") -> HeldRow:
    return HeldRow(
        offer=OFFER,
        last=an_offer(),
        rule="R2",
        reason="PRICE_JUMP",
        evidence="it jumped",
        observed=Decimal(price),
        ratio=Decimal(price) / Decimal("2.49"),
    )


def a_held_run(rule: str = "R6", factor: str | None = "0.86") -> HeldRun:
    return HeldRun(
        rule=rule, reason="X", evidence="all moved", factor=Decimal(factor) if factor else None
    )


def a_sighting(*, hours: int = 0, is_whole: bool = True, seen: bool = True) -> Sighting:
    return Sighting(
        provider="nimbus",
        rows={OFFER.offer_id: ROW} if seen else {},
        is_whole=is_whole,
        page_digest="d1",
        now=NOW + hours * HOUR,
    )


def after(
    before: tuple[QuarantinedOffer, ...], verdict: Verdict, sighting: Sighting
) -> tuple[QuarantinedOffer, ...]:
    return quarantine_after(before, verdict=verdict, sighting=sighting)


def test_a_held_row_is_kept_with_its_evidence() -> None:
    (entry,) = after((), a_verdict(a_held_row()), a_sighting())

    assert (entry.provider, entry.offer_id, entry.rule) == ("nimbus", OFFER.offer_id, "R2")
    assert (entry.observed, entry.last_accepted) == (Decimal("9.99"), Decimal("2.49"))
    assert entry.raw_text == '{"sku": "h100-sxm-1x", "gpu": "H100", "price": "$9.99"}'
    assert (entry.page_digest, entry.source_uri) == ("d1", OFFER.source_uri)
    assert (entry.state, entry.times_seen, entry.first_seen_time) == (WAITING, 1, NOW)


@pytest.mark.parametrize(("price", "times"), [("9.99", 2), ("10.03", 2), ("10.05", 1)])
def test_the_same_value_again_is_counted_and_another_is_a_new_case(price: str, times: int) -> None:
    first = after((), a_verdict(a_held_row()), a_sighting())
    second = after(first, a_verdict(a_held_row(price)), a_sighting(hours=1))

    assert second[0].times_seen == times
    assert [entry.state for entry in second] == ([WAITING] if times == 2 else [WAITING, CLEARED])
    assert second[0].last_seen_time == NOW + HOUR


@pytest.mark.parametrize(
    ("is_whole", "seen", "state"),
    [
        (True, True, CLEARED),
        (True, False, CLEARED),
        (False, True, CLEARED),
        (False, False, WAITING),
    ],
)
def test_what_is_confirmed_or_no_longer_seen_clears_unless_its_part_is_missing(
    state: QuarantineState, *, is_whole: bool, seen: bool
) -> None:
    first = after((), a_verdict(a_held_row()), a_sighting())
    (entry,) = after(first, a_verdict(), a_sighting(hours=1, is_whole=is_whole, seen=seen))

    assert entry.state is state
    assert entry.review_time == (NOW + HOUR if state is CLEARED else None)


def test_a_held_run_leaves_single_rows_as_they_are() -> None:
    first = after((), a_verdict(a_held_row()), a_sighting())
    run, row = after(first, a_verdict(run=a_held_run()), a_sighting(hours=1))

    assert row == first[0]
    assert (run.offer_id, run.rule, run.ratio) == ("", "R6", Decimal("0.86"))


@pytest.mark.parametrize(
    ("rule", "factor", "times"),
    [("R6", "0.86", 2), ("R6", "0.863", 2), ("R6", "0.9", 1), ("R8", None, 1)],
)
def test_a_run_held_for_the_same_is_the_same_case(
    rule: str, factor: str | None, times: int
) -> None:
    first = after((), a_verdict(run=a_held_run()), a_sighting())
    second = after(first, a_verdict(run=a_held_run(rule, factor)), a_sighting(hours=1))

    assert second[0].times_seen == times
    assert len(second) == 3 - times


def test_a_run_that_is_believed_again_clears_the_held_one() -> None:
    first = after((), a_verdict(run=a_held_run()), a_sighting())

    assert after(first, a_verdict(), a_sighting(hours=1))[0].state is CLEARED


@pytest.mark.parametrize("state", [QuarantineState.ACCEPTED, QuarantineState.REJECTED])
def test_a_decision_stands_whether_its_value_is_seen_or_not(state: QuarantineState) -> None:
    decided = a_quarantined(state=state, review_time=NOW)
    unseen = after((decided,), a_verdict(), a_sighting(hours=1))
    used = after((decided,), a_verdict(reviewed_ids=frozenset({"0001-a"})), a_sighting(hours=1))

    assert unseen == (decided,)
    assert used == (replace(decided, last_seen_time=NOW + HOUR),)


def test_a_refused_value_that_is_seen_again_is_the_same_case() -> None:
    refused = a_quarantined(state=QuarantineState.REJECTED, review_time=NOW)
    again = after((refused,), a_verdict(a_held_row()), a_sighting(hours=1))

    assert [(e.state, e.times_seen) for e in again] == [(QuarantineState.REJECTED, 2)]


@pytest.mark.parametrize("state", [CLEARED, QuarantineState.ACCEPTED])
def test_what_is_held_after_it_cleared_or_was_accepted_is_a_new_case(
    state: QuarantineState,
) -> None:
    settled = a_quarantined(state=state, review_time=NOW)
    entries = after((settled,), a_verdict(a_held_row()), a_sighting(hours=1))

    assert [entry.state for entry in entries] == [WAITING, state]


def test_a_row_is_escaped_and_cut_at_four_kilobytes() -> None:
    row = replace(ROW, sku="\x1b[31m\u202eé", stock="é" * 5000)
    text = row_text(row)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\u202e" in text
    assert 4090 < len(text.encode()) <= 4096
