"""Account history as evidence, and what it settles."""
