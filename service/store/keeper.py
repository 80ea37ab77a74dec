"""Starts the embedded server again when it ends without being told to."""

import logging
import threading
import time
from collections.abc import Callable

from service.store.server_process import ServerFailed, ServerProcess

LOOK_EVERY_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
# A server that has run so long has recovered from whatever ended the one before.
STEADY_AFTER_SECONDS = 60.0

log = logging.getLogger(__name__)


class ServerKeeper:
    """Watches a running server from a thread of its own, until `stop`.

    `start_again` gives a server that answers, None while another process has its folder; it may
    raise ServerFailed and OSError, after which it is asked again, after ever longer pauses.
    """

    def __init__(
        self, process: ServerProcess, start_again: Callable[[], ServerProcess | None]
    ) -> None:
        self._process = process
        self._start_again = start_again
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="valkey-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the server, which is then not started again."""
        self._stopping.set()
        self._thread.join()
        self._process.stop()

    def _watch(self) -> None:
        pause, started = FIRST_PAUSE_SECONDS, time.monotonic()
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            if not self._process.has_ended():
                continue
            if time.monotonic() - started > STEADY_AFTER_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.error("embedded store ended", extra={"last_words": self._process.last_words()})
            while not self._stopping.wait(pause):
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                if self._revive():
                    started = time.monotonic()
                    break

    def _revive(self) -> bool:
        try:
            process = self._start_again()
        except (ServerFailed, OSError) as error:
            log.error(  # noqa: TRY400 - the cause is in the message; a traceback adds nothing
                "embedded store not started again", extra={"cause": str(error)}
            )
            return False
        if process is None:
            return False
        self._process = process
        log.warning("embedded store started again", extra={"pid": process.pid})
        return True
