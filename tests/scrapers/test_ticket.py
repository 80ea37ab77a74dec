"""Who decides how a run ends."""

import pytest

from scrapers.ticket import Abandoned, Ticket


def test_an_abandoned_run_may_not_commit() -> None:
    ticket = Ticket()
    assert ticket.abandon()
    with pytest.raises(Abandoned):
        ticket.commit()
    with pytest.raises(Abandoned):
        ticket.check()


def test_a_committed_run_cannot_be_abandoned() -> None:
    ticket = Ticket()
    ticket.commit()
    assert not ticket.abandon()
    ticket.commit()
    ticket.check()


def test_abandoning_twice_is_still_abandoned() -> None:
    ticket = Ticket()
    assert ticket.abandon()
    assert ticket.abandon()
