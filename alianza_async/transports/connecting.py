"""Why a connection could not be made, in one vocabulary and one sentence, whichever library was to make it.

httpx and aiohttp wrap what the operating system and OpenSSL say in errors of their own. What lies at the
bottom is the same for both: it names the problem, and a copy of it, without traceback, is the error's cause.
"""

from __future__ import annotations

import errno
import http
import socket
import ssl
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

import anyio

from alianza_async.errors import ConnectionFailedError, ConnectionProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alianza_async.calls.call import Call

__all__ = ["could_not_connect"]

_P = ConnectionProblem

# What X509_verify_cert(3) answers, and what SSL_get_verify_result(3) says of the host's name.
_BY_VERIFY_CODE: Final = {
    2: _P.CERTIFICATE_UNKNOWN_AUTHORITY,
    9: _P.CERTIFICATE_NOT_YET_VALID,
    10: _P.CERTIFICATE_EXPIRED,
    18: _P.CERTIFICATE_SELF_SIGNED,
    19: _P.CERTIFICATE_UNKNOWN_AUTHORITY,  # the authority's own certificate is in the chain
    20: _P.CERTIFICATE_UNKNOWN_AUTHORITY,
    21: _P.CERTIFICATE_UNKNOWN_AUTHORITY,
    62: _P.CERTIFICATE_WRONG_HOST,
    64: _P.CERTIFICATE_WRONG_HOST,
}
# How OpenSSL's versions tell of an answer that is no TLS.
_NOT_TLS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"}
)
_BY_ERRNO: Final = {
    errno.ENETUNREACH: _P.UNREACHABLE,
    errno.EHOSTUNREACH: _P.UNREACHABLE,
    errno.ENETDOWN: _P.UNREACHABLE,
    errno.EHOSTDOWN: _P.UNREACHABLE,
    errno.EADDRNOTAVAIL: _P.UNREACHABLE,
}
_REFUSED_FOR_NOW: Final = frozenset({408, 425, 429})
_CLIENT_ERROR: Final = range(400, 500)

_SAID: Final[dict[ConnectionProblem, tuple[str, str]]] = {
    _P.NAME_NOT_FOUND: ("its name was not found", "check the name and the name server"),
    _P.REFUSED: ("connection refused", "check host and port, and that it is running"),
    _P.UNREACHABLE: ("there is no route to it", "check the network"),
    _P.TIMED_OUT: ("it did not answer in time", "check the network and its firewalls"),
    _P.CUT_OFF: ("it hung up while the connection was made", "check host and port"),
    _P.CERTIFICATE_EXPIRED: (
        "certificate verify failed: the certificate has expired",
        "renew it there, or correct this machine's clock",
    ),
    _P.CERTIFICATE_NOT_YET_VALID: (
        "certificate verify failed: the certificate is not valid yet",
        "correct this machine's clock",
    ),
    _P.CERTIFICATE_SELF_SIGNED: (
        "certificate verify failed: self-signed certificate",
        "pass an ssl_context that trusts it",
    ),
    _P.CERTIFICATE_UNKNOWN_AUTHORITY: (
        "certificate verify failed: nobody known vouches for the certificate",
        "pass system_trust or an ssl_context that trusts its authority",
    ),
    _P.CERTIFICATE_WRONG_HOST: (
        "certificate verify failed: the certificate is for another host",
        "call it by the name in its certificate",
    ),
    _P.CERTIFICATE_INVALID: ("certificate verify failed", "check its certificate"),
    _P.NOT_TLS: ("the port does not speak TLS", "give the port that serves https"),
    _P.TLS_FAILED: ("the TLS handshake failed", "check which TLS versions both ends allow"),
    _P.PROXY_PASSWORD: (
        "the proxy wants a user name and a password",
        "give them in the proxy's URL, and check them where they stand there",
    ),
    _P.PROXY_REFUSED: ("the proxy refused", "ask who runs it to allow this host, or use another proxy"),
    _P.PROXY_FAILED: ("the proxy could not connect to it", "check base_url, and ask who runs the proxy"),
    _P.OTHER: ("no connection was made", "check base_url and the network"),
}
# What happens before TLS begins happens to the proxy, where there is one.
_BEFORE_TLS: Final = frozenset({_P.NAME_NOT_FOUND, _P.REFUSED, _P.UNREACHABLE, _P.TIMED_OUT})


def could_not_connect(
    error: BaseException, call: Call, *, url: str, proxy: bool = False, proxy_status: int | None = None
) -> ConnectionFailedError:
    """Return the error of a request that was never sent.

    Args:
        error: What the library below raised.
        call: What was to be sent.
        url: Where to.
        proxy: Whether a proxy stands between.
        proxy_status: What the proxy answered, where it was asked for a tunnel and refused.

    Returns:
        The error; its cause is a copy of what lies at the bottom, without traceback.
    """
    problem, cause = _problem(error) if proxy_status is None else _refused(proxy_status)
    what, advice = _SAID[problem]
    place = urlsplit(url).netloc.rpartition("@")[2]
    if proxy:
        place = f"the proxy for {place}" if problem in _BEFORE_TLS else f"{place} through the proxy"
    if problem is _P.OTHER:
        what = f"{what} ({type(error).__name__})"
    elif proxy_status is not None:
        what = f"{what} ({proxy_status})"
    elif problem in {_P.TLS_FAILED, _P.CERTIFICATE_INVALID} and (why := _tls_reason(cause)):
        what = f"{what} ({why})"
    once = "trying again cannot help: " if problem.permanent else ""
    failed = ConnectionFailedError(
        f"could not connect to {place}: {what}; {once}{advice}", context=call.context(), problem=problem
    )
    failed.__cause__ = cause
    return failed


def _problem(error: BaseException) -> tuple[ConnectionProblem, OSError]:
    """Return what is wrong, and a copy of what says so."""
    below = list(_chain(error))
    for each in reversed(below):  # the bottom first
        problem = _named(each)
        if problem is not None:
            return problem, _bare(each)
    return _P.OTHER, _bare(below[-1])


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was raised from or made of; of several attempts the last one comes last."""
    yield error
    below: list[object] = [error.__cause__]
    if error.__cause__ is None:  # httpcore cuts the chain off, and keeps what was below as an argument
        below = list(cast("tuple[object, ...]", error.args))
    if isinstance(error, BaseExceptionGroup):
        below = list(cast("BaseExceptionGroup[BaseException]", error).exceptions)
    for each in below:
        if isinstance(each, BaseException):
            yield from _chain(each)


def _named(error: BaseException) -> ConnectionProblem | None:  # noqa: PLR0911  (a table: one return a row)
    match error:
        case ssl.SSLCertVerificationError():
            return _BY_VERIFY_CODE.get(getattr(error, "verify_code", 0), _P.CERTIFICATE_INVALID)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | anyio.EndOfStream() | anyio.BrokenResourceError():
            return _P.CUT_OFF
        case ssl.SSLError():
            return _P.NOT_TLS if getattr(error, "reason", "") in _NOT_TLS else _P.TLS_FAILED
        case socket.gaierror():
            return _P.NAME_NOT_FOUND
        case ConnectionRefusedError():
            return _P.REFUSED
        case ConnectionError():
            return _P.CUT_OFF
        case TimeoutError():
            return _P.TIMED_OUT
        case OSError():
            return _BY_ERRNO.get(error.errno or 0)
        case _:
            return None


def _refused(status: int) -> tuple[ConnectionProblem, OSError]:
    """Return what a proxy's refusal means; only some of its kinds go away by themselves."""
    try:
        phrase = f" {http.HTTPStatus(status).phrase}"
    except ValueError:
        phrase = ""
    cause = ConnectionError(f"the proxy answered {status}{phrase}")
    if status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return _P.PROXY_PASSWORD, cause
    final = status in _CLIENT_ERROR and status not in _REFUSED_FOR_NOW
    return _P.PROXY_REFUSED if final else _P.PROXY_FAILED, cause


def _bare(error: BaseException) -> OSError:
    """Return a copy of an error of the standard library's that holds no traceback and no other error."""
    if not isinstance(error, OSError):
        return OSError(f"no connection was made ({type(error).__name__})")
    ours = {OSError.__module__, ssl.SSLError.__module__, socket.gaierror.__module__}
    kind = next(each for each in type(error).__mro__ if each.__module__ in ours)
    bare = cast("OSError", kind(*error.args))
    for name in ("library", "reason", "verify_code", "verify_message"):
        if hasattr(error, name):
            setattr(bare, name, getattr(error, name))
    return bare


def _tls_reason(cause: OSError) -> str:
    """Return why OpenSSL gave up, in its own words."""
    words = getattr(cause, "verify_message", None) or getattr(cause, "reason", None) or ""
    return str(words).replace("_", " ").lower()
