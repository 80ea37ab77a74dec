"""What stands in the documents is held against the code."""

import re
from pathlib import Path

import pytest

from service.config import TABLE
from service.domain.caveat import CaveatCode
from service.domain.errors import Reason
from service.domain.geo import GEO_GROUPS
from service.domain.offer import Freshness
from service.domain.offer_fields import FIELDS
from tools import models_page, providers_page

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "API.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_every_setting_stands_in_the_readme_with_its_meaning() -> None:
    for row in TABLE:
        assert re.search(
            rf"^\| `{row.variable}` \|.*\| {re.escape(row.about)} \|$", README, re.MULTILINE
        ), row.variable


def test_every_variable_of_the_readme_is_a_setting() -> None:
    named = set(re.findall(r"GPUQUOTE_[A-Z_]*[A-Z]", README))
    assert named <= {row.variable for row in TABLE} | {"GPUQUOTE_REDIS_URL_FILE"}


def test_every_reason_stands_in_the_api_page_and_nothing_else_does() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| \d{3} \|", API, re.MULTILINE)
    assert sorted(rows) == sorted(reason.value for reason in Reason)


def test_every_filter_field_stands_in_the_api_page() -> None:
    for name in FIELDS:
        assert f"`{name}`" in API, name


def test_every_geo_group_freshness_and_caveat_stands_in_the_api_page() -> None:
    for word in (*GEO_GROUPS, *Freshness, *CaveatCode):
        assert f"`{word}`" in API, word


def test_the_page_of_providers_is_what_they_say_of_themselves() -> None:
    written = providers_page.PATH.read_text(encoding="utf-8")
    assert written == providers_page.providers_text(), "make pages"
    assert "docs/PROVIDERS.md" in README


def test_the_page_of_models_is_the_registry() -> None:
    written = models_page.PATH.read_text(encoding="utf-8")
    assert written == models_page.models_text(), "make pages"


def test_the_page_of_build_vs_buy_is_named() -> None:
    assert "build-vs-buy.md" in API


@pytest.mark.parametrize("page", [README, API, ARCHITECTURE, CONTRIBUTING], ids=len)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", page)
    named += re.findall(r"`((?:service|scrapers|tests|protos|tools|clients)/[\w./]+\.\w+)`", page)
    missing = [
        path
        for path in named
        if not ((ROOT / path).exists() or (ROOT / "docs" / path).exists()) and "nimbus" not in path
    ]
    assert missing == []


def test_every_dependency_has_its_line_in_contributing() -> None:
    listed = PYPROJECT.split("[tool", maxsplit=1)[0]
    names = re.findall(r'^    "([a-z0-9-]+)[>=<]', listed, re.MULTILINE)
    table = CONTRIBUTING.split("## Dependencies")[1]
    missing = [name for name in names if not re.search(rf"(?<![\w-]){name}(?![\w-])", table)]
    assert missing == []
