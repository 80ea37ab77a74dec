from datetime import timedelta

import pytest

from service.domain.quote import QuoteHead, purge_time_of, quote_id_at, words_of
from tests.builders import NOW

MILLISECOND = timedelta(milliseconds=1)


def a_head(**overrides: object) -> QuoteHead:
    values: dict[str, object] = {
        "quote_id": "q1",
        "title": "Llama fine-tune, March",
        "create_time": NOW,
        "expire_time": NOW + timedelta(days=7),
        "listed": b"",
    }
    return QuoteHead(**(values | overrides))  # type: ignore[arg-type]


def test_ids_sort_by_time_to_the_millisecond() -> None:
    moments = (NOW, NOW + MILLISECOND, NOW + timedelta(days=20_000))
    ids = [
        quote_id_at(moment, entropy=entropy)
        for moment, entropy in zip(moments, ("ff", "80", "00"), strict=True)
    ]
    assert ids == sorted(ids)
    assert quote_id_at(NOW, entropy="a") != quote_id_at(NOW, entropy="b")


def test_a_quote_has_expired_from_the_very_moment_on() -> None:
    head = a_head()
    assert not head.is_expired(head.expire_time - MILLISECOND)
    assert head.is_expired(head.expire_time)


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("llama", True),
        ("MARCH Llama", True),
        ("fine-tune", True),
        ("march, tune!", True),
        ("", True),
        ("llam", False),
        ("llama april", False),
    ],
)
def test_each_word_has_to_be_in_the_title(query: str, *, is_there: bool) -> None:
    assert a_head().has_words(words_of(query)) is is_there


def test_case_is_folded_beyond_ascii() -> None:
    assert a_head(title="GROẞE Straße").has_words(words_of("grosse strasse"))


def test_no_quote_is_forgotten_before_it_expires() -> None:
    expire_time = NOW + timedelta(days=7)
    for kept_for, purge_time in (
        (timedelta(days=2557), NOW + timedelta(days=2557)),
        (timedelta(days=1), expire_time),
    ):
        found = purge_time_of(create_time=NOW, expire_time=expire_time, kept_for=kept_for)
        assert found == purge_time
