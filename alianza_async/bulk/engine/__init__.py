"""The one engine of bulk jobs: rows through steps, each send journaled, each lost answer settled."""
