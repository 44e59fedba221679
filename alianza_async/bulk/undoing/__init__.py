"""Taking a job back."""
