"""The API's operations, a file a tag, declarations only; each is loaded when first touched.

`namespace` makes them attributes of a session, `registry` lists them, `server_jobs` and
`page_styles` are what some share.
"""
