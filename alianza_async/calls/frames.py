"""What a traceback keeps: where an error came from, and not what was in the variables there.

The frames of a transport's library hold the request that was sent and the answer that was read, token and
body included, in variables whose reprs show them. Error reporters print those.
"""

from __future__ import annotations

import traceback
from typing import cast

__all__ = ["forget_variables"]


def forget_variables(error: BaseException, handled: BaseException | None) -> None:
    """Take the variables out of every frame that an error has left, and out of those of what it came from.

    Files and lines stay. Frames that still run keep theirs: call it where the error has come out of what
    holds secrets. What an error was raised in spite of (`from None`) is dropped: it may quote an answer.

    Args:
        error: The error; its causes and the members of a group are treated likewise.
        handled: What was being handled before, by `sys.exception()`: it is the caller's, and stays as it is.
    """
    seen = {id(None), id(handled)}
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        traceback.clear_frames(each.__traceback__)
        if each.__suppress_context__:
            each.__context__ = None
        left += each.__cause__, each.__context__
        if isinstance(each, BaseExceptionGroup):
            left += cast("BaseExceptionGroup[BaseException]", each).exceptions
