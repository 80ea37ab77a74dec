"""Groups of countries."""

import pytest

from service.domain.geo import COUNTRIES, GEO_GROUPS, UnknownGeoGroup, countries_of


def test_every_country_is_assigned_by_iso_3166() -> None:
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isascii() and code.isupper() for code in COUNTRIES)


@pytest.mark.parametrize(
    ("group", "size"), [("EU", 27), ("EEA", 30), ("AFRICA", 60), ("OCEANIA", 29)]
)
def test_a_group_has_its_known_size(group: str, size: int) -> None:
    assert len(GEO_GROUPS[group]) == size


def test_the_european_groups_contain_each_other() -> None:
    assert GEO_GROUPS["EU"] < GEO_GROUPS["EEA"] < GEO_GROUPS["EUROPE"]
    assert "CH" not in GEO_GROUPS["EEA"]
    assert {"GB", "CH", "NO", "CY"} <= GEO_GROUPS["EUROPE"]


@pytest.mark.parametrize(
    ("country", "groups"),
    [
        ("US", {"NA"}),
        ("MX", {"NA"}),
        ("BR", {"SA"}),
        ("JP", {"APAC"}),
        ("AU", {"APAC", "OCEANIA"}),
        ("AE", {"MEA"}),
        ("ZA", {"MEA", "AFRICA"}),
        ("FR", {"EU", "EEA", "EUROPE"}),
        ("AQ", set()),
    ],
)
def test_a_country_is_in_its_groups_and_no_other(country: str, groups: set[str]) -> None:
    assert {name for name, codes in GEO_GROUPS.items() if country in codes} == groups


def test_a_group_is_found_whatever_its_case() -> None:
    assert countries_of("eea") == GEO_GROUPS["EEA"]


def test_an_unknown_group_is_a_key_error() -> None:
    with pytest.raises(UnknownGeoGroup):
        countries_of("ATLANTIS")
    assert issubclass(UnknownGeoGroup, KeyError)


def test_the_groups_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        GEO_GROUPS["EU"] = frozenset()  # type: ignore[index]
