"""The one engine of bulk jobs: rows through chains of steps, each send journaled, each lost answer settled."""
