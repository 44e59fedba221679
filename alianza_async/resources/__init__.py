"""The API's operations, a file a tag, declarations only; each is loaded when first touched.

Public is each module that has the name of an attribute of a session: `accounts`, with its class `Accounts`.
`namespace` makes them attributes of a session, `registry` lists them, `server_jobs` and `page_styles` are
what some share.
"""
