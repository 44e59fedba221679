"""A setting that is not allowed is refused where it is given, in a sentence that names it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import pytest

from alianza_async.client.settings import ClientSettings
from alianza_async.errors import ConfigurationError
from alianza_async.policies.values import LimitPolicy, RetryPolicy, TokenPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials
from alianza_async.transports.base import default_tls
from tests.fakes import ScriptedTransport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alianza_async.transports.choice import TransportFactory, TransportName

BASE = "https://api.example"
NO_COUNTS = (0, -1, 1.5, "5", True, None, math.nan)
COUNTS = ("max_connections", "max_body_bytes", "max_download_bytes", "max_list_items", "max_parsed_bytes")


def session(**options: object) -> Session:
    """Return a session with a token; callers without types give any option."""
    given: dict[str, Any] = {"auth_token": "t", "base_url": BASE, **options}
    return Session(**given)


# --- numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COUNTS)
def test_a_cap_is_a_whole_number_over_0(name: str) -> None:
    """A cap of nothing, of a fraction and of text is refused; the sentence names it."""
    for value in NO_COUNTS:
        if name == "max_connections" and value is None:
            continue  # the default
        with pytest.raises(ConfigurationError, match=rf"^{name} is .*; give a whole number, 1 or more$"):
            session(**{name: value})
    session(**{name: 1})


def test_a_queue_is_a_whole_number_over_0() -> None:
    """`max_queue` too; None is any number."""
    for value in NO_COUNTS:
        if value is not None:
            with pytest.raises(ConfigurationError, match=r"^max_queue is .*; give a whole number"):
                session(max_queue=value)


@pytest.mark.parametrize("value", ["5", -1, math.nan, math.inf, True, None])
def test_the_time_to_close_is_a_number_of_seconds(value: object) -> None:
    """What is none is told when the session is made, not when it closes."""
    with pytest.raises(
        ConfigurationError, match=r"^close_timeout is .*; give a number of seconds, 0 or more$"
    ):
        session(close_timeout=value)


@pytest.mark.parametrize(
    ("policy", "name", "values"),
    [
        (TokenPolicy, "lifetime", (0, -1, "3600", math.nan, math.inf, True)),
        (TokenPolicy, "renew_before", (-1, "5", math.nan)),
        (TokenPolicy, "renew_fraction", (0, -1, 1.1, "0.5", math.nan)),
        (TokenPolicy, "generations", (0, -1, 1.5, "3", True)),
        (RetryPolicy, "attempts", (0, 1.5, "3", True)),
        (RetryPolicy, "attempt_timeout", (0, "30", math.nan, True)),
        (RetryPolicy, "settle_s", (-1, "2", math.inf)),
        (LimitPolicy, "rate", (0, "100", math.nan, True)),
    ],
)
def test_a_policy_checks_what_it_is_given(
    policy: Callable[..., object], name: str, values: tuple[object, ...]
) -> None:
    """Each value of a policy is checked once, when it is made, text and fractions of attempts included."""
    for value in values:
        with pytest.raises(ConfigurationError, match=rf"^{name} is .*; give "):
            policy(**{name: value})


def test_a_policy_may_renew_at_the_end_of_a_life() -> None:
    """The ends of what is allowed are allowed."""
    assert TokenPolicy(renew_before=0, renew_fraction=1, generations=1).renew_fraction == 1


# --- what is no number --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["retry", "limit", "token"])
def test_a_policy_is_one(name: str) -> None:
    """A number or a mapping in the place of a policy is refused by name."""
    with pytest.raises(ConfigurationError, match=r"give (Retry|Limit|Token)Policy"):
        session(**{name: 5})


@pytest.mark.parametrize("value", ["", 5])
def test_a_partition_is_text(value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty partition is an error, and not the variable's; a client of any carrier says the same."""
    monkeypatch.setenv("ALIANZA_PARTITION_ID", "from-outside")
    with pytest.raises(ConfigurationError, match=r"^partition_id is no text, or is empty"):
        session(partition_id=value)
    with pytest.raises(ConfigurationError, match=r"^tenant_id is no text, or is empty"):
        ClientSettings(base_url=BASE, defaults={"tenant_id": cast("str", value)})


def test_a_password_is_needed() -> None:
    """An empty password costs no refused login."""
    with pytest.raises(ConfigurationError, match="password is empty"):
        Credentials("me", "")


@pytest.mark.parametrize("wrong", ["operator", ("me", "opensesame"), {"password": "opensesame"}])
def test_credentials_are_credentials(wrong: object) -> None:
    """What is none is refused where it is given, and neither the sentence nor a frame of ours repeats it."""
    given = cast("Credentials", wrong)
    with pytest.raises(ConfigurationError, match=r"give Credentials\(username, password\)") as made:
        Session(given, "qa")
    with pytest.raises(ConfigurationError, match=r"give Credentials\(username, password\)") as changed:
        session().change_credentials(given)
    for caught in (made, changed):
        kept = [entry.frame.f_locals for entry in caught.traceback[1:]]
        assert kept
        assert not [values for values in kept if wrong in values.values()]


async def test_one_file_host_may_stand_alone(transport_name: TransportName) -> None:
    """A text is one host, and not a sequence of letters."""
    async with session(file_hosts="files.example.internal", transport=transport_name) as opened:
        hosts = opened._shared.file_hosts  # pyright: ignore[reportPrivateUsage]
        assert [hosts.trusts(host) for host in ("files.example.internal", "f", "e")] == [True, False, False]


# --- proxies and certificates -------------------------------------------------------------------------

NO_PROXIES = {
    "socks5://me:opensesame@127.0.0.1:1": "its URL begins with neither http:// nor https://",
    "ftp://127.0.0.1:1": "its URL begins with neither http:// nor https://",
    "nonsense": "its URL names no host",
    "http://": "its URL names no host",
    "http://host:port": "its host or its port is none",
}


@pytest.mark.parametrize("proxy", NO_PROXIES)
def test_a_bad_proxy_is_refused_at_once(
    make: TransportFactory, transport_name: TransportName, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given or from the environment it is refused where the session is made, in one sentence for all."""
    said: set[str] = set()
    with pytest.raises(ConfigurationError, match=NO_PROXIES[proxy]) as given:
        session(proxy=proxy, transport=transport_name)
    said.add(str(given.value))
    with pytest.raises(ConfigurationError) as by_transport:
        make(BASE, proxy=proxy)
    said.add(str(by_transport.value))
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    session(transport=transport_name)  # it is not heeded
    session(transport=ScriptedTransport(), trust_env=True)  # it makes its own connections
    with pytest.raises(ConfigurationError) as found:
        session(trust_env=True, transport=transport_name)
    said.add(str(found.value))
    (sentence,) = said
    assert sentence.endswith("; give one such as http://proxy.example:3128")
    assert "opensesame" not in sentence


@pytest.mark.parametrize("content", [None, "", "no certificate\n"])
async def test_a_file_of_certificates_that_is_none_is_named(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport_name: TransportName
) -> None:
    """`SSL_CERT_FILE` that names nothing, or no certificates, is told with its name when a session opens."""
    file = tmp_path / "none.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(ConfigurationError, match=r"^SSL_CERT_FILE names .*none\.pem.*; name a file"):
        await session(trust_env=True, transport=transport_name).open()
    async with session(transport=transport_name):  # it is not heeded
        pass


async def test_a_folder_of_certificates_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, transport_name: TransportName
) -> None:
    """`SSL_CERT_DIR` too; of several folders one that is there is enough."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match=r"^SSL_CERT_DIR names .*none.*; name a folder"):
        await session(trust_env=True, transport=transport_name).open()
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path / 'none'}:{tmp_path}")
    default_tls(trust_env=True)
