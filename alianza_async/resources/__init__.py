"""The API's operations, a file a tag, declarations only; each is loaded when first touched.

`namespace` makes them attributes of a session, `registry` lists them, `server_jobs` is what some share.
"""
