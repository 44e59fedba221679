"""How the body of an answer becomes a value of its type, in this process and in another one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar, get_args

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AnswerParser", "parser_of"]

R = TypeVar("R")


class AnswerParser(partial[R]):
    """Parses the JSON of an answer; called with a body, it raises pydantic's `ValidationError`.

    It is pickled as the type it parses: pydantic's own validators take kilobytes, where that works at all. A
    `partial`, because calling one costs next to nothing.

    Attributes:
        answer: The type.
    """

    answer: type[R]

    def __reduce__(self) -> tuple[Callable[[type[R]], AnswerParser[R]], tuple[type[R]]]:
        """Return how another process makes it."""
        return parser_of, (self.answer,)


def parser_of(answer: type[R]) -> AnswerParser[R]:
    """Return what parses answers of a type; one that may be None may have no body."""
    parse = TypeAdapter(answer).validator.validate_json
    maybe_none = type(None) in get_args(answer)
    parser: AnswerParser[R] = AnswerParser(_or_none, parse) if maybe_none else AnswerParser(parse)
    parser.answer = answer
    return parser


def _or_none(parse: Callable[[bytes], R], body: bytes) -> R:
    """Parse a body; "there is none" is told by a 204 with no body at all."""
    return parse(body if body.strip() else b"null")
