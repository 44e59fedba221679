from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from alianza_async.client import ClientSettings
from alianza_async.errors import ConfigurationError
from alianza_async.policies.values import LimitPolicy, RetryPolicy
from alianza_async.session import Session
from alianza_async.settings import Credentials, Environment, Settings, resolve_base_url

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alianza_async.sandbox import RunningSandbox
    from alianza_async.transports.choice import TransportName

ME = Credentials("me", "a-password")


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set a login in the environment."""
    monkeypatch.setenv("ALIANZA_USERNAME", "from-env")
    monkeypatch.setenv("ALIANZA_PASSWORD", "env-password")
    return monkeypatch


@pytest.fixture
def log_level() -> Iterator[None]:
    """Put the logger's level back."""
    logger = logging.getLogger("alianza_async")
    before = logger.level
    yield
    logger.setLevel(before)


def test_arguments_win_over_variables(env: pytest.MonkeyPatch) -> None:
    """What is given as an argument silences its variable; what is not is read from there."""
    env.setenv("ALIANZA_ENVIRONMENT", "qa")
    env.setenv("ALIANZA_PARTITION_ID", "from-env")
    assert Session().environment is Environment.QA
    assert Session().known_partition == "from-env"
    assert Session(environment="development").base_url == "https://api.d2.alianza.com"
    assert Session(partition_id="mine").known_partition == "mine"


def test_an_environment_given_silences_the_base_url_variable(env: pytest.MonkeyPatch) -> None:
    """Naming an environment means that one, whatever `ALIANZA_BASE_URL` says."""
    env.setenv("ALIANZA_BASE_URL", "http://localhost:1")
    assert Session(environment=Environment.QA).base_url == "https://api.q2.alianza.com"


def test_an_environment_is_kept_beside_any_base_url(env: pytest.MonkeyPatch) -> None:
    """A way to an environment is that environment, by argument or variable, also through this machine."""
    tunnel = "http://127.0.0.1:8443"
    given = Session(environment="production", base_url=tunnel)
    assert (given.environment, given.base_url) == (Environment.PRODUCTION, tunnel)
    env.setenv("ALIANZA_ENVIRONMENT", "production")
    assert Session(base_url=tunnel).environment is Environment.PRODUCTION
    assert Session(base_url="https://gateway.example.com").environment is Environment.PRODUCTION
    env.setenv("ALIANZA_BASE_URL", tunnel)
    assert Session().environment is Environment.PRODUCTION


def test_a_base_url_of_the_providers_wins_over_the_variable(env: pytest.MonkeyPatch) -> None:
    """An argument that names one of the provider's environments is not completed by another's variable."""
    env.setenv("ALIANZA_ENVIRONMENT", "production")
    assert Session(base_url="https://api.b2.alianza.com").environment is Environment.BETA
    assert Session(base_url="https://api.alianza.com").environment is Environment.PRODUCTION
    env.setenv("ALIANZA_ENVIRONMENT", "beta")
    with pytest.raises(ConfigurationError, match="base_url is production"):
        Session(base_url="https://api.alianza.com")


def test_two_environments_at_once_are_refused(env: pytest.MonkeyPatch) -> None:
    """A base URL of one environment beside another's name is a mistake, not a gateway."""
    with pytest.raises(ConfigurationError, match="base_url is beta, and the environment is production"):
        Session(base_url="https://api.b2.alianza.com", environment="production")
    env.setenv("ALIANZA_BASE_URL", "https://api.b2.alianza.com")
    env.setenv("ALIANZA_ENVIRONMENT", "qa")
    with pytest.raises(ConfigurationError, match="base_url is beta, and the environment is qa"):
        Session()


def test_a_file_is_read_only_when_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, env: pytest.MonkeyPatch
) -> None:
    """A `.env` in the working directory is not read by itself; a named one is, under the variables."""
    file = tmp_path / ".env"
    file.write_text("ALIANZA_ENVIRONMENT=qa\nALIANZA_PARTITION_ID=from-file\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    env.setenv("ALIANZA_PARTITION_ID", "from-env")
    assert Settings.load().environment is None
    named = Session.from_env(env_file=file)
    assert (named.environment, named.known_partition) == (Environment.QA, "from-env")


def test_without_a_choice_it_is_beta_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody chose an environment: beta, and one line says so; a choice says nothing."""
    session = Session(ME)
    assert (session.environment, session.base_url) == (Environment.BETA, "https://api.b2.alianza.com")
    assert len(caplog.records) == 1
    assert "ALIANZA_ENVIRONMENT" in caplog.text
    Session(ME, "beta")
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://[::1]:80/", "http://[::1]"),
        ("HTTP://LOCALHOST./", "http://localhost"),
    ],
)
def test_plain_http_is_for_this_machine(url: str, spelling: str) -> None:
    """Plain http reaches loopback hosts, which are no environment unless one is named."""
    assert resolve_base_url(url, None) == (spelling, None)
    assert resolve_base_url(url, Environment.PRODUCTION) == (spelling, Environment.PRODUCTION)


@pytest.mark.parametrize(
    "host", ["example.com", "localhost.example.com", "127.0.0.1.nip.io", "10.0.0.1", "169.254.1.1"]
)
def test_plain_http_to_another_machine_is_refused(host: str) -> None:
    """A token never travels in clear to another machine."""
    with pytest.raises(ConfigurationError, match="plain http"):
        resolve_base_url(f"http://{host}/", None)


def test_a_client_of_any_carrier_refuses_plain_http() -> None:
    """The rule is every carrier's: a client's settings refuse the URL, and drop a slash at its end."""
    with pytest.raises(ConfigurationError, match="plain http"):
        ClientSettings(base_url="http://api.example.com")
    assert ClientSettings(base_url="https://api.example.com/").base_url == "https://api.example.com"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.b2.alianza.com",
        "ftp://localhost",
        "https://",
        "http://[::1",
        "https://host:port",
        "https://host:99999",
        "https://me:pw@host",
        "https://host?a=1",
        "https://host#x",
        "https://@host",
        "https://ho st",
        "https://host..example",
        "https://host/a b",
        "https://[fe80::1%25eth0]",
        "https://api%2Ealianza.com",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    """A base URL is scheme, host, port and path; the error does not echo one that may hold a password."""
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        resolve_base_url(url, None)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.alianza.com",
        "https://API.alianza.com:443/x",
        "https://api.alianza.com./",
        "https://\uff41\uff50\uff49.alianza.com",
        "https://api.\uff21lianza\uff0ecom",
        "https://api.alianza.com:8443",
    ],
)
def test_production_is_named(url: str) -> None:
    """Production is reached only by naming it, by whatever spelling of its host."""
    assert resolve_base_url(url, Environment.PRODUCTION)[0].startswith("https://api.alianza.com")
    with pytest.raises(ConfigurationError, match="production"):
        resolve_base_url(url, None)
    with pytest.raises(ConfigurationError, match="production"):
        resolve_base_url(url, Environment.BETA)
    assert resolve_base_url(url, Environment.PRODUCTION)[1] is Environment.PRODUCTION


@pytest.mark.parametrize(
    "host",
    ["\u0430pi.alianza.com", "api\u3002alianza.com", "api.alianza\u00ad.com", "stra\u00dfe.example"],
    ids=["a Cyrillic letter", "an ideographic full stop", "a soft hyphen", "a sharp s"],
)
def test_a_host_that_libraries_read_differently_is_refused(host: str) -> None:
    """What one library takes for production and another does not is given in its `xn--` form."""
    with pytest.raises(ConfigurationError, match="xn--"):
        resolve_base_url(f"https://{host}", Environment.PRODUCTION)


async def test_a_host_is_dialled_as_it_was_compared(
    served: RunningSandbox, credentials: Credentials, transport_name: TransportName
) -> None:
    """What is compared is what is sent to: full-width letters reach the host that they are taken for."""
    url = served.base_url.replace("127.0.0.1", "\uff4c\uff4fcalhost.")
    async with Session(credentials, base_url=url, transport=transport_name) as session:
        assert session.base_url == served.base_url.replace("127.0.0.1", "localhost")
        assert (await session.authorize.user_info()).username == credentials.username


def test_a_known_host_is_its_environment() -> None:
    """A provider's host says which environment it is; a gateway is what the user says."""
    assert resolve_base_url("https://api.q2.alianza.com", None)[1] is Environment.QA
    assert resolve_base_url("https://gateway.example.com/a/", Environment.PRODUCTION) == (
        "https://gateway.example.com/a",
        Environment.PRODUCTION,
    )
    assert resolve_base_url("https://gateway.example.com", None)[1] is None


@pytest.mark.parametrize("environment", list(Environment))
def test_each_environment_has_its_host(environment: Environment) -> None:
    """Each environment resolves to its own https URL."""
    assert resolve_base_url(None, environment) == (environment.base_url, environment)
    assert environment.base_url.startswith("https://api.")


def test_an_unknown_environment_is_refused_by_name() -> None:
    """A wrong environment names those there are."""
    with pytest.raises(ConfigurationError, match=r"'staging'.*development, qa, beta, production"):
        Session(ME, "staging")


def test_a_variable_that_cannot_be_meant_is_named_without_its_value(env: pytest.MonkeyPatch) -> None:
    """An unreadable variable is told by name; its value may be a secret in the wrong place."""
    env.setenv("ALIANZA_RATE", "hunter2")
    env.setenv("ALIANZA_ATTEMPTS", "0")
    with pytest.raises(ConfigurationError, match=r"ALIANZA_RATE.*ALIANZA_ATTEMPTS") as caught:
        Session()
    assert "hunter2" not in str(caught.value)


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    """A `.env` file that is named and missing is an error, not silence."""
    with pytest.raises(ConfigurationError, match="no file"):
        Settings.load(tmp_path / "missing.env")


def test_nothing_to_log_in_with_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials or a token the error names the variables; half a login is none."""
    with pytest.raises(ConfigurationError, match="ALIANZA_USERNAME"):
        Session()
    monkeypatch.setenv("ALIANZA_USERNAME", "me")
    with pytest.raises(ConfigurationError, match="ALIANZA_PASSWORD"):
        Session()


async def test_the_policies_come_from_variables(env: pytest.MonkeyPatch) -> None:
    """Rate, attempts, timeout, token life and pool size may be variables."""
    for name, value in {
        "RATE": "7",
        "ATTEMPTS": "2",
        "TIMEOUT": "3",
        "TOKEN_LIFETIME": "9",
        "MAX_CONNECTIONS": "4",
    }.items():
        env.setenv(f"ALIANZA_{name}", value)
    told = Settings.load()
    assert told.retry_policy() == RetryPolicy(attempts=2, attempt_timeout=3)
    assert told.limit_policy() == LimitPolicy(rate=7)
    assert told.token_policy().lifetime == 9
    async with Session(environment="beta") as session:
        assert (session.capacity, session.full_rate, session.rate) == (4, 7, 7)


def test_defaults_are_the_documented_ones() -> None:
    """6 attempts, 30 s an attempt, 120 s a call, 100/s with a floor of 1/s, an hour of token life."""
    told = Settings.load()
    retry, limit = told.retry_policy(), told.limit_policy()
    assert (retry.attempts, retry.attempt_timeout, retry.total_timeout) == (6, 30, 120)
    assert (limit.rate, limit.floor, told.token_policy().lifetime) == (100, 1, 3600)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"attempt_timeout": 0},
        {"total_timeout": float("inf")},
        {"wait_initial": -1},
        {"wait_max": float("nan")},
        {"max_retry_after": float("inf")},
    ],
)
def test_a_retry_policy_that_cannot_be_meant_is_refused(wrong: dict[str, float]) -> None:
    """A policy that would never end, or never start, names its field."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RetryPolicy(**wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("wrong", [{"rate": 0}, {"rate": float("nan")}, {"floor": -1}])
def test_a_limit_that_cannot_be_meant_is_refused(wrong: dict[str, float]) -> None:
    """A limit is a number over nought."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        LimitPolicy(**wrong)


@pytest.mark.usefixtures("log_level")
def test_the_log_level_is_set(env: pytest.MonkeyPatch) -> None:
    """`ALIANZA_LOG_LEVEL` sets the library's logger; a level there is not is refused."""
    env.setenv("ALIANZA_LOG_LEVEL", "error")
    Session(environment="beta")
    assert logging.getLogger("alianza_async").level == logging.ERROR
    env.setenv("ALIANZA_LOG_LEVEL", "loud")
    with pytest.raises(ConfigurationError, match="DEBUG, INFO"):
        Session(environment="beta")


@pytest.mark.parametrize("token", ["", "two words", "line\nend", "trailing\n", "ключ"])
def test_a_token_that_no_header_can_hold_is_refused(token: str) -> None:
    """A token with a line end or a blank is told at once, without echoing it."""
    with pytest.raises(ConfigurationError, match="token") as caught:
        Session(auth_token=token, environment="beta")
    assert not token or token not in str(caught.value)


def test_a_user_name_is_needed() -> None:
    """An empty user name cannot log in."""
    with pytest.raises(ConfigurationError, match="user name"):
        Credentials("", "a-password")


def test_no_secret_in_any_repr(env: pytest.MonkeyPatch) -> None:
    """Settings, credentials and sessions show no secret."""
    env.setenv("ALIANZA_AUTH_TOKEN", "env-token-123")
    told = Settings.load()
    session = Session(Credentials("me", "arg-password"), "beta", auth_token="arg-token-123")
    text = repr(told) + str(told) + repr(session) + str(session) + repr(Credentials("me", "arg-password"))
    for secret in ("env-password", "env-token-123", "arg-password", "arg-token-123"):
        assert secret not in text
    assert repr(session) == "<Session https://api.b2.alianza.com closed>"
