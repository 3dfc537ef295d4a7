"""What a server is told: a TOML file, and command-line options that override it."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mailproto.errors import MailprotoError


class ConfigError(MailprotoError):
    """A setting that cannot be used; the text is one line that names it, its value and what was expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. ``port`` 0 means any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


#: Listener kinds, in the order in which bound addresses are printed: name -> (protocol, TLS from the start).
LISTENERS: Final[dict[str, tuple[str, bool]]] = {
    "imap": ("imap", False),
    "imaps": ("imap", True),
    "pop3": ("pop3", False),
    "pop3s": ("pop3", True),
    "lmtp": ("lmtp", False),
}

#: Most processes that serve at once: a bound against slips of the finger.
MAX_WORKERS: Final = 256

#: Where ``mailproto serve`` listens when nobody says: this machine only, on ports that need no privilege.
DEFAULT_LISTEN: Final[dict[str, tuple[Address, ...]]] = {
    "imap": (Address("127.0.0.1", 1143),),
    "imaps": (Address("127.0.0.1", 1993),),
    "pop3": (Address("127.0.0.1", 1110),),
    "pop3s": (Address("127.0.0.1", 1995),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLimits:
    """How much of the server one peer may use. Times are in seconds."""

    #: Connections at once, from everywhere.
    connections: int = 10_000
    #: Connections at once from one address: a family's phones and laptops behind one router fit.
    connections_per_address: int = 100
    #: Connections at once from one address that have not logged in.
    logins_per_address: int = 20
    #: From the connection to the login, a TLS handshake included.
    login_timeout: float = 60.0
    #: Silence after login. RFC 3501 section 5.4 asks for at least 30 minutes.
    imap_timeout: float = 1800.0
    #: Silence after login. RFC 1939 section 3 asks for at least 10 minutes.
    pop3_timeout: float = 600.0
    #: Failed logins on one connection before it is closed.
    login_failures: int = 3
    #: The delay after an address's first failed login; it doubles with each further one.
    login_delay: float = 0.5
    #: The longest such delay.
    login_delay_cap: float = 15.0
    #: How long sessions get to finish when the server stops.
    drain_timeout: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything a server is told."""

    #: The data folder: mail, accounts and a self-made certificate live there.
    data: Path
    #: Listener kind -> addresses.
    listen: Mapping[str, tuple[Address, ...]] = field(default_factory=lambda: dict(DEFAULT_LISTEN))
    #: Certificate chain and private key, PEM. Without them a self-signed pair is made in the data folder.
    tls_cert: Path | None = None
    tls_key: Path | None = None
    #: Take passwords on connections without TLS: anybody on the way reads them.
    allow_cleartext_login: bool = False
    #: Processes that serve. Each has limits of its own; they share the sockets and the data folder.
    workers: int = 1
    #: Accounts to make when they are not there yet: (name, password).
    users: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    limits: ServerLimits = field(default_factory=ServerLimits)


def default_data_folder() -> Path:
    """``$XDG_DATA_HOME/mailproto``, which is ``~/.local/share/mailproto`` for most people."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "mailproto"


def parse_address(text: str, what: str = "address") -> Address:
    """``HOST:PORT``, ``[IPV6]:PORT`` or ``:PORT`` (every interface of IPv4). Raises :class:`ConfigError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or len(port) > 5 or int(port) > 65535:
        raise ConfigError(f"{what}: {text!r} is not HOST:PORT with a port from 0 to 65535")
    if host.startswith("[") and host.endswith("]"):
        try:
            host = str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise ConfigError(f"{what}: {text!r} holds no IPv6 address between its brackets") from None
    elif ":" in host:
        raise ConfigError(f"{what}: {text!r}: an IPv6 address stands in brackets, as in [::1]:143")
    return Address(host or "0.0.0.0", int(port))  # noqa: S104


def parse_user(text: str, what: str = "user") -> tuple[str, str]:
    """``NAME:PASSWORD``. Raises :class:`ConfigError`, which never repeats the text (a password)."""
    name, colon, password = text.partition(":")
    if not colon or not name or not password:
        raise ConfigError(f"{what}: expected NAME:PASSWORD")
    return name, password


def load(path: str | Path) -> dict[str, Any]:
    """Read a TOML file into the arguments of :class:`Config`; paths in it are relative to its folder.

    Raises :class:`ConfigError` for a file that cannot be read, is not TOML, or holds an unknown key or a
    value of the wrong kind.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_bytes().decode())
    except OSError as error:
        raise ConfigError(f"config file {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"config file {path}: not UTF-8 at octet {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"config file {path}: not TOML: {error}") from None
    try:
        return _settings(table, path.parent)
    except ConfigError as error:
        raise ConfigError(f"config file {path}: {error}") from None


def _settings(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in table.items():
        match key:
            case "data":
                settings["data"] = folder / _text(key, value)
            case "allow_cleartext_login":
                if not isinstance(value, bool):
                    raise _expected(key, value, "true or false")
                settings[key] = value
            case "workers":
                if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_WORKERS:
                    raise _expected(key, value, f"a whole number from 1 to {MAX_WORKERS}")
                settings[key] = value
            case "listen":
                settings["listen"] = {
                    _known(f"listen.{kind}", kind, LISTENERS): _addresses(f"listen.{kind}", where)
                    for kind, where in _table(key, value).items()
                }
            case "tls":
                for name, file in _table(key, value).items():
                    _known(f"tls.{name}", name, ("cert", "key"))
                    settings[f"tls_{name}"] = folder / _text(f"tls.{name}", file)
            case "users":
                for password in _table(key, value).values():
                    if not isinstance(password, str) or not password:
                        raise ConfigError('users: expected NAME = "PASSWORD" lines')
                settings["users"] = tuple(value.items())
            case "limits":
                settings["limits"] = _limits(_table(key, value))
            case _:
                known = ("data", "listen", "tls", "users", "limits", "allow_cleartext_login", "workers")
                _known(key, key, known)
    return settings


def _limits(table: dict[str, Any]) -> ServerLimits:
    kinds = {f.name: f.type for f in dataclasses.fields(ServerLimits)}
    for name, value in table.items():
        _known(f"limits.{name}", name, kinds)
        whole = kinds[name] == "int"
        # bool is an int to Python, never to somebody who writes a limit.
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not value > 0:
            what = "a whole number above 0" if whole else "a number of seconds above 0"
            raise _expected(f"limits.{name}", value, what)
    return ServerLimits(**table)


def _addresses(key: str, value: object) -> tuple[Address, ...]:
    texts: list[Any] = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise _expected(key, value, '"HOST:PORT" or a list of them')
    return tuple(parse_address(text, key) for text in texts)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _expected(key, value, "a path between quotes")
    return value


def _table(key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _expected(key, value, f"a table, as in [{key}]")
    return value


def _known(key: str, name: str, known: Any) -> str:
    if name not in known:
        raise ConfigError(f"{key}: unknown key; expected one of {', '.join(known)}")
    return name


def _expected(key: str, value: object, what: str) -> ConfigError:
    return ConfigError(f"{key} = {value!r}: expected {what}")


def build(file: str | Path | None = None, **options: Any) -> Config:
    """The configuration: defaults, overridden by the file, overridden by options that are not ``None``.

    ``users`` of the options are added to those of the file. A listener given in either place replaces the
    default set, so that ``--imap`` alone opens nothing else. Raises :class:`ConfigError`.
    """
    settings = load(file) if file is not None else {}
    users = dict(settings.pop("users", ())) | dict(options.pop("users", None) or ())
    given = {name: value for name, value in options.items() if value is not None}
    listen = settings.get("listen", {}) | given.get("listen", {})
    settings |= given
    if listen:
        settings["listen"] = listen
    if (settings.get("tls_cert") is None) != (settings.get("tls_key") is None):
        missing = "key" if settings.get("tls_key") is None else "certificate"
        raise ConfigError(f"tls: the {missing} is missing; certificate and key go together")
    workers = settings.get("workers", 1)
    if not 1 <= workers <= MAX_WORKERS:
        raise _expected("workers", workers, f"a whole number from 1 to {MAX_WORKERS}")
    settings.setdefault("data", default_data_folder())
    return Config(users=tuple(users.items()), **settings)
