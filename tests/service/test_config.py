import argparse
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from service.config import (
    TABLE,
    VERSION,
    Settings,
    SettingsError,
    add_flags,
    environ_of,
    is_loopback,
    with_flags,
)


def test_every_setting_has_a_default_that_works() -> None:
    settings = Settings.from_env({})
    assert settings.rest_port == 8080
    assert settings.grpc_port == 50051
    assert settings.redis_url == ""
    assert settings.providers == ()


def test_the_table_names_every_field_once() -> None:
    assert [row.field for row in TABLE] == [field.name for field in fields(Settings)]


def test_an_unknown_variable_names_the_nearest_known_one() -> None:
    with pytest.raises(SettingsError, match=r"GPUQUOTE_REST_PROT.*did you mean GPUQUOTE_REST_PORT"):
        Settings.from_env({"GPUQUOTE_REST_PROT": "1"})


def test_variables_of_others_are_left_alone() -> None:
    assert Settings.from_env({"HOME": "/", "REST_PORT": "x"}).rest_port == 8080


@pytest.mark.parametrize("text", ["0", "65536", "x", "-1", "1e3", "٣", "80.0"])
def test_a_port_that_is_none_names_its_variable(text: str) -> None:
    with pytest.raises(SettingsError, match="GPUQUOTE_REST_PORT"):
        Settings.from_env({"GPUQUOTE_REST_PORT": text})


def test_the_metrics_port_may_be_off() -> None:
    assert Settings.from_env({"GPUQUOTE_METRICS_PORT": "0"}).metrics_port == 0


def test_an_address_beyond_loopback_has_to_be_asked_for() -> None:
    with pytest.raises(SettingsError, match="GPUQUOTE_ALLOW_ANONYMOUS=1"):
        Settings.from_env({"GPUQUOTE_HOST": "0.0.0.0"})  # noqa: S104 - the refused case
    asked = {"GPUQUOTE_HOST": "0.0.0.0", "GPUQUOTE_ALLOW_ANONYMOUS": "1"}  # noqa: S104
    assert Settings.from_env(asked).allow_anonymous


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_is_recognised(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])  # noqa: S104
def test_what_others_can_reach_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_a_flag_wins_over_its_variable() -> None:
    parser = argparse.ArgumentParser()
    add_flags(parser)
    arguments = parser.parse_args(["--rest-port", "9000"])
    environ = with_flags({"GPUQUOTE_REST_PORT": "8000", "GPUQUOTE_GRPC_PORT": "7000"}, arguments)
    settings = Settings.from_env(environ)
    assert (settings.rest_port, settings.grpc_port) == (9000, 7000)


def test_settings_written_as_variables_read_back_the_same(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {
            "GPUQUOTE_PROVIDERS": "lambda, aws,lambda",
            "GPUQUOTE_REPLAY": str(tmp_path),
            "GPUQUOTE_ALLOW_ANONYMOUS": "1",
        }
    )
    assert settings.providers == ("lambda", "aws")
    assert Settings.from_env(environ_of(settings)) == settings


def test_the_address_of_the_store_may_stand_in_a_file_and_never_shows(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("redis://:canary@127.0.0.1:6379/0\n")
    settings = Settings.from_env({"GPUQUOTE_REDIS_URL_FILE": str(secret)})
    assert settings.redis_url == "redis://:canary@127.0.0.1:6379/0"
    assert "canary" not in repr(settings)


def test_a_secret_file_that_is_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="GPUQUOTE_REDIS_URL_FILE: cannot read /nowhere"):
        Settings.from_env({"GPUQUOTE_REDIS_URL_FILE": "/nowhere"})


@pytest.mark.parametrize(
    ("variable", "text"),
    [("ALLOW_ANONYMOUS", "yes"), ("LOG_LEVEL", "loud"), ("LEASE_SECONDS", "0")],
)
def test_a_value_that_does_not_fit_names_its_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"GPUQUOTE_{variable}"):
        Settings.from_env({f"GPUQUOTE_{variable}": text})


def test_the_version_is_the_one_of_the_distribution() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == VERSION


def test_a_replay_has_a_store_of_its_own(tmp_path: Path) -> None:
    settings = Settings.from_env({"GPUQUOTE_DATA_DIR": str(tmp_path)})
    assert settings.store_dir("") == tmp_path
    assert settings.store_dir("abc") == tmp_path / "replay-abc"
