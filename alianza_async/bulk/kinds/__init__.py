"""The kinds of bulk job, each a declared workflow, and the steps they are made of."""
