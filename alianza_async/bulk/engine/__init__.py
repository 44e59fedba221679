"""The parts of the bulk engine: workers, widths, and what holds a job back."""
