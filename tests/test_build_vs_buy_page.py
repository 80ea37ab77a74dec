"""docs/build-vs-buy.md has every default that the code takes, and a reader can read it."""

import re

import pytest

from service.build_vs_buy.verdict import PROBABILITY_TO_OWN, PROBABILITY_TO_RENT
from service.facts.judgements import JUDGEMENTS
from tools import build_vs_buy_page as page
from tools.sources import linked, shown_sources

WRITTEN = page.PATH.read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", WRITTEN, re.MULTILINE))
GPUS = [name for name, _ in page.listed_servers()]


def test_the_page_is_what_the_tables_say() -> None:
    assert page.page_text(WRITTEN) == WRITTEN, "make pages"


@pytest.mark.parametrize("gpu", GPUS)
@pytest.mark.parametrize("place", ["US", "US-TX", "DE"])
def test_every_default_of_every_listed_server_stands_on_the_page(gpu: str, place: str) -> None:
    figures = page.defaults_of(gpu, place=place)
    assert not {figure.name for figure in figures} - ROWS.keys()
    for figure in figures:
        assert figure.source, figure.name
        assert figure.date, figure.name


def test_every_row_of_a_default_has_meaning_value_range_source_and_date() -> None:
    names = {figure.name for figure in page.defaults_of(page.GPU)}
    for name in names:
        cells = ROWS[name].split(" | ")
        assert len(cells) == 5, name
        assert all(cells), name
        assert re.match(r"20\d\d", cells[-1]), name


def test_prices_of_all_servers_stand_on_the_page() -> None:
    for name, listed in page.listed_servers():
        row = next(line for line in WRITTEN.splitlines() if f"x `{name}`" in line)
        assert f"| {listed.price.base:,.0f} |" in row


def test_every_judgement_is_a_default_or_a_constant() -> None:
    named = {figure.source for figure in page.defaults_of(page.GPU)}
    constants = WRITTEN.split("<!-- constants -->")[1].split("<!-- end of constants -->")[0]
    for judged in JUDGEMENTS:
        reason = judged.source.partition(": ")[2]
        assert judged.source in named or reason in constants, judged.name
    assert f"{PROBABILITY_TO_OWN:.0%}" in constants
    assert f"{PROBABILITY_TO_RENT:.0%}" in constants


def test_a_reader_can_read_every_row() -> None:
    for line in WRITTEN.splitlines():
        if line.startswith("| "):
            assert len(line) < 600, line
            for cell in line.split(" | "):
                assert cell.count("](") <= 4, cell


def test_the_page_changes_with_a_table_and_only_between_its_marks() -> None:
    broken = WRITTEN.replace("310,000 USD/server", "1 USD/server")
    assert broken != WRITTEN
    assert page.page_text(broken) == WRITTEN
    with pytest.raises(ValueError, match="no place for rent"):
        page.page_text(WRITTEN.replace("<!-- end of rent -->", ""))


def test_sources_are_short_and_linked() -> None:
    archived = (
        "Epoch AI, CC-BY (a repository, Hardware prices.csv) <-"
        " https://web.archive.org/web/20240320115454/https://www.shop.example/h100.html"
    )
    uri = archived.partition("<- ")[2]
    assert linked(archived) == f"[shop.example]({uri}) by Epoch AI"
    assert linked("ertas.ai/blog/tco: 5 %") == "[ertas.ai](https://ertas.ai/blog/tco): 5 %"
    assert linked("a paper (arXiv 2407.21783)").endswith("(https://arxiv.org/abs/2407.21783))")
    many = shown_sources("one | two | three | four", table="pue.csv")
    assert many == "one; two and 2 more, [pue.csv](../service/facts/pue.csv)"
    assert shown_sources("a page (undated, read in 2026-11)") == "a page (undated page)"


def test_the_day_of_the_page_is_said_on_it() -> None:
    assert f"As of {page.TABLES_OF:%-d %B %Y}" in WRITTEN
