"""The policies a call passes on its way out, one file each; `session.py` strings them together."""
