"""Plan before apply, and the canary: what is known before the rest is sent."""
