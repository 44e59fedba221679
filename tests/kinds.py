"""The types of declarations, told in the words of a description."""

from __future__ import annotations

import inspect
import re
import types
from datetime import date
from typing import Annotated, Literal, TypeAlias, Union, get_args, get_origin

from alianza_async.calls.files import Download, Upload

Kind: TypeAlias = object


def kind(hint: object) -> Kind:  # noqa: PLR0911  (a table: one return a row)
    """Return a type of ours in the words of the description."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return kind(args[0])
    if Upload in args:
        return "file"
    if origin in {Union, types.UnionType}:
        kinds = [kind(arg) for arg in args]
        return "|".join(sorted(map(str, kinds))) if len(kinds) > 1 else kinds[0]
    if origin is list:
        return f"[{kind(args[0])}]"
    if origin is Literal:
        return f"enum {sorted(args)}"
    if inspect.isclass(origin):
        return "object" if len(args) == 2 and args[1] is object else f"{{{kind(args[1])}}}"
    names: dict[object, str] = {
        str: "string", int: "integer", float: "number", bool: "boolean",
        date: "date", Upload: "file", type(None): "null", Download: "Download",
    }  # fmt: skip
    return names.get(hint) or getattr(hint, "__name__", repr(hint))


def argument_kind(hint: object) -> Kind:
    """Return the kind of an argument, left out or not."""
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    given = [arg for arg in get_args(inner) if arg is not type(None)]
    return (
        kind(given[0]) if get_origin(inner) in {Union, types.UnionType} and len(given) == 1 else kind(inner)
    )


def open_kind(text: Kind) -> Kind:
    """Return the kind under which an enumeration is answered: any text."""
    return re.sub(r"enum \[.*?\]", "string", str(text))
