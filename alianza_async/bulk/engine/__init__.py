"""The bulk engine: steps, their settlement, and the evidence of who made what."""
