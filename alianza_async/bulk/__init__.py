"""Many items through the one road: sources, a runner with back-pressure, one result per item."""
