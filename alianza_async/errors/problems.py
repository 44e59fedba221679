"""Why no connection was made: one small vocabulary, whatever library makes the connections."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["ConnectionProblem"]


class ConnectionProblem(StrEnum):
    """Why no connection was made."""

    NAME_NOT_FOUND = "name not found"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed out"
    CUT_OFF = "cut off"
    """The other end hung up while the connection was made."""
    CERTIFICATE_EXPIRED = "certificate expired"
    CERTIFICATE_NOT_YET_VALID = "certificate not yet valid"
    CERTIFICATE_SELF_SIGNED = "certificate self-signed"
    CERTIFICATE_UNKNOWN_AUTHORITY = "certificate of an unknown authority"
    CERTIFICATE_WRONG_HOST = "certificate of another host"
    CERTIFICATE_INVALID = "certificate invalid"
    """Any other fault of a certificate."""
    NOT_TLS = "not TLS"
    """The port answers without TLS: https to a plain port."""
    TLS_FAILED = "TLS failed"
    """Any other fault of the TLS handshake, such as no version in common."""
    PROXY_PASSWORD = "proxy wants a password"  # noqa: S105  (what is wrong, no password)
    PROXY_REFUSED = "proxy refused"
    PROXY_FAILED = "proxy failed"
    """The proxy could not make the connection for now."""
    OTHER = "other"

    @property
    def permanent(self) -> bool:
        """Whether trying again cannot help: a certificate, a port or a proxy has to be changed first."""
        return self in _PERMANENT


_PERMANENT = frozenset(
    {
        ConnectionProblem.CERTIFICATE_EXPIRED,
        ConnectionProblem.CERTIFICATE_NOT_YET_VALID,
        ConnectionProblem.CERTIFICATE_SELF_SIGNED,
        ConnectionProblem.CERTIFICATE_UNKNOWN_AUTHORITY,
        ConnectionProblem.CERTIFICATE_WRONG_HOST,
        ConnectionProblem.CERTIFICATE_INVALID,
        ConnectionProblem.NOT_TLS,
        ConnectionProblem.PROXY_PASSWORD,
        ConnectionProblem.PROXY_REFUSED,
    }
)
