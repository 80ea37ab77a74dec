import json
import logging

from service.logs import JsonFormatter


def formatted(message: str, **extra: object) -> str:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO", "name": "x", **extra})
    return JsonFormatter().format(record)


def test_a_line_is_one_json_object_with_the_extra_fields() -> None:
    line = json.loads(formatted("collected", provider="lambda", offers=38))
    assert line["event"] == "collected"
    assert (line["provider"], line["offers"]) == ("lambda", 38)
    assert line["ts"].endswith("+00:00")


def test_control_characters_stay_escaped() -> None:
    text = formatted("bad\nline \x1b[31m", url="a\r\nb")
    assert "\n" not in text
    assert "\x1b" not in text


def test_a_line_never_grows_past_its_limit() -> None:
    text = formatted("x" * 20_000, body="y" * 50_000)
    assert len(text) <= 8_192
    assert json.loads(text)["event"].startswith("xxx")
