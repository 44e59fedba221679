"""The sandbox's command line: read by its own process, written by whoever starts that."""

from __future__ import annotations

import argparse

from alianza_async.sandbox.options import SandboxOptions


def arguments_of(options: SandboxOptions, *, port: int) -> list[str]:
    """Write options as the command line that asks for them, in a child process that ends with its parent."""
    arguments = ["--port", str(port), "--json", "--exit-with-parent"]
    for name, value in (
        ("--latency-ms", options.latency_ms),
        ("--latency-jitter-ms", options.latency_jitter_ms),
        ("--rate", options.rate),
        ("--retry-after", options.retry_after_s),
        ("--token-ttl", options.token_ttl_s),
        ("--username", options.username),
        ("--password", options.password),
        ("--partition", options.partition_id),
        ("--login-status", options.login_status),
        ("--delete-pending-s", options.delete_pending_s),
        ("--activation-s", options.activation_s),
        ("--e911-s", options.e911_s),
        ("--e911-reject", options.e911_reject),
        ("--e911-reject-rate", options.e911_reject_rate),
        ("--e911-pending", options.e911_pending),
        ("--e911-alternatives", options.e911_alternatives),
        ("--unit-required", options.unit_required),
        ("--inventory", options.inventory),
        ("--history-lag-s", options.history_lag_s),
        ("--clock-offset-s", options.clock_offset_s),
        ("--reservation-s", options.reservation_s),
        ("--job-s", options.job_s),
        ("--record-limit", options.record_limit),
        ("--seed", options.seed),
    ):
        if value is not None:
            # One word: a password may begin with a dash.
            arguments.append(f"{name}={value}")
    for name, asked in (
        ("--no-unique", not options.unique),
        ("--no-expires-in", not options.expires_in),
        ("--must-change-password", options.must_change_password),
        ("--no-require-address", not options.require_address),
        ("--strict", options.strict),
        ("--no-history", not options.history),
        ("--history-requests", options.history_requests),
        ("--history-whole-seconds", options.history_whole_seconds),
        ("--fold-usernames", options.fold_usernames),
        ("--fold-macs", options.fold_macs),
        ("--no-job-end", not options.jobs_end),
    ):
        if asked:
            arguments.append(name)
    arguments += [f"--permission={area}={level}" for area, level in (options.permissions or {}).items()]
    return arguments


def options_of(given: argparse.Namespace) -> SandboxOptions:
    """Read options off a parsed command line.

    Raises:
        ValueError: An option's figure makes no sense.
    """
    return SandboxOptions(
        latency_ms=given.latency_ms,
        latency_jitter_ms=given.latency_jitter_ms,
        rate=given.rate,
        retry_after_s=given.retry_after,
        token_ttl_s=given.token_ttl,
        expires_in=not given.no_expires_in,
        unique=not given.no_unique,
        username=given.username,
        password=given.password,
        partition_id=given.partition,
        must_change_password=given.must_change_password,
        login_status=given.login_status,
        permissions=_permissions(given.permission),
        delete_pending_s=given.delete_pending_s,
        activation_s=given.activation_s,
        require_address=not given.no_require_address,
        e911_s=given.e911_s,
        e911_reject=given.e911_reject,
        e911_reject_rate=given.e911_reject_rate,
        e911_pending=given.e911_pending,
        e911_alternatives=given.e911_alternatives,
        unit_required=given.unit_required,
        strict=given.strict,
        inventory=given.inventory,
        history=not given.no_history,
        history_lag_s=given.history_lag_s,
        history_requests=given.history_requests,
        history_whole_seconds=given.history_whole_seconds,
        clock_offset_s=given.clock_offset_s,
        fold_usernames=given.fold_usernames,
        fold_macs=given.fold_macs,
        reservation_s=given.reservation_s,
        job_s=given.job_s,
        jobs_end=not given.no_job_end,
        record_limit=given.record_limit,
        seed=given.seed,
    )


def _permissions(given: list[str] | None) -> dict[str, str] | None:
    """Read `AREA=LEVEL` words; None where there are none."""
    return {word.partition("=")[0]: word.partition("=")[2] for word in given} if given else None


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    usual = SandboxOptions()
    command = argparse.ArgumentParser(
        prog="python -m alianza_async.sandbox", description="Serve an embedded Alianza on 127.0.0.1."
    )
    add = command.add_argument
    add("--port", type=int, default=0, help="loopback port; 0 = any free one")
    add("--latency-ms", type=float, default=usual.latency_ms, help="milliseconds each answer takes")
    add("--latency-jitter-ms", type=float, default=usual.latency_jitter_ms, help="up to this much more")
    add("--rate", type=float, default=usual.rate, help="requests a second; without it there is no limit")
    add("--retry-after", type=float, default=usual.retry_after_s, help="seconds a 429 says to wait")
    add("--token-ttl", type=float, default=usual.token_ttl_s, help="seconds a login lasts")
    add("--no-expires-in", action="store_true", help="a login answers maxLifeInHours only")
    add("--no-unique", action="store_true", help="account numbers and user names may repeat")
    add("--username", default=usual.username, help="the one user name accepted; without it any is")
    add("--password", default=usual.password, help="the one password accepted; without it any is")
    add("--partition", default=usual.partition_id, help="partition of each login")
    add("--must-change-password", action="store_true", help="a login says so")
    add("--login-status", type=int, default=usual.login_status, help="answer each login with this status")
    add("--permission", action="append", metavar="AREA=LEVEL", help="what a login may do; may be repeated")
    add("--delete-pending-s", type=float, default=usual.delete_pending_s, help="seconds a deletion takes")
    add("--activation-s", type=float, default=usual.activation_s, help="seconds until a number is in service")
    add("--e911-s", type=float, default=usual.e911_s, help="seconds until a number's address is registered")
    add("--e911-reject", default=usual.e911_reject, help="refuse addresses with this text after activation")
    add("--e911-reject-rate", type=float, default=usual.e911_reject_rate, help="chance of such a refusal")
    add("--e911-pending", default=usual.e911_pending, help="never register addresses with this text")
    add("--e911-alternatives", default=usual.e911_alternatives, help="tidy, raw or none")
    add("--unit-required", default=usual.unit_required, help="streets with this text need a unit")
    add("--strict", action="store_true", help="refuse what the provider's guides call required")
    add("--no-require-address", action="store_true", help="numbers need no validated emergency address")
    add(
        "--inventory",
        default=usual.inventory,
        metavar="FILE",
        help="telephone numbers there are: CSV, or one a line",
    )
    add("--no-history", action="store_true", help="no account history is kept")
    add("--history-lag-s", type=float, default=usual.history_lag_s, help="seconds until history can be seen")
    add("--history-requests", action="store_true", help="history tells of creates as they arrive")
    add("--history-whole-seconds", action="store_true", help="history tells times to the second")
    add("--clock-offset-s", type=float, default=usual.clock_offset_s, help="how far its clock is ahead")
    add("--fold-usernames", action="store_true", help="user names are kept in lower case")
    add("--fold-macs", action="store_true", help="MAC addresses are answered in lower case")
    add("--reservation-s", type=float, default=usual.reservation_s, help="seconds a reservation lasts")
    add("--job-s", type=float, default=usual.job_s, help="seconds a job takes")
    add("--no-job-end", action="store_true", help="jobs never end")
    add("--record-limit", type=int, default=usual.record_limit, help="request records kept")
    add("--seed", type=int, default=usual.seed, help="seed of jitter and chances")
    add("--json", action="store_true", help="print one JSON line instead of export lines")
    add("--exit-with-parent", action="store_true", help="end when standard input closes")
    return command
