"""Measure this library beside what it is compared with: `make bench`, or `python -m benchmarks --help`."""
