import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scrapers.errors import Blocked, NotRecorded, PageChanged, Unreachable, UnsafeResponse
from scrapers.page import Page
from scrapers.provider import Provider, Request
from scrapers.replay import ReplayBroken, ReplayFetcher

NOW = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)
PROVIDER = Provider(id="nimbus", title="Nimbus", home="https://nimbus.example")
CAPTURES = Path(__file__).parents[3] / "shared" / "captures"


def an_entry(**overrides: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "provider": "nimbus",
        "method": "GET",
        "url": "https://nimbus.example/gpus",
        "status": 200,
        "content_type": "text/html; charset=utf-8",
        "body": "page.html",
        "observe_time": "2026-09-01T02:03:04Z",
        "needs_key": False,
        "note": "typed by hand",
    }
    return values | overrides


def a_recording(folder: Path, *entries: dict[str, Any], body: bytes = b"<p>one</p>") -> Path:
    (folder / "page.html").write_bytes(body)
    (folder / "manifest.json").write_text(json.dumps(entries or [an_entry()]))
    return folder


def opened(folder: Path) -> ReplayFetcher:
    return ReplayFetcher.open(folder, now=lambda: NOW)


def fetched(folder: Path, url: str = "https://nimbus.example/gpus", method: str = "GET") -> Page:
    request = Request(url=url, method=method)
    return opened(folder).fetch(request, provider=PROVIDER, kind="prices", part="all")


def test_a_recorded_page_is_returned_with_its_own_date(tmp_path: Path) -> None:
    page = fetched(a_recording(tmp_path))

    assert page == Page(
        kind="prices",
        part="all",
        url="https://nimbus.example/gpus",
        text="<p>one</p>",
        content_type="text/html; charset=utf-8",
        observe_time=datetime(2026, 9, 1, 2, 3, 4, tzinfo=UTC),
        byte_count=10,
    )


def test_an_entry_without_a_date_is_dated_now(tmp_path: Path) -> None:
    entry = an_entry()
    del entry["observe_time"]

    assert fetched(a_recording(tmp_path, entry)).observe_time == NOW


@pytest.mark.parametrize(
    ("recorded", "query", "asked", "answers"),
    [
        ("https://h.example/a", {}, "https://h.example/a", True),
        ("https://h.example/a", {}, "https://h.example/a?page=2", True),
        ("https://h.example:443/a", {}, "https://h.example/a", True),
        ("https://h.example/a", {}, "https://H.example:443/a", True),
        ("https://h.example/a%20b", {}, "https://h.example/a b", True),
        ("https://h.example/a%28b%29", {}, "https://h.example/a(b)", True),
        ("https://h.example", {}, "https://h.example/", True),
        ("https://h.example:8443/a", {}, "https://h.example/a", False),
        ("https://h.example/a", {}, "https://h.example/a/", False),
        ("https://h.example/a", {}, "https://h.example/A", False),
        ("https://h.example/a", {}, "https://i.example/a", False),
        ("https://h.example/a", {"c": "USD"}, "https://h.example/a?b=1&c=USD", True),
        ("https://h.example/a", {"c": "a b"}, "https://h.example/a?c=a%20b", True),
        ("https://h.example/a", {"c": ""}, "https://h.example/a?c=", True),
        ("https://h.example/a", {"c": "USD"}, "https://h.example/a?c=EUR", False),
        ("https://h.example/a", {"c": "USD"}, "https://h.example/a", False),
        ("https://h.example/a", {"c": "USD"}, "https://h.example/a?c=USD&c=EUR", False),
    ],
)
def test_an_entry_answers_the_same_place_with_the_same_parameters(
    tmp_path: Path, recorded: str, query: dict[str, str], asked: str, *, answers: bool
) -> None:
    replay = opened(a_recording(tmp_path, an_entry(url=recorded, query=query)))

    assert replay.records(Request(url=asked)) is answers


def test_another_method_is_another_request(tmp_path: Path) -> None:
    replay = opened(a_recording(tmp_path, an_entry(method="POST")))

    assert replay.records(Request(url="https://nimbus.example/gpus", method="POST"))
    assert not replay.records(Request(url="https://nimbus.example/gpus"))


def test_the_first_entry_that_matches_wins(tmp_path: Path) -> None:
    (tmp_path / "two.html").write_text("<p>two</p>")
    second_page = an_entry(query={"page": "2"}, body="two.html")
    folder = a_recording(tmp_path, second_page, an_entry(), an_entry(body="two.html"))

    assert fetched(folder, "https://nimbus.example/gpus?page=2").text == "<p>two</p>"
    assert fetched(folder).text == "<p>one</p>"


def test_what_is_not_recorded_is_not_invented(tmp_path: Path) -> None:
    with pytest.raises(NotRecorded, match="nimbus: no recording of GET"):
        fetched(a_recording(tmp_path), "https://nimbus.example/other")


def test_what_is_no_address_is_not_recorded(tmp_path: Path) -> None:
    """A page may name anything as its next one."""
    with pytest.raises(NotRecorded):
        fetched(a_recording(tmp_path), "next?page=2")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, Blocked),
        (429, Blocked),
        (404, PageChanged),
        (503, Unreachable),
        (302, UnsafeResponse),
        (304, UnsafeResponse),
    ],
)
def test_a_recorded_refusal_is_one(tmp_path: Path, status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match=str(status)):
        fetched(a_recording(tmp_path, an_entry(status=status)))


def test_a_recorded_redirect_is_followed_in_the_recording(tmp_path: Path) -> None:
    moved = an_entry(url="https://nimbus.example/old", status=301, headers={"Location": "/gpus"})

    page = fetched(a_recording(tmp_path, moved, an_entry()), "https://nimbus.example/old")
    assert page.url == "https://nimbus.example/gpus"


def test_a_recorded_redirect_in_a_circle_ends(tmp_path: Path) -> None:
    moved = an_entry(status=301, headers={"Location": "/gpus"})

    with pytest.raises(UnsafeResponse, match="redirects"):
        fetched(a_recording(tmp_path, moved))


def test_a_recording_is_held_to_the_rules_of_live_answers(tmp_path: Path) -> None:
    with pytest.raises(UnsafeResponse, match="UTF-16"):
        fetched(a_recording(tmp_path, body="<p>€</p>".encode("utf-16")))


def test_a_recording_over_the_size_limit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsafeResponse, match="larger than 10 MiB"):
        fetched(a_recording(tmp_path, body=b" " * (10 * 1024 * 1024 + 1)))


def test_a_body_that_disappears_later_is_an_error_of_collecting(tmp_path: Path) -> None:
    replay = opened(a_recording(tmp_path))
    (tmp_path / "page.html").unlink()

    with pytest.raises(NotRecorded):
        replay.fetch(
            Request(url="https://nimbus.example/gpus"), provider=PROVIDER, kind="k", part="p"
        )


def test_the_digest_follows_the_manifest(tmp_path: Path) -> None:
    first = opened(a_recording(tmp_path)).manifest_digest

    assert opened(a_recording(tmp_path)).manifest_digest == first
    assert opened(a_recording(tmp_path, an_entry(note="new"))).manifest_digest != first
    assert first.isalnum()


def test_a_missing_folder_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReplayBroken, match=r"replay folder .*/file is not a folder"):
        ReplayFetcher.open(tmp_path / "file", now=lambda: NOW)
    with pytest.raises(ReplayBroken, match=r"replay folder .*/nowhere does not exist"):
        opened(tmp_path / "nowhere")


def test_a_missing_manifest_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReplayBroken, match=r"manifest\.json cannot be read"):
        opened(tmp_path)


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "not json",
        "{}",
        "[]",
        "[1]",
        '[{"url": "https://nimbus.example/"}]',
        json.dumps([an_entry(status="200")]),
        json.dumps([an_entry(status=20)]),
        json.dumps([an_entry(observe_time="yesterday")]),
        json.dumps([an_entry(observe_time="2026-09-01T00:00:00")]),
        json.dumps([an_entry(query={"page": 2})]),
        json.dumps([an_entry(url="nimbus.example/gpus")]),
        json.dumps([an_entry(url="https://nimbus.example:x/")]),
        json.dumps([an_entry(body="absent.html")]),
        json.dumps([an_entry(body="..")]),
        "\udcff",
    ],
)
def test_a_broken_manifest_is_said_in_one_line(tmp_path: Path, manifest: str) -> None:
    a_recording(tmp_path)
    (tmp_path / "manifest.json").write_bytes(manifest.encode(errors="surrogateescape"))

    with pytest.raises(ReplayBroken) as raised:
        opened(tmp_path)
    assert "\n" not in str(raised.value)
    assert "manifest.json" in str(raised.value)


@pytest.mark.parametrize("body", ["../secret.html", "/etc/hostname", "link.html"])
def test_a_body_outside_the_folder_is_refused(tmp_path: Path, body: str) -> None:
    (tmp_path / "secret.html").write_text("secret")
    folder = tmp_path / "recording"
    folder.mkdir()
    (folder / "link.html").symlink_to(tmp_path / "secret.html")

    with pytest.raises(ReplayBroken, match="outside the folder"):
        opened(a_recording(folder, an_entry(body=body)))


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the recordings are not on this machine")
def test_every_entry_of_the_recordings_can_be_read() -> None:
    replay = opened(CAPTURES)
    for entry in json.loads((CAPTURES / "manifest.json").read_text()):
        query = "&".join(f"{name}={text}" for name, text in entry.get("query", {}).items())
        request = Request(url=f"{entry['url']}?{query}", method=entry["method"])
        page = replay.fetch(request, provider=PROVIDER, kind="k", part="p")
        assert page.byte_count == (CAPTURES / entry["body"]).stat().st_size


def test_two_bodies_at_one_address_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "paris.html").write_text("<p>paris</p>")
    (tmp_path / "keyed.html").write_text("<p>keyed</p>")
    folder = a_recording(
        tmp_path,
        an_entry(method="POST", request_body={"zone": "par", "sizes": [1, 8]}, body="paris.html"),
        an_entry(method="POST", request_body={"zone": "{ZONE_KEY}"}, body="keyed.html"),
        an_entry(method="POST"),
    )
    replay = opened(folder)

    def text(body: dict[str, object] | None) -> str:
        request = Request(url="https://nimbus.example/gpus", method="POST", json_body=body)
        return replay.fetch(request, provider=PROVIDER, kind="prices", part="all").text

    assert text({"sizes": (1, 8), "zone": "par"}) == "<p>paris</p>"
    assert text({"zone": "{ZONE_KEY}"}) == "<p>keyed</p>"
    assert text({"zone": "ams"}) == text(None) == "<p>one</p>"


def test_a_body_that_is_not_recorded_is_not_answered_by_another(tmp_path: Path) -> None:
    replay = opened(a_recording(tmp_path, an_entry(method="POST", request_body={"zone": "par"})))
    asked = Request(url="https://nimbus.example/gpus", method="POST", json_body={"zone": "ams"})
    assert not replay.records(asked)
    with pytest.raises(NotRecorded):
        replay.fetch(asked, provider=PROVIDER, kind="prices", part="all")


def test_a_long_list_is_filtered_as_it_is_live(tmp_path: Path) -> None:
    rows = b"".join(b"%d,m5.large,0.1\n" % number for number in range(1_000_000))
    folder = a_recording(
        tmp_path,
        an_entry(content_type="text/csv"),
        body=b"sku,type,price\n" + rows + b"x,p5.48xlarge,55\n",
    )
    request = Request(url="https://nimbus.example/gpus", only_lines=("p5.",), header_lines=1)
    page = opened(folder).fetch(request, provider=PROVIDER, kind="prices", part="all")
    assert page.text == "sku,type,price\nx,p5.48xlarge,55\n"
    whole = Request(url="https://nimbus.example/gpus")
    with pytest.raises(UnsafeResponse, match="larger"):
        opened(folder).fetch(whole, provider=PROVIDER, kind="prices", part="all")
