"""Where results go: the result file, in the input's order."""
