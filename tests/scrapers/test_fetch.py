import gzip
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from scrapers.addresses import PUBLIC_ONLY, AddressPolicy
from scrapers.errors import Blocked, CollectError, PageChanged, Unreachable, UnsafeResponse
from scrapers.fetch import HttpFetcher
from scrapers.page import Page
from scrapers.politeness import Patience, user_agent_of
from scrapers.provider import Provider, Request
from tests.scrapers.raw_server import Answer, Asked, Handler, RawServer, answer

START = datetime(2026, 10, 8, 12, 0, tzinfo=UTC)
PAGE = answer("<p>$2.49 / hour</p>")
MIB = 1024 * 1024
SHORT = Patience(request=0.3, large_request=5, robots=0.3)


class Clock:
    """Real time, and on top of it the time that somebody would have slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.offset = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self.offset

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.offset += seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.offset)


class Site:
    """A provider at a server of our own, and a fetcher that may ask it."""

    def __init__(self, server: RawServer, **options: Any) -> None:
        self.server = server
        self.clock = Clock()
        self.hosts: tuple[str, ...] = options.pop("hosts", ())
        self.large: bool = options.pop("large", False)
        scheme = "https" if server.tls else "http"
        self.root = f"{scheme}://{options.pop('host', '127.0.0.1')}:{server.port}"
        host = self.root.partition("//")[2].partition(":")[0]
        policy = AddressPolicy(loopback_endpoints=frozenset({(host, server.port)}))
        arguments: dict[str, Any] = {
            "contact": "prices@nimbus.example",
            "now": self.clock.now,
            "monotonic": self.clock.monotonic,
            "sleep": self.clock.sleep,
            "address_policy": policy,
            "jitter": lambda longest: longest,
        }
        self.fetcher = HttpFetcher(**(arguments | options))

    @property
    def provider(self) -> Provider:
        return Provider(
            id="nimbus",
            title="Nimbus",
            home=self.root,
            pages={"prices": f"{self.root}/prices"},
            hosts=self.hosts,
            large=self.large,
        )

    @property
    def pages_asked(self) -> list[str]:
        return [target for target in self.server.targets if target != "/robots.txt"]

    def fetch(self, path: str = "/prices", **request: Any) -> Page:
        return self.fetcher.fetch(
            Request(url=f"{self.root}{path}", **request),
            provider=self.provider,
            kind="prices",
            part="all",
        )


SiteAt = Callable[..., Site]


def without_robots(handler: Handler) -> Handler:
    return lambda asked: answer(status=404) if asked.target == "/robots.txt" else handler(asked)


def saying(*answers: Answer) -> Handler:
    """Give these answers one after the other, the last one for ever."""
    left = list(answers)
    return without_robots(lambda _: left.pop(0) if len(left) > 1 else left[0])


@pytest.fixture
def site_at() -> Iterator[SiteAt]:
    with ExitStack() as stack:

        def start(
            handler: Handler,
            *,
            tls: ssl.SSLContext | None = None,
            greeting: Callable[[], Iterator[bytes]] | None = None,
            **options: Any,
        ) -> Site:
            server = RawServer(handler=handler, tls=tls, greeting=greeting)
            return Site(stack.enter_context(server), **options)

        yield start


def test_a_page_is_fetched(site_at: SiteAt) -> None:
    site = site_at(saying(PAGE))
    page = site.fetch()

    assert page == Page(
        kind="prices",
        part="all",
        url=f"{site.root}/prices",
        text="<p>$2.49 / hour</p>",
        content_type="text/html; charset=utf-8",
        observe_time=site.clock.now(),
        byte_count=19,
    )
    assert site.fetcher.records(Request(url="https://anything.example/"))


def test_a_request_says_who_asks_and_nothing_else(
    site_at: SiteAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_at(saying(PAGE))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.fetch()

    assert site.server.asked[-1].headers == {
        "host": site.root.removeprefix("http://"),
        "accept": "*/*",
        "accept-encoding": "gzip",
        "connection": "close",
        "user-agent": (
            "gpuquote/0.1.0 (+https://github.com/gpuquote/gpuquote; prices@nimbus.example)"
        ),
    }


def test_credentials_of_the_machine_are_not_sent(
    site_at: SiteAt, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site = site_at(saying(PAGE))
    site.fetch()

    assert "authorization" not in site.server.asked[-1].headers


@pytest.mark.parametrize("contact", ["", "  ", "a\r\nHost: b", "naïve@nimbus.example"])
def test_a_contact_must_fit_into_a_header(contact: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        user_agent_of(contact)


def test_a_post_sends_its_json_and_its_headers(site_at: SiteAt) -> None:
    site = site_at(saying(answer('{"a": 1}', content_type="application/json")))
    page = site.fetch(method="POST", json_body={"query": "{gpus}"}, headers={"X-Key": "k"})
    asked = site.server.asked[-1]

    assert page.text == '{"a": 1}'
    assert (asked.method, asked.body) == ("POST", b'{"query": "{gpus}"}')
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-key"] == "k"


# --- size and encoding


def test_a_gzip_answer_is_unpacked(site_at: SiteAt) -> None:
    page = site_at(
        saying(answer(gzip.compress(b"<p>one</p>" * 1000), Content_Encoding="gzip"))
    ).fetch()

    assert page.text == "<p>one</p>" * 1000
    assert page.byte_count == 10_000


def test_a_gzip_answer_in_several_members_is_unpacked_whole(site_at: SiteAt) -> None:
    raw = gzip.compress(b"a" * 100_000) + gzip.compress(b"b" * 100_000)

    page = site_at(saying(answer(raw, Content_Encoding="gzip"))).fetch()
    assert page.text == "a" * 100_000 + "b" * 100_000


@contextmanager
def at_most_mib(limit: int) -> Iterator[None]:
    """Fail when the block needs more memory than that at any time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit * MIB
    finally:
        tracemalloc.stop()


# 256 MiB in about 256 KiB, made of members so that the test itself needs little memory.
BOMB = gzip.compress(b"\0" * MIB, compresslevel=9) * 256


def test_a_gzip_bomb_is_stopped_in_little_memory(site_at: SiteAt) -> None:
    site = site_at(saying(answer(BOMB, Content_Encoding="gzip")))

    with at_most_mib(16), pytest.raises(UnsafeResponse, match="100 times"):
        site.fetch()


@pytest.mark.parametrize("status", [302, 404, 503])
def test_a_gzip_bomb_in_an_answer_that_is_not_read_stays_packed(
    site_at: SiteAt, status: int
) -> None:
    bomb = answer(BOMB, status=status, Content_Encoding="gzip", Location="/b")
    site = site_at(saying(bomb))

    with at_most_mib(16), pytest.raises(CollectError):
        site.fetch()


@pytest.mark.parametrize(
    ("content_type", "size", "allowed"),
    [
        ("text/html", 10 * MIB, True),
        ("text/html", 10 * MIB + 1, False),
        ("application/json", 10 * MIB + 1, True),
        ("application/json", 32 * MIB + 1, False),
    ],
)
def test_an_answer_may_be_so_large_and_no_larger(
    site_at: SiteAt, content_type: str, size: int, *, allowed: bool
) -> None:
    site = site_at(saying(answer(b" " * size, content_type=content_type)))

    if allowed:
        assert site.fetch().byte_count == size
    else:
        with pytest.raises(UnsafeResponse, match="larger than"):
            site.fetch()


def test_an_endless_answer_is_stopped_at_the_limit(site_at: SiteAt) -> None:
    def endless(_: Asked) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        while True:
            yield b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    site = site_at(without_robots(endless))
    with pytest.raises(UnsafeResponse, match="larger than 10 MiB"):
        site.fetch()
    assert site.server.sent_bytes < 24 * MIB


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x"])
def test_an_encoding_that_was_not_asked_for_is_refused(site_at: SiteAt, encoding: str) -> None:
    with pytest.raises(UnsafeResponse, match="not asked for"):
        site_at(saying(answer("x", Content_Encoding=encoding))).fetch()


def test_broken_gzip_is_refused(site_at: SiteAt) -> None:
    with pytest.raises(UnsafeResponse, match="broken"):
        site_at(saying(answer("not gzip", Content_Encoding="gzip"))).fetch()


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("€".encode(), "text/html; charset=UTF-8", "€"),
        ("€".encode(), "text/html", "€"),
        ("€".encode(), "application/json", "€"),
        ("€".encode("utf-8-sig"), "application/json", "€"),
        ("£".encode("latin-1"), 'text/html; charset="ISO-8859-1"', "£"),
        ("€".encode("cp1252"), "text/html; charset=windows-1252", "€"),
        (b'<meta charset="windows-1252">\x80', "text/html", '<meta charset="windows-1252">€'),
        (
            '<meta charset="cp1252">€'.encode(),
            "text/html; charset=utf-8",
            '<meta charset="cp1252">€',
        ),
    ],
)
def test_text_is_decoded_as_declared(
    site_at: SiteAt, body: bytes, content_type: str, text: str
) -> None:
    assert site_at(saying(answer(body, content_type=content_type))).fetch().text == text


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("x".encode("utf-16"), "text/html"),
        ("x".encode("utf-16"), "text/html; charset=utf-16"),
        ("x".encode("utf-16-le"), "text/html; charset=utf-16le"),
        ("x".encode("utf-16-le"), "text/html"),
        ("x".encode("utf-32"), "text/html"),
        (b"+ADw-script+AD4-", "text/html; charset=utf-7"),
        (b'<meta http-equiv=Content-Type content="text/html; charset=utf-7">', "text/html"),
        (b"x", "text/html; charset=koi8-r"),
        (b"\xff", "text/html; charset=utf-8"),
        (b"\x80", "text/html; charset=ascii"),
        ("€".encode("utf-8-sig"), "text/html; charset=iso-8859-1"),
        (b"a\0b", "text/html; charset=utf-8"),
        (b"\xed\xa0\x80", "application/json"),
    ],
)
def test_tricks_with_character_sets_are_refused(
    site_at: SiteAt, body: bytes, content_type: str
) -> None:
    with pytest.raises(UnsafeResponse):
        site_at(saying(answer(body, content_type=content_type))).fetch()


# --- whole answers


@pytest.mark.parametrize(
    "cut",
    [
        answer(b"half", Content_Length="100"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
        answer(gzip.compress(b"whole")[:-4], Content_Encoding="gzip"),
        answer(b"", Content_Encoding="gzip"),
        b"rubbish\r\n\r\n",
        b"",
    ],
    ids=["length", "chunks", "chunk", "gzip", "empty-gzip", "rubbish", "nothing"],
)
def test_a_truncated_answer_is_no_answer(site_at: SiteAt, cut: bytes) -> None:
    with pytest.raises(Unreachable):
        site_at(saying(cut)).fetch()


@pytest.mark.parametrize(
    "said",
    [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>half", b"HTTP/1.1 200 OK\r\nContent-"],
    ids=["body", "headers"],
)
def test_an_answer_without_an_end_cannot_be_known_to_be_whole(site_at: SiteAt, said: bytes) -> None:
    with pytest.raises(UnsafeResponse, match="no length"):
        site_at(saying(said)).fetch()


# --- time


def dripping(start: bytes, drip: bytes, stop: threading.Event) -> Iterator[bytes]:
    yield start
    while not stop.wait(0.02):
        yield drip


@pytest.mark.parametrize(
    ("start", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", b"\x1f"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"H"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "chunks", "gzip", "headers", "header", "status", "continue"],
)
def test_a_dripping_server_is_left_at_the_deadline(
    site_at: SiteAt, start: bytes, drip: bytes
) -> None:
    sites: list[Site] = []
    handler = without_robots(lambda _: dripping(start, drip, sites[0].server.closing))
    sites.append(site_at(handler, patience=SHORT))
    began = time.monotonic()

    with pytest.raises(CollectError) as raised:
        sites[0].fetch()
    assert time.monotonic() - began < SHORT.request + 1
    assert isinstance(raised.value, Unreachable | UnsafeResponse)


def test_a_silent_server_is_left_at_the_deadline(site_at: SiteAt) -> None:
    sites: list[Site] = []

    def silent(_: Asked) -> bytes:
        sites[0].server.closing.wait(5)
        return b""

    sites.append(site_at(without_robots(silent), patience=SHORT))
    with pytest.raises(Unreachable, match=r"within 0\.3 s"):
        sites[0].fetch()


def test_a_large_list_has_more_time(site_at: SiteAt) -> None:
    def slow(_: Asked) -> bytes:
        time.sleep(0.4)
        return PAGE

    assert site_at(without_robots(slow), patience=SHORT, large=True).fetch().byte_count == 19


LIST = b"sku,type,price\n" + b"m5.large,0.1\n" * 300_000 + b"p5.48xlarge,55\n"


@pytest.mark.parametrize("is_packed", [False, True])
def test_of_a_long_list_only_the_wanted_lines_come(site_at: SiteAt, *, is_packed: bool) -> None:
    body = gzip.compress(LIST * 4) if is_packed else LIST * 4
    coding = "gzip" if is_packed else "identity"
    site = site_at(saying(answer(body, content_type="text/csv", Content_Encoding=coding)))
    page = site.fetch(only_lines=("p5.",), header_lines=1)
    assert page.text == "sku,type,price\n" + "p5.48xlarge,55\n" * 4
    with pytest.raises(UnsafeResponse, match=r"larger|unpacks"):
        site.fetch()


def test_a_long_list_has_more_time(site_at: SiteAt) -> None:
    def slow(_: Asked) -> bytes:
        time.sleep(0.4)
        return PAGE

    site = site_at(without_robots(slow), patience=SHORT)
    assert site.fetch(only_lines=("hour",)).text == "<p>$2.49 / hour</p>"


def test_a_long_list_that_was_cut_short_is_no_answer(site_at: SiteAt) -> None:
    cut = answer(LIST, content_type="text/csv")[:-5]
    with pytest.raises(Unreachable):
        site_at(saying(cut)).fetch(only_lines=("p5.",), header_lines=1)


@pytest.mark.parametrize("drip", [b"", b"\x00"], ids=["silent", "dripping"])
def test_a_handshake_that_hangs_is_left_at_the_deadline(site_at: SiteAt, drip: bytes) -> None:
    # A record of TLS that announces 16 KiB, and then sends a byte now and then, or nothing.
    sites: list[Site] = []

    def record() -> Iterator[bytes]:
        return dripping(b"\x16\x03\x03\x40\x00", drip, sites[0].server.closing)

    sites.append(site_at(lambda _: b"", patience=SHORT, greeting=record))
    sites[0].root = sites[0].root.replace("http:", "https:")
    began = time.monotonic()

    with pytest.raises(Unreachable):
        sites[0].fetch()
    assert SHORT.robots * 0.9 < time.monotonic() - began < SHORT.robots + 1


def test_a_deadline_covers_all_repetitions(site_at: SiteAt) -> None:
    def slow(_: Asked) -> bytes:
        time.sleep(0.25)
        return answer(status=503)

    site = site_at(without_robots(slow), patience=SHORT)
    with pytest.raises(Unreachable):
        site.fetch()
    assert len(site.pages_asked) == 1


def test_a_server_that_is_not_there_is_unreachable(site_at: SiteAt) -> None:
    site = site_at(saying(PAGE))
    site.server.__exit__()

    with pytest.raises(Unreachable):
        site.fetch()


# --- redirects and addresses


def redirect(location: str, status: int = 302) -> bytes:
    return answer(status=status, Location=location)


def test_three_redirects_are_followed_and_not_four(site_at: SiteAt) -> None:
    def count_down(asked: Asked) -> bytes:
        left = int(asked.target.removeprefix("/"))
        return redirect(f"/{left - 1}") if left else PAGE

    site = site_at(without_robots(count_down))

    assert site.fetch("/3").url == f"{site.root}/0"
    with pytest.raises(UnsafeResponse, match="more than 3 redirects"):
        site.fetch("/4")


HOSTILE_HOSTS = [
    "127.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "169.254.169.254",
    "100.64.0.1",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "0.0.0.0",  # noqa: S104 - refused, not listened on
    "localhost",
    "rebound.example",
    "mapped.example",
    "nat64.example",
    "6to4.example",
]


@pytest.mark.parametrize(
    "location",
    [
        *(f"https://{host}/latest/meta-data" for host in HOSTILE_HOSTS),
        *(f"http://{host}:{{port}}/" for host in HOSTILE_HOSTS),
        "http://nimbus.example/",
        "https://nimbus.example/",
        "//nimbus.example/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "data:text/html,x",
        "http://user@127.0.0.1:{port}/prices",
        "http://127.0.0.1:{port}@nimbus.example/",
        "http://127.0.0.1:1/",
        "https://127.0.0.1:{port}\\@nimbus.example/",
    ],
)
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_off_the_provider_is_refused(
    site_at: SiteAt, location: str, status: int
) -> None:
    sites: list[Site] = []
    handler = without_robots(
        lambda _: redirect(location.replace("{port}", str(sites[0].server.port)), status)
    )
    sites.append(site_at(handler))

    with pytest.raises(UnsafeResponse):
        sites[0].fetch()
    assert sites[0].pages_asked == ["/prices"]


@pytest.mark.parametrize("host", HOSTILE_HOSTS)
def test_a_listed_host_that_leads_inside_is_refused(site_at: SiteAt, host: str) -> None:
    inside = {"rebound.example": "10.0.0.1", "localhost": "127.0.0.1"}
    inside |= {"mapped.example": "::ffff:10.0.0.1", "nat64.example": "64:ff9b::7f00:1"}
    inside |= {"6to4.example": "2002:7f00:1::"}
    inside |= dict.fromkeys(["127.1", "0x7f000001", "2130706433", "017700000001"], "127.0.0.1")
    bare = host.strip("[]")
    site = site_at(
        saying(redirect(f"https://{host}/")),
        hosts=(bare,),
        resolver=lambda name, _: [inside.get(name, name)],
    )

    with pytest.raises((UnsafeResponse, Unreachable), match="not public"):
        site.fetch()


def test_a_name_is_looked_up_once_and_the_checked_address_is_used(site_at: SiteAt) -> None:
    looked_up: list[str] = []

    def rebinding(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) <= 2 else ["10.0.0.1"]

    site = site_at(saying(PAGE), host="nimbus.example", resolver=rebinding)

    assert site.fetch().text == "<p>$2.49 / hour</p>"
    assert looked_up == ["nimbus.example"] * 2  # robots.txt and the page: one each
    assert site.server.asked[-1].headers["host"] == f"nimbus.example:{site.server.port}"
    with pytest.raises(UnsafeResponse, match=r"10\.0\.0\.1"):
        site.fetch()


def test_the_next_address_is_tried_when_one_is_dead(site_at: SiteAt) -> None:
    site = site_at(
        saying(PAGE),
        host="nimbus.example",
        resolver=lambda _host, _port: ["127.0.0.9", "127.0.0.1"],
    )

    assert site.fetch().byte_count == 19


def test_plain_http_is_refused_in_production(site_at: SiteAt) -> None:
    with pytest.raises(UnsafeResponse, match="not https"):
        site_at(saying(PAGE), address_policy=PUBLIC_ONLY).fetch()


def test_an_address_outside_the_provider_is_not_asked(site_at: SiteAt) -> None:
    site = site_at(saying(PAGE))
    request = Request(url="https://other.example/next")

    with pytest.raises(UnsafeResponse, match="none of the provider's hosts"):
        site.fetcher.fetch(request, provider=site.provider, kind="k", part="p")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_is_not_turned_into_a_get(site_at: SiteAt, status: int) -> None:
    with pytest.raises(UnsafeResponse, match="redirects a POST"):
        site_at(saying(redirect("/b", status))).fetch(method="POST", json_body={})


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_is_repeated_where_it_was_moved(site_at: SiteAt, status: int) -> None:
    site = site_at(saying(redirect("/b", status), PAGE))
    site.fetch(method="POST", json_body={"a": "b"}, headers={"X-Key": "k"})

    assert (site.server.asked[-1].method, site.server.asked[-1].body) == ("POST", b'{"a": "b"}')
    assert site.server.asked[-1].headers["x-key"] == "k"


def test_a_key_does_not_go_to_another_host(site_at: SiteAt) -> None:
    second = site_at(saying(PAGE))
    first = site_at(saying(redirect(f"{second.root}/b")))
    both = Provider(
        id="nimbus",
        title="Nimbus",
        home="",
        pages={"a": f"{first.root}/a", "b": f"{second.root}/b"},
    )
    ports = {first.server.port, second.server.port}
    endpoints = frozenset(("127.0.0.1", port) for port in ports)
    clock = first.clock
    fetcher = HttpFetcher(
        contact="c",
        now=clock.now,
        monotonic=clock.monotonic,
        sleep=clock.sleep,
        address_policy=AddressPolicy(loopback_endpoints=endpoints),
    )
    request = Request(url=f"{first.root}/a", headers={"X-Key": "k"})
    fetcher.fetch(request, provider=both, kind="a", part="a")

    assert first.server.asked[-1].headers["x-key"] == "k"
    assert "x-key" not in second.server.asked[-1].headers


# --- certificates


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def serving(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def tls_site(
    site_at: SiteAt,
    authority: trustme.CA,
    tmp_path: Path,
    *names: str,
    trusted: bool,
    **options: Any,
) -> Site:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    return site_at(
        saying(PAGE),
        tls=serving(authority, *names),
        host="nimbus.example",
        resolver=lambda _host, _port: ["127.0.0.1"],
        ca_file=str(ca_file) if trusted else None,
        **options,
    )


def test_the_name_is_kept_for_the_certificate_and_the_server(
    site_at: SiteAt, authority: trustme.CA, tmp_path: Path
) -> None:
    site = tls_site(site_at, authority, tmp_path, "nimbus.example", trusted=True)

    assert site.fetch().byte_count == 19
    assert site.server.asked[-1].server_name == "nimbus.example"


def test_a_certificate_of_an_unknown_authority_is_refused(
    site_at: SiteAt, authority: trustme.CA, tmp_path: Path
) -> None:
    site = tls_site(site_at, authority, tmp_path, "nimbus.example", trusted=False)

    with pytest.raises(CollectError, match="certificate is not valid"):
        site.fetch()
    assert site.server.asked == []


def test_a_certificate_for_another_name_is_refused(
    site_at: SiteAt, authority: trustme.CA, tmp_path: Path
) -> None:
    site = tls_site(site_at, authority, tmp_path, "other.example", trusted=True)

    with pytest.raises(CollectError, match="certificate is not valid"):
        site.fetch()
    assert site.server.asked == []


def test_a_dripping_server_is_left_at_the_deadline_behind_tls_too(
    site_at: SiteAt, authority: trustme.CA, tmp_path: Path
) -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
    site = tls_site(site_at, authority, tmp_path, "nimbus.example", trusted=True, patience=SHORT)
    site.server.handler = without_robots(lambda _: dripping(start, b"x", site.server.closing))
    began = time.monotonic()

    with pytest.raises(Unreachable, match=r"within 0\.3 s"):
        site.fetch()
    assert time.monotonic() - began < SHORT.request + 1


# --- politeness


def test_robots_txt_is_read_first_and_once(site_at: SiteAt) -> None:
    site = site_at(saying(PAGE))
    site.fetch("/a")
    site.fetch("/b")

    assert site.server.targets == ["/robots.txt", "/a", "/b"]
    assert [round(slept) for slept in site.clock.slept] == [2, 2]


def test_a_page_that_robots_txt_forbids_is_not_asked(site_at: SiteAt) -> None:
    site = site_at(lambda _: answer("User-agent: gpuquote\nDisallow: /prices"))

    with pytest.raises(Blocked, match=r"robots\.txt does not allow"):
        site.fetch("/prices")
    assert site.pages_asked == []
    site.fetch("/other")
    assert site.pages_asked == ["/other"]


def test_a_redirect_to_a_forbidden_page_is_not_followed(site_at: SiteAt) -> None:
    def handler(asked: Asked) -> bytes:
        if asked.target == "/robots.txt":
            return answer("User-agent: *\nDisallow: /hidden")
        return redirect("/hidden")

    site = site_at(handler)
    with pytest.raises(Blocked):
        site.fetch()
    assert site.pages_asked == ["/prices"]


def test_the_crawl_delay_is_kept_from_the_first_page_on(site_at: SiteAt) -> None:
    site = site_at(lambda _: answer("User-agent: *\nCrawl-delay: 9"))
    site.fetch("/a")
    site.fetch("/b")

    assert [round(slept) for slept in site.clock.slept] == [9, 9]


@pytest.mark.parametrize("status", [500, 503])
def test_a_broken_robots_txt_switches_the_host_off(site_at: SiteAt, status: int) -> None:
    site = site_at(lambda _: answer(status=status))

    with pytest.raises(Unreachable, match=r"robots\.txt was not read"):
        site.fetch()
    assert site.pages_asked == []


def test_a_robots_txt_may_be_moved_within_the_provider(site_at: SiteAt) -> None:
    def handler(asked: Asked) -> bytes:
        if asked.target == "/robots.txt":
            return redirect("/moved.txt", 301)
        return answer("User-agent: *\nDisallow: /prices")

    with pytest.raises(Blocked):
        site_at(handler).fetch()


def test_a_robots_txt_that_goes_in_circles_forbids(site_at: SiteAt) -> None:
    with pytest.raises(Unreachable, match="redirects"):
        site_at(lambda _: redirect("/robots.txt")).fetch()


@pytest.mark.parametrize(
    ("status", "error", "count"),
    [
        (400, PageChanged, 1),
        (401, Blocked, 1),
        (403, Blocked, 1),
        (404, PageChanged, 1),
        (410, PageChanged, 1),
        (451, Blocked, 1),
        (204, PageChanged, 1),
        (304, UnsafeResponse, 1),
        (302, UnsafeResponse, 1),
        (408, Unreachable, 3),
        (429, Blocked, 3),
        (500, Unreachable, 3),
        (503, Unreachable, 3),
        (599, Unreachable, 3),
    ],
)
def test_a_status_decides_what_happens_next(
    site_at: SiteAt, status: int, error: type[CollectError], count: int
) -> None:
    site = site_at(saying(answer(status=status)))

    with pytest.raises(error, match=str(status)):
        site.fetch()
    assert len(site.pages_asked) == count


def test_a_server_that_recovers_is_asked_again(site_at: SiteAt) -> None:
    site = site_at(saying(answer(status=503), PAGE))

    assert site.fetch().byte_count == 19
    assert [round(slept) for slept in site.clock.slept] == [2, 2]


def test_repetitions_wait_longer_each_time(site_at: SiteAt) -> None:
    longest: list[float] = []

    def jitter(seconds: float) -> float:
        longest.append(seconds)
        return seconds

    site = site_at(saying(answer(status=500), answer(status=500), PAGE), jitter=jitter)
    site.fetch()

    assert longest == [2.0, 4.0]
    assert [round(slept) for slept in site.clock.slept] == [2, 2, 4]


def test_a_short_retry_after_is_waited_for(site_at: SiteAt) -> None:
    site = site_at(saying(answer(status=429, Retry_After="11"), PAGE))
    site.fetch()

    assert [round(slept) for slept in site.clock.slept] == [2, 11]


def test_a_long_retry_after_ends_the_request_and_keeps_the_host_quiet(site_at: SiteAt) -> None:
    site = site_at(saying(answer(status=429, Retry_After="3600"), PAGE))
    with pytest.raises(Blocked, match="429"):
        site.fetch()
    site.clock.offset += 3000

    with pytest.raises(Blocked, match="left alone"):
        site.fetch()
    assert len(site.pages_asked) == 1
    site.clock.offset += 601
    assert site.fetch().byte_count == 19


def test_five_failures_open_the_breaker(site_at: SiteAt) -> None:
    site = site_at(saying(answer(status=403)))
    for _ in range(5):
        with pytest.raises(Blocked):
            site.fetch()

    with pytest.raises(Unreachable, match="5 times in a row"):
        site.fetch()
    assert len(site.pages_asked) == 5
    site.clock.offset += 15 * 60
    with pytest.raises(Blocked):
        site.fetch()


def test_answers_that_break_off_open_the_breaker_too(site_at: SiteAt) -> None:
    site = site_at(saying(answer("half", Content_Length="100")))
    for _ in range(5):
        with pytest.raises(Unreachable, match="did not answer"):
            site.fetch()

    with pytest.raises(Unreachable, match="5 times in a row"):
        site.fetch()


def test_the_body_of_a_refusal_does_not_matter(site_at: SiteAt) -> None:
    refusal = answer("half", status=404, Content_Length="100", Content_Encoding="br")

    with pytest.raises(PageChanged, match="404"):
        site_at(saying(refusal)).fetch()


def test_a_missing_page_says_nothing_about_the_host(site_at: SiteAt) -> None:
    site = site_at(saying(answer(status=404)))
    for _ in range(6):
        with pytest.raises(PageChanged):
            site.fetch()


# --- conditional requests


def test_an_unchanged_page_is_not_sent_again(site_at: SiteAt) -> None:
    when = "Thu, 08 Oct 2026 10:00:00 GMT"
    first = answer("<p>one</p>", ETag='"v1"', Last_Modified=when)
    site = site_at(saying(first, answer(status=304), PAGE))
    before, after, last = site.fetch(), site.fetch(), site.fetch()

    asked = site.server.asked[2].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"v1"', when)
    assert (after.text, after.content_type) == (before.text, before.content_type)
    assert after.observe_time > before.observe_time
    assert after.byte_count == before.byte_count
    assert last.text == "<p>$2.49 / hour</p>"


def test_a_page_without_validator_is_asked_for_in_full(site_at: SiteAt) -> None:
    site = site_at(saying(PAGE))
    site.fetch()
    site.fetch()

    assert "if-none-match" not in site.server.asked[-1].headers


@pytest.mark.parametrize(
    "request_of",
    [
        {"path": "/other"},
        {"headers": {"X-Key": "k"}},
        {"method": "POST", "json_body": {}},
    ],
)
def test_a_validator_is_for_the_same_request_only(
    site_at: SiteAt, request_of: dict[str, Any]
) -> None:
    site = site_at(saying(answer("one", ETag='"v1"')))
    site.fetch()
    site.fetch(**request_of)

    assert "if-none-match" not in site.server.asked[-1].headers


def test_one_fetcher_serves_many_threads_one_at_a_time(site_at: SiteAt) -> None:
    running: list[int] = [0]
    most: list[int] = [0]

    def handler(_: Asked) -> bytes:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.02)
        running[0] -= 1
        return PAGE

    site = site_at(without_robots(handler))
    threads = [threading.Thread(target=site.fetch, args=(f"/{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(site.pages_asked) == [f"/{n}" for n in range(6)]
    assert most == [1]
