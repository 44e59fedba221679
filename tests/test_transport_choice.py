"""Which transport a session takes."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, cast

import pytest
from packaging.requirements import Requirement

from alianza_async.errors import ConfigurationError
from alianza_async.session import Session
from alianza_async.transports import choice
from alianza_async.transports.choice import FAST_VERSIONS, TransportName, choose, fastest
from tests.fakes import ScriptedTransport
from tests.markdown import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], None]:
    """Let another version of aiohttp be installed, or none."""
    real = importlib.metadata.version

    def install(version: str | None) -> None:
        def told(name: str) -> str:
            if name != "aiohttp":
                return real(name)
            if version is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return version

        monkeypatch.setattr(importlib.metadata, "version", told)

    return install


def taken(transport: TransportName | None = None) -> str:
    """Return what a session would carry its requests with."""
    session = Session(base_url="http://localhost", auth_token="t", transport=transport)
    transport_made = asyncio.run(session._shared.new_transport())  # pyright: ignore[reportPrivateUsage]
    return type(transport_made).__name__


def test_what_is_installed_decides_nothing(installed: Callable[[str | None], None]) -> None:
    """Without a choice it is httpx, also where the fast transport is installed; the command prefers that."""
    for version, fast in (("3.14.5", "fast"), (None, "httpx")):
        installed(version)
        assert (taken(), fastest()) == ("HttpxTransport", fast)


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("3.13.3", True),
        ("3.14.0", True),
        ("3.14.12.post1", True),
        ("3.13.2", False),
        ("3.9.5", False),
        ("3.15.0", False),
        ("4.0.0", False),
        ("3.14.0rc1", False),
        ("3.14", False),
        ("unknown", False),
    ],
)
def test_an_aiohttp_that_was_never_tested_is_not_used(
    installed: Callable[[str | None], None], version: str, fits: bool
) -> None:
    """One outside the extra's bounds is not the command's choice, and is refused by name."""
    installed(version)
    assert fastest() == ("fast" if fits else "httpx")
    if fits:
        assert taken("fast") == "AiohttpTransport"
    else:
        with pytest.raises(ConfigurationError, match=rf"not made for aiohttp {version}; run `pip install"):
            taken("fast")


def test_the_choice_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """At INFO the log says once which transport it is, however many sessions are made."""
    choice._say.cache_clear()  # pyright: ignore[reportPrivateUsage]
    with caplog.at_level(logging.INFO, "alianza_async"):
        taken()
        taken()
    assert [record.getMessage() for record in caplog.records] == ["requests go over httpx"]


def test_a_name_is_taken_at_its_word(
    installed: Callable[[str | None], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument wins over `ALIANZA_TRANSPORT`."""
    installed("3.14.5")
    monkeypatch.setenv("ALIANZA_TRANSPORT", "fast")
    assert (taken(), taken("httpx")) == ("AiohttpTransport", "HttpxTransport")
    installed(None)
    with pytest.raises(ConfigurationError, match=r"not installed; run `pip install 'alianza-async\[fast\]'`"):
        taken("fast")


def test_a_name_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transport that there is not is a `ConfigurationError`, as an argument and as a variable."""
    with pytest.raises(ConfigurationError, match="no transport 'aiohttp'; choose one of httpx, fast"):
        choose(cast("TransportName", "aiohttp"))
    monkeypatch.setenv("ALIANZA_TRANSPORT", "aiohttp")
    with pytest.raises(ConfigurationError, match="ALIANZA_TRANSPORT"):
        taken()


def test_a_transport_of_ones_own_is_used_as_it_is() -> None:
    """An object needs no choice."""
    own = ScriptedTransport()
    session = Session(base_url="http://localhost", auth_token="t", transport=own)
    assert asyncio.run(session._shared.new_transport()) is own  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("transport", "told"),
    [("httpx", "httpx"), ("fast", "fast"), (ScriptedTransport(), "ScriptedTransport")],
    ids=["httpx", "fast", "own"],
)
async def test_a_session_tells_what_carries_its_requests(
    transport: TransportName | ScriptedTransport, told: str
) -> None:
    """An open session names its transport as settings do; one of your own by its class."""
    async with Session(auth_token="t", base_url="http://localhost", transport=transport) as session:
        assert session.transport == told


def test_the_bounds_are_those_of_the_extra() -> None:
    """What is picked by itself is what `pip install 'alianza-async[fast]'` may bring."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [Requirement(line) for line in project["optional-dependencies"]["fast"]]
    bounds = next(line.specifier for line in lines if line.name == "aiohttp")
    first, end = (".".join(map(str, version)) for version in FAST_VERSIONS)
    assert {str(bound) for bound in bounds} == {f">={first}", f"<{end.removesuffix('.0')}"}


@pytest.mark.parametrize(
    ("name", "loaded"), [("httpx", ["httpx"]), ("fast", ["aiohttp"])], ids=["httpx", "fast"]
)
def test_only_the_library_that_is_chosen_is_loaded(name: str, loaded: list[str]) -> None:
    """A session loads one of the two, and the package itself neither."""
    script = (
        "import sys, alianza_async.session as s;"
        "told = lambda: [n for n in ('httpx', 'aiohttp') if n in sys.modules]; before = told();"
        f"s.Session(base_url='http://localhost', auth_token='t', transport={name!r}); print(before, told())"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603  (our own)
    assert done.stdout.strip() == f"[] {loaded}"
