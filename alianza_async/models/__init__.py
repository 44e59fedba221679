"""What goes out and what comes in: strict models to write, open models to read.

Public is each module without an underscore, one per domain, such as `alianza_async.models.users`; `fields`
and `enums` are what they share.
"""
