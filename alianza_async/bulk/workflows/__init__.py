"""The engine of workflows: chains of journaled steps."""
