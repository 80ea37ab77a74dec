"""Parses pages for a collector, one task after the other, until its pipe ends.

`python -m scrapers.parse_worker` is started by `scrapers.parsing`, and by nobody else. The kernel
ends it when a task takes more processor time or memory than a page can need, and then the
collector starts a new one.
"""

import resource
import sys
from math import ceil
from typing import BinaryIO, cast

from scrapers.errors import CollectError
from scrapers.parsing import Done, InProcess, ParserFailed, Task, read_frame, write_frame
from scrapers.registry import load_providers

MAX_ADDRESS_SPACE_BYTES = 2 << 30
"""Virtual memory, which is several times what is resident."""


def main(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Answer tasks until there are none."""
    resource.setrlimit(
        resource.RLIMIT_AS, (MAX_ADDRESS_SPACE_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1])
    )
    while True:
        try:
            task = cast("Task", read_frame(tasks))
        except EOFError:
            return
        _limit_processor_time(task.seconds)
        write_frame(answers, _done(task))


def _done(task: Task) -> Done:
    provider = load_providers()[task.provider]
    parsing = InProcess()
    try:
        if task.kinds:
            return Done(result=parsing.parse(provider, task.kinds, task.pages))
        return Done(result=parsing.follow(provider, task.pages[0][0]))
    except CollectError as error:
        return Done(error=error)
    except Exception as error:  # noqa: BLE001 - told to the collector, which logs it
        # Not the exception itself: it may not be made to travel.
        return Done(error=ParserFailed(f"{type(error).__name__}: {error}"))


def _limit_processor_time(seconds: float) -> None:
    """Let this task take as long as it may, on top of what the ones before took."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    limit = ceil(spent.ru_utime + spent.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
