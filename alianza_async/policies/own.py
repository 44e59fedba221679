"""A user's own policies: where they stand in the pipeline, and what they may not do there.

```python
class Traced:
    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        with tracer.start_as_current_span(call.operation.operation_id):
            return await next_(call)

Session(policies=[per_call(Traced())])
```
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, cast

from alianza_async.calls.call import Call, OperationClass, Reply
from alianza_async.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alianza_async.policies.base import Next, Policy

__all__ = ["OwnPolicy", "chained", "in_place", "per_attempt", "per_call"]

Place = Literal["per_call", "per_attempt"]

_REPEATABLE = frozenset({OperationClass.SAFE, OperationClass.IDEMPOTENT})


@dataclass(frozen=True, slots=True)
class OwnPolicy:
    """A policy of a user's, and where it stands.

    Attributes:
        place: `per_call`: outside the retries, once per call; `per_attempt`: around each request.
        policy: The policy.
    """

    place: Place
    policy: Policy

    async def __call__(self, call: Call, next_: Next) -> Reply[object]:
        """Pass the call to the policy; what may not be sent twice is passed on once."""
        if call.operation_class in _REPEATABLE:
            return _a_reply(await self.policy(call, next_), self.policy)
        passed_on = False

        async def once(passed: Call) -> Reply[object]:
            nonlocal passed_on
            if passed_on:
                raise ConfigurationError(
                    f"a policy passed {passed.operation.operation_id} on twice, which may not be sent twice: "
                    "await next_ once"
                )
            passed_on = True
            return await next_(passed)

        return _a_reply(await self.policy(call, once), self.policy)


def _a_reply(answered: object, policy: Policy) -> Reply[object]:
    """Refuse what a policy without types may return, such as nothing."""
    if isinstance(answered, Reply):
        return cast("Reply[object]", answered)
    name = getattr(policy, "__name__", type(policy).__name__)
    raise ConfigurationError(
        f"the policy {name} returned {type(answered).__name__}, not a reply: write `return await next_(call)`"
    )


def per_call(policy: Policy) -> OwnPolicy:
    """Put a policy outside the retries: it sees each call once, its last answer parsed, or its error.

    Look-ups, logins and the fetching of a file from where an answer said pass it too.

    Args:
        policy: Awaits `next_(call)` and returns the reply.
    """
    return OwnPolicy("per_call", policy)


def per_attempt(policy: Policy) -> OwnPolicy:
    """Put a policy around each request: it sees every raw answer, refusals and 429s included.

    It holds a connection and has taken its token of the rate limit: let it wait for nothing.

    Args:
        policy: Awaits `next_(call)` and returns the reply.
    """
    return OwnPolicy("per_attempt", policy)


def in_place(policies: Iterable[OwnPolicy], place: Place) -> tuple[OwnPolicy, ...]:
    """Return the policies that stand in a place, in their order.

    Raises:
        ConfigurationError: One does not say where it stands.
    """
    if isinstance(policies, OwnPolicy):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without types
        raise ConfigurationError("policies takes a list: write policies=[per_call(...)]")
    found: list[OwnPolicy] = []
    for each in policies:
        if not isinstance(each, OwnPolicy):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without types
            raise ConfigurationError(
                f"policies holds a {type(each).__name__} that does not say where it stands: "
                "write per_call(...) or per_attempt(...) around it"
            )
        if each.place == place:
            found.append(each)
    return tuple(found)


def chained(policies: Sequence[Policy], last: Next) -> Next:
    """Return what passes a call through policies, the first one outermost, and then on."""
    below = last
    for policy in reversed(policies):
        below = partial(policy, next_=below)
    return below
