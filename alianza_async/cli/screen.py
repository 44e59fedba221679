"""The terminal: what is for people goes through here, and so does the one JSON object."""

from __future__ import annotations

import json
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from alianza_async.cli.streams import Stream
from alianza_async.cli.wording import in_options
from alianza_async.errors import AlianzaError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from alianza_async.cli.options import Output

__all__ = ["Screen", "plain", "set_up_logging"]

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


def plain(text: object) -> str:
    """Return text that cannot steer a terminal: control characters, line ends too, become a question mark."""
    return "".join(character if character.isprintable() else "?" for character in str(text))


class Screen:
    """Both outputs of one command; none of its methods fails where an output cannot be written.

    Args:
        output: The options that control them.
    """

    def __init__(self, output: Output) -> None:
        self.as_json = output.as_json
        self.debug = (output.log_level or "").upper() == "DEBUG"
        self._stdout = Stream("stdout", self._lost)
        self._stderr = Stream("stderr")

    @property
    def is_lost(self) -> bool:
        """Whether standard output could not be written."""
        return self._stdout.lost is not None

    def _lost(self, reason: str) -> None:
        self.say(f"standard output cannot be written ({reason}); the command continues without it", "yellow")

    @cached_property
    def out(self) -> Console:
        """Standard output."""
        return Console(file=self._stdout.as_text_io(), highlight=False, markup=False, emoji=False)

    @cached_property
    def err(self) -> Console:
        """Standard error."""
        return Console(file=self._stderr.as_text_io(), highlight=False, markup=False, emoji=False)

    def say(self, text: str, style: str = "") -> None:
        """Print a sentence on standard error; one line, but for a terminal too narrow for it."""
        self.err.print(Text(plain(text), style), soft_wrap=not self.err.is_terminal)

    def error(self, error: BaseException | str) -> None:
        """Print why the command ends, in one red line; with its traceback where DEBUG is on."""
        said = in_options(str(error)) if isinstance(error, AlianzaError) else error
        self.say(f"error: {said}", "bold red")
        if self.debug and isinstance(error, BaseException):
            import traceback

            trace = Text("".join(traceback.format_exception(error)), "dim")
            self.err.print(trace, soft_wrap=True)

    def show(self, renderable: RenderableType) -> None:
        """Print something for people: on standard output, or beside it where JSON goes there."""
        (self.err if self.as_json else self.out).print(renderable)

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line for people, as `show`, without breaking it: people may copy it."""
        (self.err if self.as_json else self.out).print(Text(plain(text), style), soft_wrap=True)

    def json(self, facts: Mapping[str, object] | Sequence[object]) -> None:
        """Print the JSON object, or array."""
        self.write(f"{json.dumps(facts)}\n")

    def write(self, text: str) -> None:
        """Write text to standard output as it is."""
        self._stdout.write(text)
        self._stdout.flush()

    def write_bytes(self, piece: bytes) -> None:
        """Write bytes to standard output as they are."""
        self._stdout.write_bytes(piece)
        self._stdout.flush()


class _ScreenHandler(logging.Handler):
    """Prints log lines through the console, so that they do not tear a progress bar."""

    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        """Print one line."""
        style = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}.get(record.levelname, "dim")
        try:
            text = record.getMessage()
            if record.exc_info and not self._screen.debug:
                text = f"{text} ({type(record.exc_info[1]).__name__})"
            self._screen.say(f"{record.levelname.lower()}: {text}", style)
        except Exception:  # noqa: BLE001  (a log line may not end a job)
            self.handleError(record)


def set_up_logging(screen: Screen, level: str | None) -> None:
    """Send log lines to standard error: ours from `level` on, other libraries' from WARNING on.

    Other libraries stay at WARNING because the HTTP libraries' own DEBUG lines show headers, and so tokens.

    Raises:
        ConfigurationError: There is no such level.
    """
    name = (level or "WARNING").upper()
    if name not in _LEVELS:
        raise ConfigurationError(f"the log level is {plain(level)!r}; give one of {', '.join(_LEVELS)}")
    logging.basicConfig(handlers=[_ScreenHandler(screen)], level=logging.WARNING, force=True)
    logging.getLogger("alianza_async").setLevel(name)
