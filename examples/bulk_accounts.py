"""Create an account for each row of a file, and say what became of the rows that are not done.

Run it against an embedded Alianza:

    alianza sandbox serve               # prints three export lines: paste them in a second shell, then there
    python examples/bulk_accounts.py accounts.csv

Run it again with the result file, `accounts-results.csv`, and it goes on where it ended.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from alianza_async import AlianzaError, BulkStoppedError, Session


async def create_accounts(file: Path) -> bool:
    """Create the accounts, print what happened, and tell whether all of them are done."""
    async with Session.from_env() as session:
        job = session.bulk.create_accounts(file, results=file.with_name(f"{file.stem}-results.csv"))
        try:
            async for result in job:
                if not result.done:
                    print(f"row {result.row}, {result.key}: {result.status}: {result.error}")
        except BulkStoppedError as error:
            print(error)
        report = job.report
        print(f"{report.created} created, {report.exists} there before, {report.items_per_s:.0f} a second")
        print(f"results: {report.results_path}")
        return report.all_done


def main() -> int:
    """Run the job; answer the exit code."""
    if len(sys.argv) != 2:  # noqa: PLR2004  (the program's name and the file)
        print("usage: python examples/bulk_accounts.py FILE", file=sys.stderr)
        return 2
    try:
        return 0 if asyncio.run(create_accounts(Path(sys.argv[1]))) else 1
    except AlianzaError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
