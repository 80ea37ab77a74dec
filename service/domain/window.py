"""The window of a summary: "12h", "30d"."""

import re
from datetime import timedelta

LONGEST = timedelta(days=400)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

_WINDOW = re.compile(r"([1-9][0-9]{0,4})([hd])", re.ASCII)
_UNITS = {"h": HOUR, "d": DAY}


class BadWindow(ValueError):
    """The text is not a window; the message says what would be."""


def window_from_text(text: str, *, step: timedelta = HOUR) -> timedelta:
    """Read a whole number of hours or days, from one `step` (an hour or a day) up to 400 days.

    Raises BadWindow, also for what is not a whole number of steps.
    """
    found = _WINDOW.fullmatch(text)
    window = int(found[1]) * _UNITS[found[2]] if found else timedelta(0)
    if not window or window > LONGEST or window % step:
        least, example = ("1d", '"7d"') if step == DAY else ("1h", '"12h" or "7d"')
        raise BadWindow(f"a window is {least} to {LONGEST.days}d, such as {example}")
    return window
