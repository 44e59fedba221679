"""One refusal by the server, as an error of another kind."""

from __future__ import annotations

from typing import TypeVar

from alianza_async.errors.tree import AnswerError

__all__ = ["reworded"]

A = TypeVar("A", bound=AnswerError)


def reworded(error: AnswerError, kind: type[A], message: str) -> A:
    """Return an error of another kind about the same refusal: all that the server answered stays with it.

    Args:
        error: What the server answered.
        kind: The class of the error returned.
        message: What it says.
    """
    return kind(
        message,
        context=error.context,
        status=error.status,
        server_request_id=error.server_request_id,
        messages=error.messages,
        fields=error.fields,
        code=error.code,
        reply=error.reply,
    )
