"""The command line: what the commands are called and what they take; each does its work in its own file."""

from __future__ import annotations

import re
from pathlib import Path  # noqa: TC003  (read at run time, to convert arguments)
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, CycloptsError, Parameter

from alianza_async.cli.bench_options import BenchOptions
from alianza_async.cli.bulk_commands import bulk
from alianza_async.cli.exits import Exit
from alianza_async.cli.finish import finish
from alianza_async.cli.options import Flag, Output, Where, hoisted
from alianza_async.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alianza_async.cli.screen import Screen

__all__ = ["app", "finish", "run"]

app: Final = App(
    name="alianza",
    help="Provision accounts and users at Alianza: nothing twice, at the right pace.\n\n"
    "Credentials come from ALIANZA_USERNAME and ALIANZA_PASSWORD. Without any, try: `alianza demo`",
    version=__version__,
    version_flags=["--version"],
)

_UNGUARDED: Final = re.compile(r' Did you mean "?--(?:yes|force|anywhere|include-live|unverified)"?\?')
"""A guard is lifted by who asks for that, and is not offered to who has misspelt something."""

sandbox: Final = App(name="sandbox", help="Serve an embedded Alianza, to try things out.")
app.command(bulk)
app.command(sandbox)


def run(tokens: Sequence[str]) -> int:
    """Run one command line and return its exit code.

    Args:
        tokens: The command line without the program's name.
    """
    try:
        command, bound, _ = app.parse_args(
            hoisted(tokens, _is_command), exit_on_error=False, print_error=False
        )
    except CycloptsError as error:
        from alianza_async.cli.screen import Screen

        said = _UNGUARDED.sub("", " ".join(str(error).split()))
        Screen(Output()).error(f"{said} See: alianza --help")
        return Exit.USAGE
    try:
        return int(command(*bound.args, **bound.kwargs) or Exit.DONE)
    except OSError as error:
        # A help text or the version that cannot be printed: every other output is the screen's.
        from alianza_async.cli.streams import Stream

        Stream("stdout").give_up(error)
        return Exit.NOT_DONE


def _is_command(words: Sequence[str]) -> bool:
    group = app
    try:
        for word in words:
            group = group[word]
    except KeyError:
        return False
    return True


@app.command
def demo(
    *,
    file: Path | None = None,
    results: Path | None = None,
    force: Flag = False,
    rate: float = 100,
    output: Output | None = None,
) -> int:
    """Create 2,000 accounts at an embedded Alianza and watch.

    Example: `alianza demo --rate 200`

    Args:
        file: Another CSV or JSON Lines file of accounts.
        results: Where the result file goes [default: demo-results.csv, or a new name].
        force: Replace the file of --results where it is there already.
        rate: Requests a second.
        output: How the output is shown.
    """
    from alianza_async.cli.demo import results_place, run_demo

    return finish(
        output or Output(),
        lambda screen: run_demo(file, results_place(file, results, force=force), rate, screen),
    )


@app.command
def whoami(*, where: Where | None = None) -> int:
    """Log in and tell who that is.

    Example: `alianza whoami --environment beta`

    Args:
        where: Which Alianza.
    """
    from alianza_async.cli.account import run_whoami

    where = where or Where()
    return finish(where, lambda screen: run_whoami(where, screen), only_reads=True)


@app.command
def health(*, where: Where | None = None) -> int:
    """Log in, make one call and tell how long it took.

    Example: `alianza health --json`

    Args:
        where: Which Alianza.
    """
    from alianza_async.cli.account import run_health

    where = where or Where()
    return finish(where, lambda screen: run_health(where, screen), only_reads=True)


@app.command
def bench(*, options: BenchOptions | None = None, where: Where | None = None) -> int:
    """Put load on an embedded Alianza, or on a server of yours, and tell how long calls take.

    Example: `alianza bench --latency-ms 50 --rate 100`

    It asks who is logged in, which changes nothing. Without --base-url it heeds no ALIANZA_* variable.

    Args:
        options: See `BenchOptions`.
        where: Which Alianza.
    """
    from alianza_async.cli.bench import run_bench

    where, options = where or Where(), options or BenchOptions()
    return finish(where, lambda screen: run_bench(options, where, screen))


@app.command(name="operations")
def list_operations(*, tag: str | None = None, output: Output | None = None) -> int:
    """List every operation of the API: its Python name, class, verb and path.

    Example: `alianza operations --tag "Telephone Number"`

    With --json it is one array of objects; nothing is called.

    Args:
        tag: Only those of one tag, such as "SIP Trunk" or sip_trunks.
        output: How the output is shown.
    """
    from alianza_async.cli.operations import run_operations

    return finish(output or Output(), lambda screen: run_operations(tag, screen), only_reads=True)


@app.command(name="call")
def call_operation(
    name: str,
    /,
    *,
    path: Annotated[list[str] | None, Parameter(negative=())] = None,
    query: Annotated[list[str] | None, Parameter(negative=())] = None,
    body: str | None = None,
    output: Annotated[Path | None, Parameter("--output")] = None,
    force: Flag = False,
    yes: Flag = False,
    where: Where | None = None,
) -> int:
    """Make one call of any operation and print its answer.

    Example: `alianza call accounts.get --path account_id=1001 --query account_id_type=AccountNumber`

    Args:
        name: Its Python name, such as accounts.get, or its operation id, such as retrieveAccount.
        path: An id of the path, as name=value; once for each.
        query: A parameter, as name=value; once for each.
        body: JSON, or @FILE; where the operation uploads a file, @FILE is that file.
        output: Write the answer to a file [default: standard output].
        force: Replace the file of --output where it is there already.
        yes: Write to production without asking.
        where: Which Alianza.
    """
    from alianza_async.cli.call import CallOptions, run_call

    told = CallOptions(
        name=name, path=path or (), query=query or (), body=body, output=output, force=force, yes=yes
    )
    where = where or Where()
    return finish(where, lambda screen: run_call(told, where, screen))


@sandbox.command(name="serve")
def sandbox_serve(
    *,
    port: int = 0,
    latency_ms: float = 0,
    latency_jitter_ms: float = 0,
    rate: float | None = None,
    token_ttl: float = 28_800,
    unique: Annotated[bool, Parameter(name="--unique", negative="--no-unique")] = True,
    username: str | None = None,
    password: str | None = None,
    must_change_password: Flag = False,
    partition: str = "sandbox-partition",
    inventory: str | None = None,
    output: Output | None = None,
) -> int:
    """Serve an embedded Alianza on 127.0.0.1 until interrupted.

    Example: `alianza sandbox serve --port 8080 --latency-ms 50 --rate 100`

    It prints the lines that point a shell at it.

    Args:
        port: Port; 0 = any free one.
        latency_ms: Milliseconds each answer takes.
        latency_jitter_ms: Up to this much more, at random.
        rate: Requests a second it allows [default: no limit].
        token_ttl: Seconds a login lasts.
        unique: Whether account numbers and user names may be used only once.
        username: The one user name accepted [default: any].
        password: The one password accepted [default: any].
        must_change_password: Have logins say that their password must be changed.
        partition: Partition of each login.
        inventory: File of the telephone numbers there are: one a line, or CSV with telephone_number.
        output: How the output is shown.
    """
    from alianza_async.cli.sandbox import run_sandbox, sandbox_options

    def work(screen: Screen) -> int:
        options = sandbox_options(
            latency_ms=latency_ms,
            latency_jitter_ms=latency_jitter_ms,
            rate=rate,
            token_ttl_s=token_ttl,
            unique=unique,
            username=username,
            password=password,
            must_change_password=must_change_password,
            partition_id=partition,
            inventory=inventory,
        )
        return run_sandbox(options, port=port, screen=screen)

    return finish(output or Output(), work)
