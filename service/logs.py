"""Logging: one JSON object a line on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime

_PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_MAX_LINE_CHARACTERS = 8_192


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, event and every `extra` field; control characters escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of at most 8 KiB."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= {name: value for name, value in record.__dict__.items() if name not in _PLAIN}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-4_096:]
        text = json.dumps(line, default=str)
        if len(text) <= _MAX_LINE_CHARACTERS:
            return text
        return json.dumps({key: str(value)[:500] for key, value in line.items()})


def set_up(level: str) -> None:
    """Send the log of this process to standard error from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
