"""Settings: every one has a variable, a flag and a default that works.

An unknown `GPUQUOTE_` variable stops the start, so that a typo cannot silently leave a default in
force. The table below is the only list of settings; the README's table is held against it.
"""

import argparse
import difflib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

VERSION = "0.1.0"
PREFIX = "GPUQUOTE_"
DEFAULT_CONTACT = "https://github.com/gpuquote/gpuquote"
_HIGHEST_PORT = 65_535


class SettingsError(Exception):
    """A setting is unknown or cannot be used; the message names it and what would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be set from outside. Every field stands in `TABLE`."""

    host: str
    rest_port: int
    grpc_port: int
    metrics_port: int
    grpc_target: str
    redis_url: str = field(repr=False)  # may hold a password
    valkey_bin: Path | None
    data_dir: Path
    replay: Path | None
    providers: tuple[str, ...]
    contact: str
    lease_seconds: int
    max_stale_hours: int
    history_days: int
    quote_days: int
    gateway_threads: int
    log_level: str
    allow_anonymous: bool

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read settings from `GPUQUOTE_*` variables; an empty one counts as not set.

        Raises SettingsError for an unknown variable (naming the nearest known one) and for a
        value that does not fit.
        """
        known = {setting.variable: setting for setting in TABLE}
        given = {name: value for name, value in environ.items() if name.startswith(PREFIX)}
        _take_secret_file(given, "GPUQUOTE_REDIS_URL")
        for name in sorted(given.keys() - known.keys()):
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"; did you mean {nearest[0]}?" if nearest else ""
            raise SettingsError(f"{name} is not a setting{hint}")
        values = {setting.field: setting.read(given.get(setting.variable, "")) for setting in TABLE}
        settings = cls(**values)
        settings.check_exposure()
        return settings

    def check_exposure(self) -> None:
        """Refuse to listen beyond this machine without keys, unless that is asked for."""
        if not self.allow_anonymous and not is_loopback(self.host):
            raise SettingsError(
                f"GPUQUOTE_HOST={self.host} would answer other machines without keys; "
                "set GPUQUOTE_ALLOW_ANONYMOUS=1 to allow that"
            )

    def store_dir(self, replay_digest: str) -> Path:
        """Return the folder of the embedded store; "" is the digest of no replay.

        A replay has a store of its own, which live runs never read.
        """
        return self.data_dir / f"replay-{replay_digest}" if replay_digest else self.data_dir


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command a flag for every setting."""
    group = parser.add_argument_group("settings", "each is also an environment variable")
    for setting in TABLE:
        group.add_argument(
            setting.flag, metavar="VALUE", help=f"{setting.about} [{setting.variable}]"
        )


def with_flags(environ: Mapping[str, str], arguments: argparse.Namespace) -> dict[str, str]:
    """Return the environment with the given flags laid over it."""
    given = {setting.variable: getattr(arguments, setting.field) for setting in TABLE}
    return dict(environ) | {name: value for name, value in given.items() if value is not None}


def environ_of(settings: Settings) -> dict[str, str]:
    """Write settings back as variables, for a child process."""
    return {row.variable: row.write(getattr(settings, row.field)) for row in TABLE}


def _take_secret_file(given: dict[str, str], variable: str) -> None:
    """Replace `VARIABLE_FILE` by the variable itself, read from that file."""
    path = given.pop(f"{variable}_FILE", "")
    if not path:
        return
    try:
        given[variable] = Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}_FILE: cannot read {path} ({error.strerror})") from error


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine only; a name other than localhost does not."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table: the field, its reader, its default as text, and what it is."""

    field: str
    default: str
    about: str
    reader: Callable[[str, str], Any]

    @property
    def variable(self) -> str:
        """The environment variable. Example: "GPUQUOTE_REST_PORT"."""
        return PREFIX + self.field.upper()

    @property
    def flag(self) -> str:
        """The command-line flag. Example: "--rest-port"."""
        return "--" + self.field.replace("_", "-")

    def read(self, text: str) -> Any:
        """Read a value; an empty one gives the default. Raises SettingsError."""
        return self.reader(self.variable, text.strip() or self.default)

    @staticmethod
    def write(value: Any) -> str:
        """Write a value as `read` reads it."""
        if isinstance(value, bool):
            return "1" if value else "0"
        if isinstance(value, tuple):
            return ",".join(value)
        return "" if value is None else str(value)


def _text(_: str, text: str) -> str:
    return text


def _port(variable: str, text: str) -> int:
    return _whole_number(variable, text, low=1, high=_HIGHEST_PORT)


def _port_or_none(variable: str, text: str) -> int:
    return _whole_number(variable, text, low=0, high=_HIGHEST_PORT)


def _count(variable: str, text: str) -> int:
    return _whole_number(variable, text, low=1, high=100_000)


def _whole_number(variable: str, text: str, *, low: int, high: int) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise SettingsError(f"{variable}={text} must be a whole number from {low} to {high}")
    return int(text)


def _path(_: str, text: str) -> Path:
    return Path(text).expanduser().resolve()


def _path_or_none(variable: str, text: str) -> Path | None:
    return _path(variable, text) if text else None


def _ids(_: str, text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _yes(variable: str, text: str) -> bool:
    if text not in {"0", "1"}:
        raise SettingsError(f"{variable}={text} must be 0 or 1")
    return text == "1"


def _level(variable: str, text: str) -> str:
    levels = ("DEBUG", "INFO", "WARNING", "ERROR")
    if text.upper() not in levels:
        raise SettingsError(f"{variable}={text} must be one of {', '.join(levels)}")
    return text.upper()


TABLE: tuple[Setting, ...] = (
    Setting(
        field="host",
        default="127.0.0.1",
        reader=_text,
        about="address that gRPC and REST listen on; other than loopback needs ALLOW_ANONYMOUS",
    ),
    Setting(field="rest_port", default="8080", reader=_port, about="port of REST"),
    Setting(field="grpc_port", default="50051", reader=_port, about="port of gRPC"),
    Setting(
        field="metrics_port",
        default="9464",
        reader=_port_or_none,
        about="port of /metrics, on loopback; 0 turns it off",
    ),
    Setting(
        field="grpc_target",
        default="",
        reader=_text,
        about="host:port of a gRPC service for `gateway`; empty: answer in process from the store",
    ),
    Setting(
        field="redis_url",
        default="",
        reader=_text,
        about="redis://, rediss:// or unix:// address; empty: an embedded Valkey in DATA_DIR",
    ),
    Setting(
        field="valkey_bin",
        default="",
        reader=_path_or_none,
        about="another server binary for the embedded store",
    ),
    Setting(
        field="data_dir",
        default=platformdirs.user_state_dir("gpuquote"),
        reader=_path,
        about="where the embedded store keeps its data",
    ),
    Setting(
        field="replay",
        default="",
        reader=_path_or_none,
        about="folder of recorded pages to read instead of the live ones",
    ),
    Setting(
        field="providers",
        default="",
        reader=_ids,
        about="ids to enable, comma-separated; empty: all but the opt-in ones; `all`: every one",
    ),
    Setting(
        field="contact",
        default=DEFAULT_CONTACT,
        reader=_text,
        about="address or mail in the User-Agent, so that a provider can reach you",
    ),
    Setting(
        field="lease_seconds",
        default="30",
        reader=_count,
        about="length of the lease that lets one collector lead",
    ),
    Setting(
        field="max_stale_hours",
        default="24",
        reader=_count,
        about="how long a service without its store goes on answering from memory",
    ),
    Setting(
        field="history_days",
        default="400",
        reader=_count,
        about="how long prices and availability of the past are kept",
    ),
    Setting(
        field="quote_days",
        default="2557",
        reader=_count,
        about="how long quotes are kept; 2557 days are seven years",
    ),
    Setting(field="gateway_threads", default="8", reader=_count, about="threads of the gateway"),
    Setting(
        field="log_level",
        default="WARNING",
        reader=_level,
        about="least level of the JSON log on standard error",
    ),
    Setting(
        field="allow_anonymous",
        default="0",
        reader=_yes,
        about="1: listen beyond loopback although there are no keys yet",
    ),
)
