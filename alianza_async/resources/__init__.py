"""The API's operations, a file a tag, declarations only; each is loaded when first touched."""
