"""Nginx as the server, where it is installed: `python -m benchmarks.nginx` runs it until standard input ends.

It answers from its configuration, so it cannot wait and keeps no count of creates: it serves the comparison
without latency, where the server's own speed matters most.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.rows import LOGIN, account_json

__all__ = ["configuration", "find"]

_PATIENCE_S: Final = 10

_TEMPLATE: Final = """\
daemon off;
master_process off;
error_log stderr crit;
pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  default_type application/json;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = /_bench/facts {{ stub_status; }}
    location = /v2/authorize {{ return 200 '{login}'; }}
    location / {{ return 200 '{account}'; }}
  }}
}}
"""


def find() -> str | None:
    """Return where nginx is, or None."""
    return shutil.which("nginx", path=f"{_search_path()}:/usr/sbin:/usr/local/sbin")


def _search_path() -> str:
    import os

    return os.environ.get("PATH", os.defpath)


def configuration(folder: Path, port: int) -> str:
    """Return the text of an `nginx.conf` that keeps all its files in a folder."""
    account = account_json("BENCH-00000000", account_id="$request_id")
    return _TEMPLATE.format(folder=folder, port=port, login=LOGIN.decode(), account=account.decode())


def _version(program: str) -> str:
    told = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)  # noqa: S603  (found by `find`)
    return told.stderr.strip().rpartition("/")[2] or "of an unknown version"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("nginx did not begin to listen")


def main() -> None:
    """Run nginx until standard input ends."""
    program = find()
    if program is None:
        raise SystemExit("there is no nginx here")
    with tempfile.TemporaryDirectory(prefix="alianza-bench-") as name:
        folder, port = Path(name), _free_port()
        settings = folder / "nginx.conf"
        settings.write_text(configuration(folder, port), encoding="utf-8")
        process = subprocess.Popen([program, "-p", str(folder), "-c", str(settings)])  # noqa: S603  (found by `find`)
        try:
            _wait_until_it_listens(process, port)
            told = {"kind": f"nginx {_version(program)}", "pid": process.pid, "ports": {"0": port}}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
            sys.stdin.read()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
