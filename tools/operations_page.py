"""Write docs/operations.md: every operation by resource, and which creates have a natural key.

    python tools/operations_page.py [--check]

Everything comes from the declarations themselves (alianza_async/resources/registry.py);
tools/operations.csv adds why a create has no key. No description is needed.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # run as a file, as `make docs` does, only tools/ is on the path

from alianza_async.resources.registry import Declared, operations  # noqa: E402  (after the path)
from tools.generated import write_or_check  # noqa: E402  (as above)

PAGE = ROOT / "docs" / "operations.md"
_NO_KEY = re.compile(r"no operation finds (it by a natural|(it|them|the whole) by one) key( in its path)?")
TABLE = ROOT / "tools" / "operations.csv"

HEAD = """# Operations

Every operation of the API, by resource: `await session.accounts.get(...)`. `tools/operations_page.py`
writes this page from the declarations; `alianza operations` lists the same, and `alianza call NAME`
calls one. What a class means, and what is sent again, says [sent-again.md](sent-again.md). A key is the
field by which a create whose answer was lost is looked up; a probe is the call that shows what became of
an action.

```python
from alianza_async import Session

async with Session.from_env() as session:
    for account in await session.accounts.list():
        print(account.account_number, await session.accounts.status(account.id or ""))
```
"""


def page() -> str:
    """Return the page."""
    counts = Counter(str(each.operation.operation_class) for each in operations())
    told = ", ".join(f"{count} `{name}`" for name, count in counts.most_common())
    gone = sum(each.operation.deprecated is not None for each in operations())
    out = [HEAD, f"{len(operations())} operations: {told}; {gone} of them deprecated.\n", *_creates()]
    for resource, group in groupby(operations(), key=lambda each: each.resource):
        out += [f"## {resource}\n", _table(sorted(group, key=lambda each: each.python))]
    return "\n".join(out)


def _table(group: list[Declared]) -> str:
    lines = ["| call | verb and path | class | key or probe |", "| --- | --- | --- | --- |"]
    for each in group:
        operation = each.operation
        name = f"`{each.python}`"
        if operation.deprecated is not None:
            # "accounts.activate is deprecated: use ..." says its name once too often here.
            name += f"<br>deprecated: {operation.deprecated.partition(': ')[2]}"
        found = f"key `{operation.key.field}`" if operation.key else ""
        found = found or (f"probe `{operation.probe}`" if operation.probe else "")
        path = f"`{operation.method} {each.path}`"
        lines.append(f"| {name} | {path} | {operation.operation_class} | {found} |")
    return "\n".join(lines) + "\n"


def _note(reason: str) -> str:
    """Return what a reason says beside that there is no key."""
    return re.sub(r"; : ", "; ", _NO_KEY.sub("", reason.partition("; probe:")[0])).strip(" :;")


def _creates() -> list[str]:
    """Return which creates are found again, and why the others are not."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        reasons = {row["operation_id"]: row["reason"] for row in csv.DictReader(file)}
    keyed = [each for each in operations() if each.operation.key]
    bare = [
        (each, _note(reasons[each.operation.operation_id]))
        for each in operations()
        if not each.operation.key and _NO_KEY.search(reasons[each.operation.operation_id])
    ]
    return [
        "## Creates\n",
        "With a natural key: a lost answer is looked up, and one call makes one object at the most.\n",
        "\n".join(
            f"* `{each.python}` by `{each.operation.key.field}`" for each in keyed if each.operation.key
        ),
        "\nWithout one: a lost answer is an `UnknownOutcomeError`, and nothing is sent again by itself.\n",
        "| call | note | probe |\n| --- | --- | --- |",
        "\n".join(
            f"| `{each.python}` | {why} | {f'`{each.operation.probe}`' if each.operation.probe else ''} |"
            for each, why in bare
        )
        + "\n",
    ]


def main() -> int:
    """Write the page, or with --check say whether it is as it would be written."""
    return write_or_check(PAGE, page())


if __name__ == "__main__":
    raise SystemExit(main())
