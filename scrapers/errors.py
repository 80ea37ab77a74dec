"""Why a collection failed; `retry` tells the scheduler what to do, no one inspects messages."""

from enum import StrEnum


class Retry(StrEnum):
    """What the scheduler should do after a failed run."""

    SOON = "soon"
    NEXT_TIME = "next_time"


class CollectError(Exception):
    """A run, or one part of it, failed. `reason` is stable and shown in GetProvider."""

    reason = "COLLECT_FAILED"
    retry = Retry.NEXT_TIME


class Unreachable(CollectError):
    """No answer in time, or the server said it is unable to give one."""

    reason = "UNREACHABLE"
    retry = Retry.SOON


class Blocked(CollectError):
    """The server or its robots.txt does not want us; never worked around."""

    reason = "BLOCKED"


class SignedOut(Blocked):
    """The server does not know the key or the token, or none was sent."""


class UnsafeResponse(CollectError):
    """The answer broke a limit: size, ratio, redirect, address, encoding."""

    reason = "UNSAFE_RESPONSE"


class PageChanged(CollectError):
    """The page is not built as its reader expects; the message names what is missing."""

    reason = "PAGE_CHANGED"


class NothingFound(CollectError):
    """The run read no offers at all: never an empty catalogue."""

    reason = "NOTHING_FOUND"


class NotBelievable(CollectError):
    """The gate does not believe the run."""

    reason = "NOT_BELIEVABLE"


class NotRecorded(CollectError):
    """Replay has no entry for this request."""

    reason = "NOT_RECORDED"
