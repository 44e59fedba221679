"""What travels through the request pipeline, whatever the API.

Public: `call` (`Call`, `Reply`, `Operation`, `NaturalKey`), `comparison` (`Difference`) and `files`
(`Upload`, `Download`). The other modules are for the library itself.
"""
