from dataclasses import replace
from datetime import timedelta

from service.domain.quarantine import (
    QUARANTINE_KEPT_FOR,
    QUARANTINED_PER_PROVIDER,
    QuarantineState,
    Review,
    kept_entries,
)
from tests.builders import NOW, a_quarantined

SECOND = timedelta(seconds=1)


def test_what_was_not_seen_for_thirty_days_is_dropped() -> None:
    entry = a_quarantined()

    assert kept_entries([entry], now=NOW + QUARANTINE_KEPT_FOR) == (entry,)
    assert kept_entries([entry], now=NOW + QUARANTINE_KEPT_FOR + SECOND) == ()


def test_of_too_many_the_cleared_go_first_and_then_the_longest_unseen() -> None:
    waiting = [
        a_quarantined(f"{number:04}-a", last_seen_time=NOW + number * SECOND)
        for number in range(QUARANTINED_PER_PROVIDER + 1)
    ]
    cleared = a_quarantined(
        "9999-a", state=QuarantineState.CLEARED, last_seen_time=NOW + 900 * SECOND
    )
    kept = kept_entries([*waiting, cleared], now=NOW + 1000 * SECOND)

    assert len(kept) == QUARANTINED_PER_PROVIDER
    assert [entry.quarantine_id for entry in kept] == [
        f"{number:04}-a" for number in range(QUARANTINED_PER_PROVIDER, 0, -1)
    ]


def test_of_too_many_in_one_run_a_decision_outlasts_what_waits() -> None:
    decided = a_quarantined("0000-a", state=QuarantineState.ACCEPTED, review_time=NOW)
    waiting = [a_quarantined(f"{n:04}-a") for n in range(1, QUARANTINED_PER_PROVIDER + 1)]

    assert decided in kept_entries([*waiting, decided], now=NOW)


def test_a_decision_without_its_time_is_no_review() -> None:
    assert a_quarantined(state=QuarantineState.ACCEPTED, review_time=NOW).review
    assert a_quarantined(state=QuarantineState.ACCEPTED, review_time=None).review is None


def test_a_review_changes_nothing_but_the_decision() -> None:
    entry = a_quarantined()
    review = Review(
        state=QuarantineState.REJECTED, reviewer="dana", note="a typo of theirs", review_time=NOW
    )
    reviewed = entry.reviewed(review)

    assert (reviewed.state, reviewed.reviewer) == (QuarantineState.REJECTED, "dana")
    assert (
        replace(
            reviewed, state=QuarantineState.WAITING, reviewer="", review_note="", review_time=None
        )
        == entry
    )


def test_an_entry_without_offer_is_a_run() -> None:
    assert a_quarantined(offer_id="").is_run
    assert not a_quarantined().is_run
