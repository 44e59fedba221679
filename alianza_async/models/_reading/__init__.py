"""How people write a value, and the one spelling that the API takes: one function for each sort of value."""
