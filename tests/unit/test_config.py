"""server/config.py: the TOML file, the options, and the words used for what is wrong."""

from pathlib import Path

import pytest

from mailproto.server.config import DEFAULT_LISTEN, Address, ConfigError, build, parse_address, parse_user


def write(folder: Path, text: str) -> Path:
    path = folder / "server.toml"
    path.write_text(text)
    return path


def test_a_full_file_is_read(tmp_path):
    config = build(
        write(
            tmp_path,
            """
            data = "mail"
            allow_cleartext_login = true
            [listen]
            imap = "127.0.0.1:0"
            pop3 = ["127.0.0.1:0", "[::1]:110"]
            [tls]
            cert = "cert.pem"
            key = "/etc/key.pem"
            [users]
            alice = "secret:with colon"
            [limits]
            connections_per_address = 7
            login_timeout = 2.5
            """,
        )
    )
    assert config.data == tmp_path / "mail"
    assert config.allow_cleartext_login is True
    assert config.listen == {
        "imap": (Address("127.0.0.1", 0),),
        "pop3": (Address("127.0.0.1", 0), Address("::1", 110)),
    }
    assert (config.tls_cert, config.tls_key) == (tmp_path / "cert.pem", Path("/etc/key.pem"))
    assert config.users == (("alice", "secret:with colon"),)
    assert (config.limits.connections_per_address, config.limits.login_timeout) == (7, 2.5)
    assert "secret" not in repr(config)


def test_options_override_the_file(tmp_path):
    file = write(
        tmp_path,
        """
        data = "a"
        allow_cleartext_login = false
        [listen]
        imap = "127.0.0.1:1"
        imaps = "127.0.0.1:2"
        [users]
        alice = "one"
        bob = "two"
        """,
    )
    config = build(
        file,
        data=tmp_path / "b",
        allow_cleartext_login=True,
        listen={"imap": (Address("::1", 9),)},
        users=[("alice", "three")],
        tls_cert=None,
    )
    assert config.data == tmp_path / "b"
    assert config.allow_cleartext_login is True
    assert config.listen == {"imap": (Address("::1", 9),), "imaps": (Address("127.0.0.1", 2),)}
    assert dict(config.users) == {"alice": "three", "bob": "two"}


def test_without_a_listener_the_defaults_serve_and_one_listener_is_alone():
    assert build(data=Path("x")).listen == DEFAULT_LISTEN
    assert build(data=Path("x"), listen={"pop3": (Address("h", 1),)}).listen == {"pop3": (Address("h", 1),)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data = ", "not TOML"),
        ("data = 3", "data = 3: expected a path"),
        ('datta = "x"', "datta: unknown key"),
        ('allow_cleartext_login = "yes"', "allow_cleartext_login = 'yes': expected true or false"),
        ('listen = "x"', "listen = 'x': expected a table"),
        ('[listen]\nsmtp = "h:1"', "listen.smtp: unknown key"),
        ('[listen]\nimap = "nohost"', "listen.imap: 'nohost' is not HOST:PORT"),
        ('[listen]\nimap = "h:65536"', "port from 0 to 65535"),
        ("[listen]\nimap = 143", "listen.imap = 143: expected"),
        ('[tls]\ncert = "x"', "the key is missing"),
        ('[tls]\nciphers = "x"', "tls.ciphers: unknown key"),
        ("[limits]\nconnections = 0", "limits.connections = 0: expected a whole number above 0"),
        ("[limits]\nconnections = true", "limits.connections = True"),
        ("[limits]\nconnections = 1.5", "limits.connections = 1.5"),
        ("[limits]\nlogin_timeout = -1", "limits.login_timeout = -1: expected a number of seconds"),
        ("[limits]\nlogin_timeout = nan", "limits.login_timeout"),
        ("[limits]\nspeed = 1", "limits.speed: unknown key"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(tmp_path, text, words):
    with pytest.raises(ConfigError) as caught:
        build(write(tmp_path, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_password_of_a_wrong_users_table_is_not_shown(tmp_path):
    with pytest.raises(ConfigError) as caught:
        build(write(tmp_path, "[users]\nalice = 12345678"))
    assert "12345678" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        parse_user("hunter2")
    assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        build(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'data = "\xff"')
    with pytest.raises(ConfigError, match="not UTF-8 at octet 8"):
        build(tmp_path / "latin.toml")


def test_addresses():
    assert parse_address("[::1]:0") == Address("::1", 0)
    assert parse_address(":143") == Address("0.0.0.0", 143)
    assert str(parse_address("[::1]:5")) == "[::1]:5"
    for bad in ("::1:143", "[::g]:1", "h:", "h:-1", "h:٣", "h:000001", "h"):
        with pytest.raises(ConfigError):
            parse_address(bad)
