"""From verb and raw path to the one operation that answers; adding an operation is adding a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.permissions import need_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alianza_async.sandbox.answers import Answer
    from alianza_async.sandbox.options import Json, SandboxOptions
    from alianza_async.sandbox.permissions import Need
    from alianza_async.sandbox.store import Store
    from alianza_async.sandbox.tokens import Login


@dataclass(slots=True)
class Incoming:
    """One request, as a handler sees it.

    Attributes:
        store: The sandbox's store.
        options: The options that hold at this moment.
        params: The path's parameters, unquoted.
        query_string: The query, still encoded.
        token: The token sent; empty where none was.
        login: Who holds the token; nobody for an operation that needs none.
        body: The decoded JSON object; empty for an operation that takes none.
        raw: The body as it was sent.
        content_type: How that was declared; empty where it was not.
        origin: Scheme, host and port the request was sent to.
    """

    store: Store
    options: SandboxOptions
    params: dict[str, str]
    query_string: bytes
    token: str
    login: Login
    body: Json
    raw: bytes
    content_type: str
    origin: str

    def query(self) -> dict[str, str]:
        """Answer the query's parameters by name; a name given twice has its last value."""
        return dict(parse_qsl(self.query_string.decode("latin-1"), keep_blank_values=True))

    def unique(self, key: object) -> bool:
        """Say whether a second object with a natural key is refused: by the options, or as it was seeded."""
        return self.options.unique or key in self.store.guarded

    @property
    def partition(self) -> str:
        """The path's partition, once it is known to be the token's own.

        Raises:
            ApiError: 403 where the token opens another partition.
        """
        partition_id = self.params["partitionId"]
        if self.login.partition_id != partition_id:
            raise ApiError(403, ("You do not have access to this partition",), {"partitionId": partition_id})
        return partition_id


class Route(NamedTuple):
    """One operation the sandbox knows.

    Attributes:
        verb: HTTP verb.
        pattern: Path with `{names}`.
        operation: Operation id.
        handler: What answers it.
        needs_token: Whether it needs a live token.
        takes_body: Whether it takes a JSON object.
    """

    verb: str
    pattern: str
    operation: str
    handler: Callable[[Incoming], Answer]
    needs_token: bool = True
    takes_body: bool = False

    @property
    def need(self) -> Need | None:
        """What it asks of a login; None = nothing but to be logged in."""
        return need_of(self.operation, self.verb, self.pattern)


class Match(NamedTuple):
    """A route and the raw values of its path's parameters."""

    route: Route
    params: dict[str, str]


class _Shape:
    """One path pattern and the routes of its verbs."""

    def __init__(self, pattern: str) -> None:
        self.verbs: dict[str, Route] = {}
        self._literals: list[tuple[int, str]] = []
        self._names: list[tuple[int, str]] = []
        for index, part in enumerate(pattern.split("/")):
            if part.startswith("{"):
                self._names.append((index, part[1:-1]))
            else:
                self._literals.append((index, part))

    @property
    def specificity(self) -> int:
        """How many parts are fixed; `search` goes before `{accountId}`."""
        return len(self._literals)

    def params(self, parts: list[str]) -> dict[str, str] | None:
        """Answer the still quoted parameters of a path with as many parts, None where it does not fit."""
        for index, literal in self._literals:
            if parts[index] != literal:
                return None
        return {name: parts[index] for index, name in self._names}


class RouteTable:
    """Finds the route of a request.

    Args:
        routes: All operations.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        shapes: dict[str, _Shape] = {}
        for route in routes:
            shapes.setdefault(route.pattern, _Shape(route.pattern)).verbs[route.verb] = route
        self._by_length: dict[int, list[_Shape]] = {}
        for pattern, shape in shapes.items():
            self._by_length.setdefault(pattern.count("/") + 1, []).append(shape)
        for same_length in self._by_length.values():
            same_length.sort(key=lambda shape: -shape.specificity)

    def find(self, verb: str, raw_path: str) -> Match | ApiError:
        """Answer the route of a verb and a raw (still quoted) path, or the error to answer with.

        A quoted slash stays inside its segment, so any key can be looked up.
        """
        parts = raw_path.split("/")
        for shape in self._by_length.get(len(parts), ()):
            params = shape.params(parts)
            if params is None:
                continue
            route = shape.verbs.get(verb)
            if route is None:
                allowed = ", ".join(sorted(shape.verbs))
                return ApiError(
                    405, (f"Method {verb} is not allowed",), headers=((b"allow", allowed.encode("ascii")),)
                )
            return Match(route, params)
        return ApiError(404, ("Resource not found",))


def unquoted(params: dict[str, str]) -> dict[str, str]:
    """Take the quoting off path parameters.

    Raises:
        ApiError: 400 where one is not UTF-8.
    """
    try:
        return {name: unquote(text, errors="strict") for name, text in params.items()}
    except UnicodeDecodeError:
        raise ApiError(400, ("The path is not valid UTF-8",)) from None
