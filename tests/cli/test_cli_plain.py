"""The terminal is steered by us alone: no text of a server, a file or an error gives it orders."""

from __future__ import annotations

import io
import logging
import sys
from typing import TYPE_CHECKING

import pytest
from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from alianza_async.cli.options import Output
from alianza_async.cli.screen import PlainConsole, Screen, set_up_logging
from alianza_async.errors import AlianzaError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

STEERING = "\x1b]0;owned\x07\x1b[2Jgone\u202egnp\x9b1A"
SHOWN = r"\x1b]0;owned\x07\x1b[2Jgone\u202egnp\x9b1A"
ORDERS = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


def table() -> Table:
    """Return a table that holds such text in its header and in a cell."""
    made = Table(STEERING)
    made.add_row(STEERING)
    return made


@pytest.mark.parametrize("shown", [lambda: STEERING, lambda: Text(STEERING), table, lambda: Panel(STEERING)])
def test_nothing_that_is_shown_steers(
    shown: Callable[[], RenderableType], capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it stands in, text is shown with its orders as escapes."""
    Screen(Output()).show(shown())
    printed = capsys.readouterr().out
    assert SHOWN[:13] in printed  # a narrow cell may cut off the rest, and rich itself drops bells
    assert not any(order in printed for order in ORDERS)


def test_an_error_and_its_trace_do_not_steer(capsys: pytest.CaptureFixture[str]) -> None:
    """One red line, and with DEBUG the trace too, of an error of ours or of anybody's."""
    for error in (AlianzaError(STEERING), ValueError(f"{STEERING}\r\nsecond line")):
        for level in (None, "DEBUG"):
            try:
                raise error
            except (AlianzaError, ValueError) as raised:
                Screen(Output(log_level=level)).error(raised)
            printed = capsys.readouterr().err
            assert SHOWN in printed
            assert not any(order in printed for order in ORDERS)
            assert ("Traceback" in printed) == (level == "DEBUG")


def test_a_log_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A record whose text holds line ends cannot pass for two, at any level."""
    set_up_logging(Screen(Output(log_level="DEBUG")), "DEBUG")
    logging.getLogger("alianza_async").debug("it said %s", f"{STEERING}\r\nerror: forged")
    assert capsys.readouterr().err == f"debug: it said {SHOWN}\\r\\nerror: forged\n"


def test_a_file_goes_to_a_terminal_as_text(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What a server answers as a file is written byte for byte, but for a terminal, which it could steer."""
    file = f"a,{STEERING}\r\nb,\u00e9\n".encode()
    Screen(Output()).write_bytes(file)
    assert capsysbinary.readouterr().out == file
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Screen(Output()).write_bytes(file)
    assert capsysbinary.readouterr().out == f"a,{SHOWN}\nb,\u00e9\n".encode()


def test_our_own_colours_are_kept() -> None:
    """On a terminal the styles are rich's own codes; those in the text are still escapes."""
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=True, color_system="standard")
    console.print(Text(STEERING, "bold"))
    without_bell = SHOWN.replace(r"\x07", "")  # rich itself drops bells
    assert out.getvalue() == f"\x1b[1m{without_bell}\x1b[0m\n"


def test_a_live_display_still_draws() -> None:
    """A progress bar moves the cursor by control codes of its own, and a description cannot."""
    out = io.StringIO()
    with Progress(console=PlainConsole(file=out, force_terminal=True, width=120)) as progress:
        progress.add_task("\x1b[2Jrows", total=2)
    assert "\x1b[?25l" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()
    assert r"\x1b[2J" in out.getvalue()
