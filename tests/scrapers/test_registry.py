"""Providers are found by their files."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrapers import providers
from scrapers.registry import load_providers

NIMBUS = 'provider = Provider(id="{id}", title="Nimbus", home="https://nimbus.example")'


@pytest.fixture
def extra_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose files are providers for the length of a test."""
    known = set(sys.modules)
    monkeypatch.setattr(providers, "__path__", [str(tmp_path)])
    load_providers.cache_clear()
    yield tmp_path
    load_providers.cache_clear()
    for name in set(sys.modules) - known:
        if name.startswith(f"{providers.__name__}."):
            del sys.modules[name]


def _write(folder: Path, name: str, body: str) -> None:
    text = f"from scrapers.provider import Provider\n\n{body}\n"
    (folder / f"{name}.py").write_text(text, encoding="utf-8")


def test_the_ten_providers_are_found_also_the_one_named_lambda() -> None:
    found = load_providers()

    assert {"aws", "azure", "oracle", "lambda", "coreweave"} <= set(found)
    assert {"runpod", "scaleway", "verda", "vultr", "voltagepark"} <= set(found)
    assert list(found) == sorted(found)


def test_what_must_not_be_asked_by_default_is_opt_in() -> None:
    opt_in = {provider.id for provider in load_providers().values() if provider.opt_in}

    assert {"coreweave", "runpod", "voltagepark"} <= opt_in
    assert not opt_in & {"aws", "azure", "oracle", "lambda", "scaleway", "verda", "vultr"}


def test_a_new_file_is_a_new_provider_with_nothing_to_list(extra_folder: Path) -> None:
    _write(extra_folder, "nimbus_two", NIMBUS.format(id="nimbus-two"))

    assert set(load_providers()) == {"nimbus-two"}


def test_a_file_that_is_not_named_as_its_provider_is_refused(extra_folder: Path) -> None:
    _write(extra_folder, "cumulus_test", NIMBUS.format(id="nimbus"))

    with pytest.raises(ValueError, match="nimbus"):
        load_providers()


def test_a_file_without_a_provider_is_refused(extra_folder: Path) -> None:
    _write(extra_folder, "stratus_test", "")

    with pytest.raises(TypeError, match="stratus_test"):
        load_providers()
