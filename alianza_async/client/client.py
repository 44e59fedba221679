"""The client: settings in, one request pipeline out. It knows no carrier.

```python
async with Client(CARRIER, auth, ClientSettings(base_url="https://api.example.com")) as client:
    reply = await client.call("GET", "/v1/things")
```
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final, ParamSpec, Self, TypeVar, cast, overload

from alianza_async.calls.call import Call, Operation, OperationClass
from alianza_async.calls.deadline import too_late
from alianza_async.calls.events import current_context
from alianza_async.calls.frames import forget_variables
from alianza_async.calls.options import Lane, lane_of, seconds
from alianza_async.client.credential import Credential, Member
from alianza_async.client.exchange import Exchange
from alianza_async.client.in_flight import InFlight
from alianza_async.client.state import Opened, Pipeline, Shared, ViewLimit
from alianza_async.endpoints.endpoint import BoundEndpoint, Endpoint
from alianza_async.endpoints.large_bodies import AnswerLimits
from alianza_async.endpoints.lazy import Lazy
from alianza_async.endpoints.paths import PathTemplate
from alianza_async.endpoints.raw import mapping, raw_call, text
from alianza_async.errors import ConfigurationError, SessionStateError
from alianza_async.policies.admission import Admission
from alianza_async.policies.answers import Answers
from alianza_async.policies.authentication import Authenticate, usable_token
from alianza_async.policies.before_attempt import BeforeAttempt
from alianza_async.policies.own import chained
from alianza_async.policies.retry import Retry
from alianza_async.policies.turns import Permits
from alianza_async.policies.values import LimitPolicy
from alianza_async.transports.choice import name_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

    from alianza_async.calls.call import Found, NaturalKey, Reply
    from alianza_async.calls.carrier import Carrier
    from alianza_async.calls.events import Event
    from alianza_async.calls.options import TrafficClass
    from alianza_async.client.in_flight import UnsettledCall
    from alianza_async.client.settings import ClientSettings
    from alianza_async.policies.authentication import AuthScheme, Identity, LoginState
    from alianza_async.policies.base import Policy
    from alianza_async.policies.values import RetryPolicy

__all__ = ["Client"]

_WHO: Final = Operation("who is logged in", "GET", "", OperationClass.SAFE)

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Client:
    """One login, one connection pool, one rate limit, and every call that passes them.

    Use it as `async with Client(...) as client:`, or `await client.open()` and `await client.aclose()`.

    Args:
        carrier: Whose API it is.
        auth: How to log in, and how a request carries the token.
        settings: Where, how fast, how patient.

    Attributes:
        deadline: Seconds that each call of this view may take in all; None for no such limit.

    Raises:
        ConfigurationError: A setting is missing or not allowed.
    """

    _noun: ClassVar[str] = "client"

    def __init__(self, carrier: Carrier, auth: AuthScheme, settings: ClientSettings) -> None:
        if settings.token is not None and not usable_token(settings.token.get_secret_value()):
            raise ConfigurationError(
                "the token holds a character that no header can; give it as it was issued"
            )
        self._shared = Shared(carrier, auth, settings)
        self._retry = settings.retry
        self._limits: tuple[ViewLimit, ...] = ()
        self._bound: Mapping[str, str] = {}
        self._pipeline: Pipeline | None = None
        self._lane = Lane.INTERACTIVE
        self.deadline: float | None = None

    # --- its life -------------------------------------------------------------------------------------

    async def open(self) -> Self:
        """Open the client, as `async with` does; close it with `aclose`.

        Raises:
            SessionStateError: It is open already.
        """
        shared = self._shared
        if shared.open is not None or shared.opening:
            raise SessionStateError(f"this {self._noun} is open already; make another one for another block")
        shared.opening = True
        try:
            transport = await shared.new_transport()
        finally:
            shared.opening = False
        shared.open = Opened(
            transport=transport,
            loop=asyncio.get_running_loop(),
            in_flight=InFlight(shared.unsettled, self._noun, shared.settings.max_queue),
            permits=Permits(transport.capacity),
            credential=Credential.join(
                Member(
                    carrier=shared.carrier,
                    auth=shared.auth,
                    settings=shared.settings,
                    redact=shared.redact,
                    emit=shared.emit,
                    send=self._send_without_token,
                )
            ),
        )
        return self

    async def aclose(self) -> None:
        """Close: nothing new leaves, requests under way have `close_timeout` seconds, then all is cut off.

        A call none of whose requests may have arrived ends with `SessionStateError`; a write that may have
        been carried out ends with `UnknownOutcomeError`, and stands in `unsettled`.

        A second close does nothing; `open` opens it again.

        Raises:
            SessionStateError: It was opened in another event loop, or is being closed already.
        """
        shared, opened = self._shared, self._shared.open
        if opened is None:
            return
        self._check_loop(opened)
        if opened.in_flight.closing:
            raise SessionStateError(f"this {self._noun} is being closed already")
        opened.credential.step_back(shared.redact)
        try:
            await opened.in_flight.close(shared.settings.close_timeout)
        finally:
            shared.open = None
            await opened.credential.leave(shared.redact)
            await opened.transport.aclose()
            if shared.emit is not None:
                await shared.emit.aclose()

    async def __aenter__(self) -> Self:
        """Open."""
        return await self.open()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.aclose()

    def with_options(
        self,
        *,
        timeout: float | None = None,
        deadline: float | None = None,
        traffic: TrafficClass | None = None,
        retry: RetryPolicy | None = None,
        limit: LimitPolicy | None = None,
    ) -> Self:
        """Return a view of this client with other options, over the same pool, login and rate limit.

        A view is of the same class and has the same attributes. One call alone can have its own `timeout`,
        `deadline` and `traffic`: `await session.accounts.get.with_options(deadline=2.0)("id")`.

        Args:
            timeout: Seconds for one request to be answered.
            deadline: Seconds for each call in all: login, queue, waits, every attempt, the last look-up. Past
                it, a call that has changed nothing raises `DeadlineExceededError`, a write that may have been
                carried out `UnknownOutcomeError`.
            traffic: `interactive` calls leave before `bulk` ones, which keep at least a tenth of the rate.
            retry: How often and how long a call is tried.
            limit: A limit of its own, on top of the client's: it can slow calls down, never speed them up.

        Raises:
            ConfigurationError: A value is not allowed.
        """
        policy = retry or self._retry
        view = type(self).over(self)
        view._retry = policy if timeout is None else replace(policy, attempt_timeout=timeout)  # noqa: SLF001  (its own)
        view._limits = (*self._limits, ViewLimit(limit)) if limit else self._limits  # noqa: SLF001  (as above)
        view._pipeline = None  # noqa: SLF001  (as above)
        if deadline is not None:
            view.deadline = seconds("deadline", deadline)
        if traffic is not None:
            view._lane = lane_of(traffic)  # noqa: SLF001  (as above)
        return view

    def bind(self, **values: str) -> Self:
        """Return a view whose calls have a context: a tenant, an end user, a correlation id.

        It reaches events, debug logs and `error.context.bound`; `bound(...)` does the same for a block.

        Args:
            **values: Names and values, added to those of this view.
        """
        view = type(self).over(self)
        view._bound = {**self._bound, **values}  # noqa: SLF001  (its own)
        return view

    @classmethod
    def over(cls, client: Client) -> Self:
        """Return a view of a client that is of this class: one login, one pool, one rate limit.

        Args:
            client: The client; its attributes become the view's.
        """
        view = cls.__new__(cls)
        for name, value in client.__dict__.items():
            # What is bound to a client is bound again to its view when it is first touched.
            if not isinstance(getattr(type(client), name, None), (Lazy, cached_property)):
                view.__dict__[name] = value
        return view

    # --- the pipeline ---------------------------------------------------------------------------------

    async def send(self, call: Call) -> Reply[object]:
        """Send one call through the pipeline; what every declared operation ends in."""
        self._sign(call)
        pipeline = self._current_pipeline()
        return await self._tracked(pipeline, call, pipeline.enter)

    async def _send_for_others(self, call: Call) -> Reply[object]:
        """Send a call that others wait for, which were accepted: it is not refused where many do."""
        self._sign(call)
        pipeline = self._current_pipeline()
        return await self._tracked(pipeline, call, pipeline.enter, new=False)

    async def _tracked(
        self, pipeline: Pipeline, call: Call, enter: Callable[[Call], Awaitable[T]], *, new: bool = True
    ) -> T:
        """Send a call on its way as one of those in flight: the close waits for it, or ends it."""
        in_flight = pipeline.opened.in_flight
        in_flight.begin(call, new=new)
        try:
            if self.deadline is None and call.ends_at is None:
                return await enter(call)
            return await self._in_time(in_flight, call, enter)
        except BaseException as error:
            raised = in_flight.ended_by(call, error)
            if raised is error:
                raise
            raise raised from None
        finally:
            in_flight.end(call)

    async def _in_time(self, in_flight: InFlight, call: Call, enter: Callable[[Call], Awaitable[T]]) -> T:
        """Send a call on its way; end it when its time is over."""
        now = asyncio.get_running_loop().time()
        if call.ends_at is None and self.deadline is not None:
            call.ends_at = now + self.deadline
        if call.ends_at is not None and now >= call.ends_at:
            raise too_late(call.context(), sent=False)
        limit = asyncio.timeout_at(call.ends_at)
        try:
            async with limit:
                return await enter(call)
        except TimeoutError:
            if not limit.expired():
                raise
            raise in_flight.out_of_time(call, self) from None

    def _sign(self, call: Call) -> None:
        """Say on a call whose it is, which errors and events carry, and where it stands in line."""
        if call.lane is None:
            call.lane = self._lane
        call.carrier = self._shared.carrier.name
        around = current_context()
        call.bound = {**around, **self._bound} if around else self._bound

    async def _send_without_token(self, call: Call) -> Reply[object]:
        """Send a call of the login: paced and sent again like any other, without a token."""
        call.carrier, call.lane = self._shared.carrier.name, Lane.LOGIN
        opened = self._opened
        self._check_loop(opened)
        return await self._build(opened, authenticated=False).enter(call)

    def emit(self, event: Event) -> None:
        """Hand an event to whoever asked for them, such as one of a job's."""
        if self._shared.emit is not None:
            self._shared.emit(event)

    @property
    def emits(self) -> bool:
        """Whether somebody asked for events."""
        return self._shared.emit is not None

    @property
    def events_dropped(self) -> int:
        """How many events were dropped because `on_event` was too slow."""
        return 0 if self._shared.emit is None else self._shared.emit.dropped

    def _current_pipeline(self) -> Pipeline:
        opened = self._opened
        self._check_loop(opened)
        if self._pipeline is None or self._pipeline.opened is not opened:
            self._pipeline = self._build(opened)
        return self._pipeline

    def _check_loop(self, opened: Opened) -> None:
        if opened.loop is not _running_loop():
            raise SessionStateError(
                f"this {self._noun} was opened in another event loop, thread or process, and its connections "
                f"belong there; open a {self._noun} of its own here"
            )

    def _build(self, opened: Opened, *, authenticated: bool = True) -> Pipeline:
        """String the policies together; read it from top to bottom."""
        shared, carrier, credential = self._shared, self._shared.carrier, opened.credential
        # A login waits for no view's limit: who holds that may be waiting for the login.
        gates = [limit.gate_of(opened) for limit in (reversed(self._limits) if authenticated else ())]
        limits = AnswerLimits(shared.settings.max_list_items, shared.settings.max_parsed_bytes)
        answers = Answers(carrier, shared.redact, around=shared.own_per_call, limits=limits)
        retry = Retry(  # sends again what may be sent again
            self._retry,
            failure_of=carrier.failure_of,
            around=shared.per_call,
            emit=shared.emit,
            attach=answers.attach,
        )
        policies: tuple[Policy, ...] = (
            answers,  # a reply becomes a value, or an error
            # A token, or another one.
            *((Authenticate(credential.authenticator, answers.refused),) if authenticated else ()),
            BeforeAttempt(),  # the caller's own act, such as an intent on disk
            Admission(  # the view's turn, a permit, then its own: no pause, no login under way, a token
                pause=credential.pause,
                permits=opened.permits,
                limiter=credential.limiter,
                gates=gates,
                longest_wait=self._retry.max_retry_after,
                retry_after=carrier.wait_asked_for,
                authenticator=credential.authenticator if authenticated else None,
                emit=shared.emit,
            ),
            *shared.per_attempt,
        )
        below = chained(policies, Exchange(shared, opened, self._retry))
        enter = chained((*shared.per_call, retry), below)
        limiters = (credential.limiter, *(gate.limiter for gate in gates))
        return Pipeline(opened, enter, below, retry.lookup, limiters)

    @overload
    async def call(self, operation: BoundEndpoint[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def call(self, operation: Endpoint[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    @overload
    async def call(
        self,
        operation: str,
        path: str,
        /,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        ids: Mapping[str, str] | None = None,
        key: NaturalKey | None = None,
        operation_class: OperationClass | None = None,
    ) -> Reply[object]: ...
    async def call(self, operation: object, /, *args: object, **kwargs: object) -> object:
        """Make a call: of a declared operation, or of a verb and a path.

        `await session.call(session.accounts.get, "id")` is `await session.accounts.get("id")` on this view.
        `await session.call("POST", "/v2/...", body={...})` reaches what is not declared; it passes the same
        pipeline and answers a `Reply` whose `value` is the parsed JSON.

        Args:
            operation: A declared operation, or an HTTP method.
            *args: What the operation takes; or the path, whose placeholders `ids` fills in, and the client
                those it has a value of its own for.
            **kwargs: What the operation takes; or, for a verb and a path: `body` (a model, or anything JSON),
                `query`, `ids` (what stands for the path's placeholders, quoted here), `key` (how the object
                that a create makes is found again) and `operation_class` (GET is `safe`, anything else an
                `action`, unless you say so).

        Raises:
            InvalidInputError: The path or an id cannot be sent.
            CallError: The call did not end well.
        """
        if isinstance(operation, (Endpoint, BoundEndpoint)):
            declared = cast("Endpoint[..., object] | BoundEndpoint[..., object]", operation)
            endpoint = declared.endpoint if isinstance(declared, BoundEndpoint) else declared
            bound = BoundEndpoint(endpoint, self)
            bound.options = declared.options if isinstance(declared, BoundEndpoint) else None
            sending = bound(*args, **kwargs)
        else:
            sending = self._raw(cast("str", operation), *args, **kwargs)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        del args, kwargs  # no frame of a traceback shows what was given: it may be a mapping with a PIN in it
        return await sending

    async def _raw(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, object] | None = None,
        ids: Mapping[str, str] | None = None,
        key: NaturalKey | None = None,
        operation_class: OperationClass | None = None,
    ) -> Reply[object]:
        ends_at = None if self.deadline is None else asyncio.get_running_loop().time() + self.deadline
        handled = sys.exception()
        try:
            values = cast("dict[str, str]", dict(mapping("ids", ids or {})))
            for name in PathTemplate(text("the path", path)).names:
                if name not in values and name in self._shared.carrier.defaults:
                    values[name] = self.known_default(name) or await self.default(name)
            call = raw_call(
                method, path, values, body=body, query=query or {}, key=key, operation_class=operation_class
            )
            call.ends_at = ends_at
        except BaseException as error:
            forget_variables(error, handled)
            raise
        finally:
            del body, query  # as above
        return await self.send(call)

    async def find(self, call: Call) -> Found | None:
        """Return the object that has the natural key of a create, or None; creates nothing.

        Raises:
            UnknownOutcomeError: More than one object has it.
            CallError: The look-up failed.
        """
        pipeline = self._current_pipeline()
        self._sign(call)
        return await self._tracked(
            pipeline, call, partial(pipeline.lookup.find, next_=pipeline.below), new=False
        )

    async def adopt(self, call: Call) -> Reply[object] | None:
        """Settle a create that was sent and not answered: return what it made, or None; sends it not again.

        Raises:
            ConflictError: Another object has its key.
            UnknownOutcomeError: The look-up failed, or found more than one.
        """
        pipeline = self._current_pipeline()
        self._sign(call)
        return await self._tracked(
            pipeline, call, partial(pipeline.lookup.adopt, next_=pipeline.below), new=False
        )

    # --- who is logged in, and what is filled in ------------------------------------------------------

    async def identify(self) -> Identity:
        """Return who is logged in; log in, or ask, where that is not known yet.

        Raises:
            AuthenticationError: The login was refused.
            CallError: It could not be made.
        """
        opened = self._opened
        self._check_loop(opened)
        async with opened.credential.identity_lock:  # a thousand first calls ask once
            return await opened.credential.authenticator.identify(self._send_for_others)

    def known_default(self, name: str) -> str | None:
        """Return the client's own value for a placeholder of a path, where it is known without a request."""
        given = self._shared.settings.defaults.get(name)
        if given is not None:
            return given
        identity = self._opened.credential.authenticator.identity
        return None if identity is None else identity.values.get(name)

    async def default(self, name: str) -> str:
        """Return the client's own value for a placeholder of a path: the one given, or the login's.

        Raises:
            ConfigurationError: There is none; says how to give it.
            CallError: The login failed, the deadline passed, or too many wait.
        """
        if self.known_default(name) is None:
            waiting = Call(
                _WHO, "", {}
            )  # its caller waits as in a call: in time, in the queue, until the close
            self._sign(waiting)
            await self._tracked(self._current_pipeline(), waiting, lambda _: self.identify())
        value = self.known_default(name)
        if value is None:
            how = self._shared.carrier.defaults.get(name, f"give {name}")
            raise ConfigurationError(f"the login has no {name} of its own; {how}")
        return value

    def change_auth(self, auth: AuthScheme) -> None:
        """Log in otherwise from now on, with every client that shares this login; refusals are forgotten.

        The token serves on until its end, or until the server refuses it.

        Args:
            auth: How to log in.
        """
        shared = self._shared
        shared.auth = auth
        for secret in auth.secrets:
            shared.redact.add(secret, keep=True)
        if shared.open is not None:
            self._check_loop(shared.open)
            shared.open.credential.change(auth, shared.settings)

    @property
    def login_state(self) -> LoginState:
        """How the login stands: whether there is a token, until when, and why a login was refused."""
        return self._opened.credential.authenticator.state

    # --- what it can tell of itself -------------------------------------------------------------------

    @property
    def carrier(self) -> Carrier:
        """Whose API it is."""
        return self._shared.carrier

    @property
    def base_url(self) -> str:
        """Where calls go."""
        return self._shared.settings.base_url

    @property
    def retry_policy(self) -> RetryPolicy:
        """How often and how long a call of this view is tried."""
        return self._retry

    @property
    def rate(self) -> float:
        """Requests a second that leave at this moment; less than `full_rate` after a 429."""
        return min(limiter.rate for limiter in self._current_pipeline().limiters)

    @property
    def full_rate(self) -> float:
        """Requests a second that leave when all is well."""
        return min(limiter.full_rate for limiter in self._current_pipeline().limiters)

    @property
    def throttled(self) -> int:
        """How many 429s came so far, to this client and all its views."""
        return self._opened.credential.limiter.refusals

    def change_rate(self, rate: float) -> None:
        """Set another rate for the client and all its views, from the next request on.

        Args:
            rate: Requests a second.

        Raises:
            ConfigurationError: It is no positive number.
        """
        self._opened.credential.limiter.change(LimitPolicy(rate=rate).rate)

    @property
    def capacity(self) -> int:
        """How many requests may be under way at once."""
        return self._opened.transport.capacity

    @property
    def transport(self) -> str:
        """What carries the requests: `httpx`, `fast`, or the class of one of your own."""
        return name_of(self._opened.transport)

    @property
    def queued(self) -> int:
        """How many interactive calls wait: for the login, for their turn, or to be sent again."""
        return self._opened.in_flight.queued

    @property
    def unsettled(self) -> tuple[UnsettledCall, ...]:
        """Writes that were cut off after they may have been sent, the last thousand; also after the close.

        `await call.resolve(session)` looks one up through a client that is open.
        """
        return self._shared.unsettled.calls

    @property
    def is_open(self) -> bool:
        """Whether it is open."""
        return self._shared.open is not None

    @property
    def _opened(self) -> Opened:
        opened = self._shared.open
        if opened is None:
            made = f"async with {self._noun.title()}(...) as {self._noun}:"
            raise SessionStateError(f"the {self._noun} is not open; write `{made}` around the call")
        return opened

    def __repr__(self) -> str:
        """Return where it calls, and nothing of who; of one that could not be made, what it was to be."""
        if "_shared" not in self.__dict__:
            return f"<{type(self).__name__}>"
        return f"<{type(self).__name__} {self.base_url} {'open' if self.is_open else 'closed'}>"


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of this thread and process; None where none runs, as in a forked child."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
