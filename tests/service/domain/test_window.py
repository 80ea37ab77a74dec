from datetime import timedelta

import pytest

from service.domain.window import DAY, BadWindow, window_from_text


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1h", timedelta(hours=1)),
        ("36h", timedelta(hours=36)),
        ("30d", timedelta(days=30)),
        ("400d", timedelta(days=400)),
        ("9600h", timedelta(days=400)),
    ],
)
def test_a_window_is_hours_or_days(text: str, length: timedelta) -> None:
    assert window_from_text(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0d",
        "-1d",
        "999d",
        "401d",
        "9601h",
        "1x",
        "1",
        "d",
        "1.5d",
        " 7d",
        "7 d",
        "7D",
        "\u0667d",
        "1w",
    ],
)
def test_what_is_no_window_is_refused_with_what_would_be(text: str) -> None:
    with pytest.raises(BadWindow, match="1h to 400d"):
        window_from_text(text)


@pytest.mark.parametrize("text", ["1h", "36h", "0d"])
def test_a_window_of_days_takes_whole_days(text: str) -> None:
    with pytest.raises(BadWindow, match="1d to 400d"):
        window_from_text(text, step=DAY)
    assert window_from_text("48h", step=DAY) == timedelta(days=2)
