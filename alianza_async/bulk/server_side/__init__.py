"""Rows through the API's own bulk operations."""
