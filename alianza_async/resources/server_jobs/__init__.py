"""Work that the API carries out in its own time: what `session.jobs` and its bulk operations share."""
