"""Keys on their way to a server of our own: sent to it, and to nobody else."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from scrapers.errors import Blocked, PageChanged, UnsafeResponse
from scrapers.keys import Secret
from scrapers.page import Page
from scrapers.provider import Provider, Request
from tests.scrapers.raw_server import Asked, Handler, RawServer, answer
from tests.scrapers.test_fetch import Site, without_robots

KEY = "sk-live-0123456789"
KEYS = {"NIMBUS_KEY": Secret(KEY)}
KEYED = {"Authorization": "Bearer {NIMBUS_KEY}"}
WITH_TOKEN = {"Authorization": "Bearer {access_token}"}

SiteAt = Callable[..., Site]


@pytest.fixture
def site_at() -> Iterator[SiteAt]:
    with ExitStack() as stack:

        def start(handler: Handler, **options: Any) -> Site:
            server = stack.enter_context(RawServer(handler=without_robots(handler)))
            return Site(server, **({"keys": KEYS} | options))

        yield start


def said(text: str = "{}", **options: Any) -> bytes:
    return answer(text, content_type="application/json", **options)


def pages(site: Site) -> list[Asked]:
    return [asked for asked in site.server.asked if asked.target != "/robots.txt"]


def test_a_key_is_sent_to_its_server_only_with_its_request(site_at: SiteAt) -> None:
    site = site_at(lambda _: said())
    site.fetch(headers=KEYED)
    site.fetch("/other")
    keyed, bare = pages(site)
    assert keyed.headers["authorization"] == f"Bearer {KEY}"
    assert "authorization" not in bare.headers
    (robots,) = [asked for asked in site.server.asked if asked.target == "/robots.txt"]
    assert "authorization" not in robots.headers


def test_a_key_in_a_path_is_sent_and_never_shown(site_at: SiteAt) -> None:
    site = site_at(lambda _: said())
    page = site.fetch("/teams/{NIMBUS_KEY}/stock")
    assert [asked.target for asked in pages(site)] == [f"/teams/{KEY}/stock"]
    assert KEY not in page.url


def test_a_redirect_that_names_a_key_is_refused(site_at: SiteAt) -> None:
    site = site_at(lambda _: answer(status=302, Location="/x?k={NIMBUS_KEY}"))
    with pytest.raises(UnsafeResponse, match="asks for a key"):
        site.fetch("/prices")
    assert [asked.target for asked in pages(site)] == ["/prices"]


def test_a_key_in_a_body_is_sent_as_json(site_at: SiteAt) -> None:
    site = site_at(lambda _: said())
    site.fetch(method="POST", json_body={"key": "{NIMBUS_KEY}", "limit": 3})
    assert json.loads(pages(site)[0].body) == {"key": KEY, "limit": 3}


def test_nothing_that_is_logged_raised_or_kept_shows_a_key(
    site_at: SiteAt, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = site_at(lambda asked: said(status=500 if asked.target == "/bad" else 200, ETag='"1"'))
    page = site.fetch(headers=KEYED)
    with pytest.raises(Exception, match="500") as failed:
        site.fetch("/bad", headers=KEYED)
    shown = [repr(page), repr(failed.value), caplog.text, repr(vars(site.fetcher))]
    shown.append(repr(site.fetcher._kept.find(Request(url=f"{site.root}/prices", headers=KEYED))))
    assert not any(KEY in text for text in shown)


def test_a_page_that_repeats_the_key_is_read_without_it(site_at: SiteAt) -> None:
    site = site_at(lambda asked: said(json.dumps({"you": asked.headers["authorization"]})))
    assert site.fetch(headers=KEYED).json["you"].text == "Bearer …"


def test_a_redirect_that_shows_the_key_is_not_followed(site_at: SiteAt) -> None:
    site = site_at(lambda _: said(status=302, Location=f"/login?key={KEY}"))
    with pytest.raises(UnsafeResponse) as failed:
        site.fetch(headers=KEYED)
    assert KEY not in str(failed.value)
    assert len(pages(site)) == 1


def test_a_redirect_within_the_host_keeps_the_key(site_at: SiteAt) -> None:
    site = site_at(
        lambda asked: said(status=302, Location="/new") if asked.target == "/prices" else said()
    )
    site.fetch(headers=KEYED)
    assert [asked.headers["authorization"] for asked in pages(site)] == [f"Bearer {KEY}"] * 2


class Clouds:
    """A server that signs clients in with numbered tokens and takes only the newest."""

    def __init__(self, *, expires_in: str = "3600") -> None:
        self.expires_in = expires_in
        self.sign_ins: list[object] = []
        self.refuse_all = False

    def __call__(self, asked: Asked) -> bytes:
        if asked.target == "/token":
            self.sign_ins.append(json.loads(asked.body))
            token = f"token-number-{len(self.sign_ins)}"
            return said(f'{{"access_token": "{token}", "expires_in": {self.expires_in}}}')
        newest = f"Bearer token-number-{len(self.sign_ins)}"
        ok = asked.headers.get("authorization") == newest and not self.refuse_all
        return said("{}" if ok else "no", status=200 if ok else 401)


def signed_in(site: Site) -> Provider:
    sign_in = Request(
        url=f"{site.root}/token",
        method="POST",
        json_body={"grant_type": "client_credentials", "client_secret": "{NIMBUS_KEY}"},
    )
    return replace(site.provider, sign_in=sign_in)


def fetch(site: Site) -> Page:
    request = Request(url=f"{site.root}/prices", headers=WITH_TOKEN)
    return site.fetcher.fetch(request, provider=signed_in(site), kind="prices", part="all")


def test_signing_in_comes_first_and_once(site_at: SiteAt) -> None:
    clouds = Clouds()
    site = site_at(clouds)
    fetch(site)
    fetch(site)
    assert [asked.target for asked in pages(site)] == ["/token", "/prices", "/prices"]
    assert clouds.sign_ins == [{"grant_type": "client_credentials", "client_secret": KEY}]


def test_a_token_is_renewed_shortly_before_it_ends(site_at: SiteAt) -> None:
    clouds = Clouds(expires_in="1000")
    site = site_at(clouds)
    fetch(site)
    site.clock.offset += 880
    fetch(site)
    assert len(clouds.sign_ins) == 1
    site.clock.offset += 40
    fetch(site)
    assert len(clouds.sign_ins) == 2


def test_a_token_that_is_refused_is_replaced_once(site_at: SiteAt) -> None:
    clouds = Clouds()
    site = site_at(clouds)
    fetch(site)
    clouds.sign_ins.append("somebody else signed in")
    fetch(site)
    assert [asked.target for asked in pages(site)][2:] == ["/prices", "/token", "/prices"]
    clouds.refuse_all = True
    with pytest.raises(Blocked, match="401"):
        fetch(site)
    assert [asked.target for asked in pages(site)][5:] == ["/prices", "/token", "/prices"]


@pytest.mark.parametrize(
    "body", ["{}", '{"access_token": "a b"}', '{"access_token": ""}', "<html>", '{"error": "x"}']
)
def test_an_answer_without_a_token_is_a_changed_page(site_at: SiteAt, body: str) -> None:
    site = site_at(lambda _: said(body))
    with pytest.raises(PageChanged):
        fetch(site)
    assert [asked.target for asked in pages(site)] == ["/token"]


def test_a_token_that_does_not_say_how_long_it_holds_is_used_for_five_minutes(
    site_at: SiteAt,
) -> None:
    clouds = Clouds(expires_in="null")
    site = site_at(clouds)
    fetch(site)
    site.clock.offset += 280
    fetch(site)
    assert len(clouds.sign_ins) == 1
    site.clock.offset += 40
    fetch(site)
    assert len(clouds.sign_ins) == 2


def test_a_token_is_never_kept_as_a_page(site_at: SiteAt) -> None:
    site = site_at(
        lambda asked: (
            said('{"access_token": "token-number-1"}', ETag='"1"')
            if asked.target == "/token"
            else said()
        )
    )
    sign_in = Request(url=f"{site.root}/token", headers=KEYED)
    provider = replace(site.provider, sign_in=sign_in)
    request = Request(url=f"{site.root}/prices", headers=WITH_TOKEN)
    site.fetcher.fetch(request, provider=provider, kind="prices", part="all")
    assert site.fetcher._kept.find(sign_in) is None
