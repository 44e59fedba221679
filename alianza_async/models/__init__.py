"""What goes out and what comes in: strict models to write, open models to read."""
