"""Text that somebody else wrote, made fit for a terminal and a log line."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]


def plain(text: str) -> str:
    r"""Return a text that cannot steer a terminal, break a log line or be shown in another order.

    Control characters, line ends, escape sequences and marks of writing direction are shown as escapes, such
    as `\x1b` and `\u202e`; blanks of any width as a blank.
    """
    if text.isprintable():  # as nearly every text: one look
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " "
    return character.encode("unicode_escape").decode("ascii")
