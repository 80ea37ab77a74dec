"""Recording a provider: what is asked, what is written, and that it reads as the live pages did."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scrapers import __main__ as command
from scrapers.addresses import AddressPolicy
from scrapers.cleaning import is_json
from scrapers.errors import CollectError, NotRecorded, PageChanged, Unreachable
from scrapers.fetch import HttpFetcher
from scrapers.fetcher import Fetcher
from scrapers.page import Page
from scrapers.politeness import Patience
from scrapers.provider import JoinParser, PageParser, Provider, RawOffer, Reject, Request
from scrapers.record import (
    MAX_PARTS_OF_A_SHAPE,
    FolderTaken,
    Recording,
    RecordingFailed,
    record_pages,
)
from scrapers.registry import load_providers
from scrapers.replay import ReplayFetcher
from service import logs
from tests.scrapers.nimbus import (
    HOST,
    NOW,
    Answer,
    FakeFetcher,
    a_keyed_provider,
    a_page,
    a_provider,
    a_row,
    a_zoned_provider,
    parse_rows,
)
from tests.scrapers.raw_server import Asked, RawServer, answer
from tools.golden import PAGES, read_recording

SHORT = Patience(request=2, robots=2, pause=0)


class HtmlFetcher(FakeFetcher):
    """Answers as an HTML page would be sent."""

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        page = super().fetch(request, provider=provider, kind=kind, part=part)
        return replace(page, content_type="text/html; charset=windows-1252")


class Noisy:
    """Live pages: hand-written ones with the code, comments and layout that a recording drops."""

    def __init__(self, inner: Fetcher) -> None:
        self._inner = inner

    def records(self, request: Request) -> bool:
        return self._inner.records(request)

    def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
        page = self._inner.fetch(request, provider=provider, kind=kind, part=part)
        if page.is_html:
            noise = "<script>track('ann@nimbus.example')</script><!-- b --><style>a{}</style>"
            return replace(page, text=page.text.replace("</body>", f"{noise}</body>"))
        if is_json(page.text):
            return replace(page, text=" ".join(page.text.split("\n")))
        return page


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def record(self, provider: Provider, fetcher: Fetcher) -> Recording:
        return record_pages(
            provider,
            fetcher=fetcher,
            folder=self.folder,
            on_page=lambda page: self.asked.append(page.url),
        )

    def records(self, provider: Provider, answers: Mapping[str, Answer]) -> Recording:
        return self.record(provider, FakeFetcher(answers))

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def manifest(self) -> list[dict[str, object]]:
        entries: list[dict[str, object]] = json.loads((self.folder / "manifest.json").read_text())
        return entries

    def replay(self) -> ReplayFetcher:
        return ReplayFetcher.open(self.folder, now=lambda: NOW)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "pages" / "nimbus")


def paged(count: int) -> dict[str, Answer]:
    """Build pages that each name the next one."""
    urls = [f"{HOST}/nimbus", *(f"{HOST}/nimbus?page={n}" for n in range(2, count + 1))]
    following = [*urls[1:], ""]
    return {
        url: a_page(a_row(f"h{n}"), next=after)
        for n, (url, after) in enumerate(zip(urls, following, strict=True))
    }


@pytest.mark.no_cover  # Each provider's tests cover its reading.
@pytest.mark.parametrize("provider", load_providers().values(), ids=load_providers())
def test_a_recording_of_every_provider_reads_as_its_pages_do(
    provider: Provider, bench: Bench
) -> None:
    live = Noisy(ReplayFetcher.open(PAGES / provider.id, now=lambda: datetime.now(UTC)))
    if provider.parts:
        provider = replace(provider, parts=_recorded_parts(provider, live))
    wanted = read_recording(provider, live)
    recording = bench.record(provider, live)
    again = read_recording(provider, bench.replay())
    assert again.offers == wanted.offers
    assert sorted(map(repr, again.rejects)) == sorted(map(repr, wanted.rejects))
    assert recording.notes == ()
    assert "ann@" not in "".join(path.read_text() for path in bench.folder.iterdir())


def _recorded_parts(provider: Provider, live: Fetcher) -> dict[str, Mapping[str, str | Request]]:
    """Choose parts that the pages have whole, not more than are recorded."""
    whole = {
        part.name
        for part in provider.all_parts()
        if all(live.records(request) for request in part.requests.values())
    }
    names = [name for name in provider.parts if name in whole][:MAX_PARTS_OF_A_SHAPE]
    return {name: provider.parts[name] for name in names}


def test_a_manifest_says_what_was_asked(bench: Bench) -> None:
    provider = a_provider(pages={"prices": f"{HOST}/api%20v1/prices?zone=par&b="})
    recording = bench.records(provider, {f"{HOST}/api%20v1/prices?zone=par&b=": a_page(a_row())})
    assert bench.files == ["manifest.json", "prices.prices.json"]
    assert bench.manifest() == [
        {
            "provider": "nimbus",
            "method": "GET",
            "url": f"{HOST}/api%20v1/prices",
            "query": {"zone": "par", "b": ""},
            "status": 200,
            "content_type": "application/json",
            "body": "prices.prices.json",
            "observe_time": "2026-10-08T12:00:00Z",
            "needs_key": False,
        }
    ]
    ((name, size),) = recording.bodies
    assert (bench.folder / name).stat().st_size == size
    assert (recording.row_count, recording.reject_count) == (1, 0)


def test_three_pages_of_a_kind_are_enough(bench: Bench) -> None:
    recording = bench.records(a_provider(), paged(5))
    assert bench.asked == [f"{HOST}/nimbus", f"{HOST}/nimbus?page=2", f"{HOST}/nimbus?page=3"]
    assert recording.row_count == 3
    assert recording.notes == ("prices: there are more than 3 pages of prices",)
    # The most telling request comes first: the first match answers.
    assert [entry.get("query") for entry in bench.manifest()] == [
        {"page": "2"},
        {"page": "3"},
        None,
    ]
    assert len(read_recording(a_provider(), bench.replay()).offers) == 3


def test_pages_that_are_joined_are_asked_for_whole(bench: Bench) -> None:
    provider = a_provider()
    provider.parsers.clear()
    provider.pages = {**provider.pages, "stock": f"{HOST}/stock"}

    @provider.joins("prices", "stock")
    def join(prices: tuple[Page, ...], stock: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
        assert stock
        for page in prices:
            yield RawOffer(sku=page.json["rows"].value[0]["sku"], gpu="H100 SXM", price="2")

    recording = bench.records(provider, {**paged(5), f"{HOST}/stock": "{}"})
    assert recording.row_count == len(bench.asked) - 1 == 5
    assert recording.notes == ()


def test_of_zones_alike_three_are_enough(bench: Bench) -> None:
    provider = a_zoned_provider("paris", "warsaw", "rome", "oslo", "bern")
    answers: dict[str, Answer] = {
        f"{HOST}/{zone}": a_page(a_row(region=zone)) for zone in provider.parts
    }
    recording = bench.records(provider, answers)
    assert bench.files == [
        "manifest.json",
        "paris.prices.json",
        "rome.prices.json",
        "warsaw.prices.json",
    ]
    (note,) = recording.notes
    assert "paris, warsaw, rome" in note
    assert "the other 2" in note


def test_the_same_request_is_asked_once(bench: Bench) -> None:
    provider = a_provider(parts={zone: {"prices": f"{HOST}/all"} for zone in ("a", "b")})
    bench.records(provider, {f"{HOST}/all": a_page(a_row())})
    assert bench.asked == [f"{HOST}/all"]
    assert len(bench.manifest()) == 1


@pytest.mark.parametrize(
    "failure", [Unreachable("no answer"), PageChanged("404"), NotRecorded("nothing")]
)
def test_nothing_is_written_and_no_more_asked_when_a_page_fails(
    failure: CollectError, bench: Bench
) -> None:
    provider = a_zoned_provider("paris", "warsaw", "rome")
    answers: dict[str, Answer] = {
        f"{HOST}/paris": a_page(a_row()),
        f"{HOST}/warsaw": failure,
        f"{HOST}/rome": a_page(a_row()),
    }
    with pytest.raises(RecordingFailed, match=f"warsaw: {failure.reason}: {failure}"):
        bench.records(provider, answers)
    assert bench.asked == [f"{HOST}/paris"]
    assert not bench.folder.parent.exists()


def test_a_page_that_was_cut_off_is_not_recorded(bench: Bench) -> None:
    with pytest.raises(RecordingFailed, match="not whole HTML"):
        bench.record(a_provider(), HtmlFetcher({f"{HOST}/nimbus": "<table><tr><td>$2"}))
    assert not bench.folder.exists()


def test_an_older_recording_is_replaced_and_other_files_stay(bench: Bench) -> None:
    bench.records(a_provider(), paged(3))
    (bench.folder / "prices.2026-03.json").write_text("kept")
    bench.records(a_provider(), {f"{HOST}/nimbus": a_page(a_row(price="3.10"))})
    assert bench.files == ["manifest.json", "prices.2026-03.json", "prices.prices.json"]
    assert '"price": "3.10"' in (bench.folder / "prices.prices.json").read_text()
    assert [path.name for path in bench.folder.parent.iterdir()] == ["nimbus"]


def test_an_older_recording_stays_when_a_new_one_fails(bench: Bench) -> None:
    bench.records(a_provider(), paged(2))
    before = {path.name: path.read_bytes() for path in bench.folder.iterdir()}
    with pytest.raises(RecordingFailed):
        bench.records(a_provider(), {f"{HOST}/nimbus": Unreachable("gone")})
    assert {path.name: path.read_bytes() for path in bench.folder.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.txt", "mine"),
        ("manifest.json", "["),
        ("manifest.json", '{"name": "a web app"}'),
        ("manifest.json", '[{"provider": "corona", "body": "a.json"}]'),
        ("manifest.json", '[{"provider": "nimbus", "body": "../a.json"}]'),
    ],
)
def test_a_folder_of_another_use_is_left_alone(name: str, text: str, bench: Bench) -> None:
    bench.folder.mkdir(parents=True)
    (bench.folder / name).write_text(text)
    with pytest.raises(FolderTaken):
        bench.records(a_provider(), paged(1))
    assert bench.asked == []
    assert bench.files == [name]


def test_a_file_is_no_folder(bench: Bench) -> None:
    bench.folder.parent.mkdir()
    bench.folder.write_text("mine")
    with pytest.raises(FolderTaken):
        bench.records(a_provider(), paged(1))
    assert bench.folder.read_text() == "mine"


def test_an_empty_folder_is_taken(bench: Bench) -> None:
    bench.folder.mkdir(parents=True)
    bench.records(a_provider(), paged(1))
    assert "manifest.json" in bench.files


def test_a_large_body_is_written_and_told(bench: Bench) -> None:
    rows = [a_row(f"h{n}") for n in range(3000)]
    recording = bench.records(a_provider(), {f"{HOST}/nimbus": a_page(*rows)})
    (note,) = recording.notes
    assert note.startswith("prices.prices.json has ")
    assert "trim" in note
    assert "prices.prices.json" in bench.files


def test_a_page_that_its_parser_does_not_know_is_recorded_all_the_same(bench: Bench) -> None:
    recording = bench.records(a_provider(), {f"{HOST}/nimbus": '{"offers":[]}'})
    (note,) = recording.notes
    assert "PAGE_CHANGED" in note
    assert "rows" in note
    assert (bench.folder / "prices.prices.json").read_text() == '{\n "offers": []\n}\n'


def with_parser(parse: PageParser | JoinParser) -> Provider:
    provider = a_provider(declared={})
    provider.parsers[("prices",)] = parse
    provider.followers.clear()
    return provider


def test_a_parser_in_the_making_may_fail(bench: Bench) -> None:
    def parse(page: Page) -> Iterator[RawOffer | Reject]:
        yield RawOffer(sku=str(1 / len(page.json.value["none"])), gpu="", price="")

    recording = bench.records(with_parser(parse), paged(1))
    assert recording.notes == ("prices: the parser failed; see the log",)
    assert "prices.prices.json" in bench.files


def test_a_parser_that_reads_what_is_left_out_is_told(bench: Bench) -> None:
    def parse(page: Page) -> Iterator[RawOffer | Reject]:
        for script in page.html.find_all("script"):
            yield RawOffer(sku=script.source, gpu="H100 SXM", price="$2.49", unit="GPU/hour")

    html = HtmlFetcher({f"{HOST}/nimbus": "<p>prices</p><script>h100</script>"})
    (note,) = bench.record(with_parser(parse), html).notes
    assert "live pages gave 1 rows, a replay 0" in note


def test_html_is_written_as_utf_8_and_says_so(bench: Bench) -> None:
    def parse(page: Page) -> Iterator[RawOffer | Reject]:
        yield RawOffer(sku="a", gpu="H100 SXM", price=page.html.one("p").text)

    html = HtmlFetcher({f"{HOST}/nimbus": '<meta charset="windows-1252"><p>€ 2.49</p>'})
    recording = bench.record(with_parser(parse), html)
    assert recording.notes == ()
    assert bench.manifest()[0]["content_type"] == "text/html; charset=utf-8"
    assert "€ 2.49" in (bench.folder / "prices.prices.html").read_text(encoding="utf-8")


def test_a_redirect_is_told(bench: Bench) -> None:
    class Moved(FakeFetcher):
        def fetch(self, request: Request, *, provider: Provider, kind: str, part: str) -> Page:
            page = super().fetch(request, provider=provider, kind=kind, part=part)
            return replace(page, url=f"{HOST}/new")

    (note,) = bench.record(a_provider(), Moved(paged(1))).notes
    assert f"{HOST}/new" in note
    assert bench.manifest()[0]["url"] == f"{HOST}/nimbus"


class Command:
    """The command, against a server of our own in the place of the internet."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder / "out"
        self._data = folder / "data"
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.setattr(logs, "set_up", lambda _: None)

    def serves(self, server: RawServer, provider: Provider) -> None:
        endpoint = ("127.0.0.1", server.port)
        fetcher = HttpFetcher(
            contact="prices@nimbus.example",
            now=lambda: NOW,
            address_policy=AddressPolicy(loopback_endpoints=frozenset({endpoint})),
            patience=SHORT,
        )
        self._monkeypatch.setattr(command, "_live_fetcher", lambda *_: fetcher)
        self._monkeypatch.setattr(command, "load_providers", lambda: {provider.id: provider})

    def run(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        environ = {"GPUQUOTE_DATA_DIR": str(self._data)} | environ
        code = command.main(["record", *arguments, "--output", str(self.folder)], environ)
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err


@pytest.fixture
def commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    return Command(tmp_path, monkeypatch, capsys)


def saying(page: bytes, *, robots: bytes) -> Callable[[Asked], bytes]:
    return lambda asked: robots if asked.target == "/robots.txt" else page


def test_the_command_records_what_a_server_says(commands: Command) -> None:
    page = answer(a_page(a_row(price="2.490")), content_type="application/json")
    with RawServer(saying(page, robots=answer(status=404))) as server:
        provider = a_provider(pages={"prices": f"{server.url}/gpus?zone=par"})
        commands.serves(server, provider)
        code, out, err = commands.run("nimbus")
    assert code == 0, err
    assert "1 rows and 0 rejects" in out
    assert "make golden P=nimbus" in out
    assert err.startswith("asked http://127.0.0.1:")
    assert err.endswith("/gpus?zone=par\n")
    assert server.targets == ["/robots.txt", "/gpus?zone=par"]
    replay = ReplayFetcher.open(commands.folder, now=lambda: NOW)
    (offer,) = read_recording(provider, replay).offers
    assert offer.listed.text == "2.490"


def test_robots_are_obeyed(commands: Command) -> None:
    robots = answer("User-agent: *\nDisallow: /", content_type="text/plain")
    with RawServer(saying(answer("{}"), robots=robots)) as server:
        commands.serves(server, a_provider(pages={"prices": f"{server.url}/gpus"}))
        code, out, err = commands.run("nimbus")
    assert (code, out) == (1, "")
    assert err.startswith("gpuquote: nimbus: nothing recorded: prices: BLOCKED: ")
    assert not commands.folder.exists()


def test_a_server_out_of_reach_is_one_clear_line(commands: Command) -> None:
    with RawServer(saying(b"", robots=b"")) as server:
        commands.serves(server, a_provider(pages={"prices": f"{server.url}/gpus"}))
    code, out, err = commands.run("nimbus")
    assert (code, out) == (1, "")
    assert err.startswith("gpuquote: nimbus: nothing recorded: prices: UNREACHABLE: ")
    assert len(err.splitlines()) == 1


def test_a_recording_of_a_recording_is_refused(commands: Command) -> None:
    replay = str(PAGES / "lambda")
    for environ in ({"GPUQUOTE_REPLAY": replay}, {}):
        flags = () if environ else ("--replay", replay)
        code, out, err = commands.run("lambda", *flags, **environ)
        assert (code, out) == (2, "")
        assert "GPUQUOTE_REPLAY" in err
        assert len(err.splitlines()) == 1


def test_what_cannot_be_recorded_is_one_clear_line(
    commands: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed = a_keyed_provider(variable="NIMBUS_KEY")
    monkeypatch.setattr(command, "load_providers", lambda: {"nimbus": keyed})
    for name, hint in (("nimbsu", "did you mean nimbus?"), ("nimbus", "NIMBUS_KEY")):
        code, out, err = commands.run(name)
        assert (code, out) == (2, "")
        assert hint in err
        assert len(err.splitlines()) == 1
    commands.folder.mkdir()
    (commands.folder / "mine.txt").write_text("mine")
    code, out, err = commands.run("nimbus", NIMBUS_KEY="x")
    assert (code, out) == (2, "")
    assert str(commands.folder) in err


def test_bodies_and_keys_are_recorded_by_name_only(bench: Bench) -> None:
    asked = Request(
        url=f"{HOST}/prices",
        method="POST",
        json_body={"zone": "par", "key": "{NIMBUS_KEY}"},
        headers={"Authorization": "Bearer {NIMBUS_KEY}"},
    )
    provider = a_provider(pages={"prices": asked})
    recording = bench.records(provider, {f"{HOST}/prices": a_page(a_row())})
    (entry,) = bench.manifest()
    assert entry["request_body"] == {"zone": "par", "key": "{NIMBUS_KEY}"}
    assert entry["needs_key"] is True
    assert "headers" not in entry
    assert recording.notes == ()
    assert len(read_recording(provider, bench.replay()).offers) == 1


def test_pages_that_are_joined_are_asked_for_whole_though_they_can_be_read_alone(
    bench: Bench,
) -> None:
    provider = a_provider(pages={"prices": f"{HOST}/nimbus", "stock": f"{HOST}/stock"})

    @provider.joins("prices", "stock")
    def join(prices: tuple[Page, ...], stock: tuple[Page, ...]) -> Iterator[RawOffer | Reject]:
        del stock
        for page in prices:
            yield from parse_rows(page)

    recording = bench.records(provider, paged(5) | {f"{HOST}/stock": a_page()})
    assert recording.row_count == 5
    assert recording.notes == ()


def test_what_needs_a_key_that_is_not_set_is_not_recorded(bench: Bench) -> None:
    keyed = Request(url=f"{HOST}/api", headers={"X-Api-Key": "{NIMBUS_KEY}"})
    provider = a_provider(
        pages={}, parts={"page": {"prices": f"{HOST}/page"}, "api": {"prices": keyed}}
    )
    fetcher = FakeFetcher({f"{HOST}/page": a_page(a_row())})
    recording = record_pages(
        provider, fetcher=fetcher, folder=bench.folder, on_page=lambda _: None, keys=()
    )
    assert fetcher.asked == [f"{HOST}/page"]
    assert recording.row_count == 1
