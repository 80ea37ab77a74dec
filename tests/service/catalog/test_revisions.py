"""Revisions that were answered from are found again."""

from datetime import timedelta

import pytest

from service.catalog.revisions import Revisions
from service.domain.errors import Precondition, Reason
from tests.builders import an_offer
from tests.fakes import FakeClock, a_catalog

OLD = a_catalog(an_offer(price="2.49"), snapshot_id="s1")
NEW = a_catalog(an_offer(price="2.59"), snapshot_id="s2")
NEWER = a_catalog(an_offer(price="2.69"), snapshot_id="s3")


def test_without_a_revision_the_current_snapshot_is_meant() -> None:
    revisions = Revisions(FakeClock())
    assert revisions.find("", NEW) is NEW
    assert revisions.find(NEW.revision, NEW) is NEW


def test_a_pinned_snapshot_is_found_when_there_is_a_newer_one() -> None:
    revisions = Revisions(FakeClock())
    revisions.pin(OLD)
    assert revisions.find(OLD.revision, NEW) is OLD


def test_a_revision_that_was_never_answered_from_is_refused() -> None:
    with pytest.raises(Precondition) as caught:
        Revisions(FakeClock()).find(OLD.revision, NEW)
    assert caught.value.reason is Reason.REVISION_NOT_KEPT
    assert caught.value.metadata == {"catalog_revision": OLD.revision, "current": NEW.revision}


def test_a_day_after_the_last_answer_it_is_gone() -> None:
    clock = FakeClock()
    revisions = Revisions(clock)
    revisions.pin(OLD)
    clock.advance(timedelta(hours=23))
    revisions.pin(OLD)
    clock.advance(timedelta(hours=24))
    assert revisions.find(OLD.revision, NEW) is OLD
    clock.advance(timedelta(seconds=1))
    with pytest.raises(Precondition):
        revisions.find(OLD.revision, NEW)


def test_beyond_the_bound_the_oldest_are_dropped_and_the_newest_stays() -> None:
    revisions = Revisions(FakeClock(), most_rows=2)
    for snapshot in (OLD, NEW, OLD, NEWER):
        revisions.pin(snapshot)
    assert revisions.find(OLD.revision, NEWER) is OLD
    with pytest.raises(Precondition):
        revisions.find(NEW.revision, NEWER)
    small = Revisions(FakeClock(), most_rows=0)
    small.pin(OLD)
    assert small.find(OLD.revision, NEW) is OLD


def test_snapshots_of_the_same_offers_count_once() -> None:
    other = OLD.renewed(statuses={}, now=FakeClock().now, is_store_lost=False)
    revisions = Revisions(FakeClock(), most_rows=1)
    revisions.pin(OLD)
    revisions.pin(other)
    assert revisions.find(OLD.revision, NEW) is OLD
