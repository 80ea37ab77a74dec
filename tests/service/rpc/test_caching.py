"""The metadata of cacheable answers."""

from datetime import timedelta

import pytest

from service.domain.provider import ProviderState
from service.rpc.caching import CacheHints
from tests.builders import NOW, a_status, an_offer
from tests.fakes import FakeClock, a_catalog

LAMBDA = an_offer(offer_id="lambda-1", provider="lambda")
NIMBUS = an_offer(offer_id="nimbus-1", provider="nimbus")


@pytest.mark.parametrize(
    ("seconds", "max_age"), [(-60, "5"), (3, "5"), (42, "42"), (299, "299"), (4000, "300")]
)
def test_an_answer_holds_until_the_next_planned_collection(seconds: int, max_age: str) -> None:
    status = a_status("nimbus", next_attempt_time=NOW + timedelta(seconds=seconds))
    snapshot = a_catalog(NIMBUS, statuses=[status])
    assert CacheHints(FakeClock()).of_prices(snapshot, None)["gpuquote-max-age"] == max_age


def test_only_the_providers_in_question_count() -> None:
    statuses = [
        a_status("lambda", next_attempt_time=NOW + timedelta(seconds=10)),
        a_status("nimbus", next_attempt_time=NOW + timedelta(seconds=100)),
    ]
    snapshot = a_catalog(LAMBDA, NIMBUS, statuses=statuses)
    hints = CacheHints(FakeClock())
    one = hints.of_prices(snapshot, frozenset({"nimbus"}))
    both = hints.of_prices(snapshot, None)
    assert (one["gpuquote-max-age"], both["gpuquote-max-age"]) == ("100", "10")
    assert one["gpuquote-content-revision"] != both["gpuquote-content-revision"]
    assert one["gpuquote-revision"] == both["gpuquote-revision"] == snapshot.revision


def test_the_time_left_shrinks_while_the_snapshot_stays() -> None:
    clock = FakeClock()
    status = a_status("nimbus", next_attempt_time=NOW + timedelta(seconds=100))
    snapshot = a_catalog(NIMBUS, statuses=[status])
    hints = CacheHints(clock)
    assert hints.of_prices(snapshot, None)["gpuquote-max-age"] == "100"
    clock.advance(timedelta(seconds=30))
    assert hints.of_prices(snapshot, None)["gpuquote-max-age"] == "70"


def test_last_modified_is_when_the_prices_last_changed() -> None:
    changed = NOW - timedelta(days=2)
    offer = an_offer(price_change_time=changed, first_seen_time=changed)
    metadata = CacheHints(FakeClock()).of_prices(a_catalog(offer), None)
    assert metadata["gpuquote-last-modified"] == str(int(changed.timestamp()))


def test_an_empty_catalogue_was_never_modified() -> None:
    assert "gpuquote-last-modified" not in CacheHints(FakeClock()).of_prices(a_catalog(), None)


def test_a_new_snapshot_is_described_anew() -> None:
    hints = CacheHints(FakeClock())
    before = hints.of_prices(a_catalog(NIMBUS), None)
    after = hints.of_prices(a_catalog(NIMBUS, LAMBDA), None)
    assert before["gpuquote-content-revision"] != after["gpuquote-content-revision"]


def test_degraded_prices_are_another_content() -> None:
    hints = CacheHints(FakeClock())
    well = hints.of_prices(a_catalog(NIMBUS), None)
    lost = hints.of_prices(a_catalog(NIMBUS, is_store_lost=True), None)
    assert well["gpuquote-content-revision"] != lost["gpuquote-content-revision"]


def test_a_changed_state_is_another_content_for_answers_that_show_states() -> None:
    hints = CacheHints(FakeClock())
    good = a_catalog(NIMBUS, statuses=[a_status("nimbus")])
    bad = a_catalog(NIMBUS, statuses=[a_status("nimbus", state=ProviderState.FAILED)])
    key = "gpuquote-content-revision"
    assert hints.of_prices(good, None)[key] == hints.of_prices(bad, None)[key]
    assert hints.of_statuses(good, None)[key] != hints.of_statuses(bad, None)[key]


def test_a_state_of_another_provider_leaves_the_answer_of_one_alone() -> None:
    hints = CacheHints(FakeClock())
    before = a_catalog(NIMBUS, LAMBDA, statuses=[a_status("nimbus"), a_status("lambda")])
    failed = a_status("lambda", state=ProviderState.FAILED)
    after = a_catalog(NIMBUS, LAMBDA, statuses=[a_status("nimbus"), failed])
    key, one = "gpuquote-content-revision", frozenset({"nimbus"})
    assert before.revision != after.revision
    assert hints.of_statuses(before, one)[key] == hints.of_statuses(after, one)[key]
    assert hints.of_statuses(before, None)[key] != hints.of_statuses(after, None)[key]


def test_a_number_of_offers_that_changed_is_another_content_for_answers_that_show_states() -> None:
    hints = CacheHints(FakeClock())
    before = a_catalog(NIMBUS, statuses=[a_status("nimbus")])
    second = an_offer(offer_id="nimbus-2", provider="nimbus")
    after = a_catalog(NIMBUS, second, statuses=[a_status("nimbus")])
    key = "gpuquote-content-revision"
    assert hints.of_statuses(before, None)[key] != hints.of_statuses(after, None)[key]
