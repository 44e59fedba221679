"""What each field of a kind's rows holds: by its type's mark, its type, or its name."""

from __future__ import annotations

import re
import types
from typing import TYPE_CHECKING, Annotated, Final, Union, cast, get_args, get_origin

from pydantic import SecretStr

from alianza_async.bulk.engine.private import is_secret
from alianza_async.models._reading.sorts import Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

__all__ = ["sorts_of"]

# Fields that are plain text in the models, whose names say what they hold.
_BY_NAME: Final = (
    (re.compile(r"(?:^|_)mac_address$"), Sort.MAC),
    (
        re.compile(r"(?:^|_)(?:(?:tele)?phone_number|emergency_number|caller_id_number)$"),
        Sort.TELEPHONE_NUMBER,
    ),
    (
        re.compile(r"(?:^|_)(?:id|ids|account_number|user_?name|extension|email|email_address|domain)$"),
        Sort.IDENTIFIER,
    ),
    (re.compile(r"(?:^|_)name$"), Sort.NAME),
)


def sorts_of(model: type[BaseModel], fields: Iterable[str]) -> dict[str, Sort]:
    """Return what each field of a row holds.

    Args:
        model: What describes the rows.
        fields: Our names of the fields a row may have; those that the model lacks are ids of the path.
    """
    sorts: dict[str, Sort] = {}
    for field in fields:
        info = model.model_fields.get(field)
        if info is None:
            sorts[field] = Sort.IDENTIFIER
        elif is_secret(field):
            sorts[field] = Sort.SECRET
        else:
            sorts[field] = _sort(field, [*info.metadata, *_parts(info.annotation)])
    return sorts


def _sort(field: str, parts: list[object]) -> Sort:
    """Return what a field holds, by the parts of its type."""
    marked = [part for part in parts if isinstance(part, Sort)]
    if marked:
        return marked[0]
    if SecretStr in parts:
        return Sort.SECRET
    if str in parts:
        return next((sort for name, sort in _BY_NAME if name.search(field)), Sort.TEXT)
    if bool in parts:
        return Sort.YES_NO
    return Sort.WHOLE_NUMBER if int in parts else Sort.VALUE


def _parts(annotation: object) -> Iterator[object]:
    """Yield what a type is made of: the members of unions, and what they are annotated with."""
    origin = get_origin(annotation)
    if origin is Annotated:
        first, *marks = cast("tuple[object, ...]", get_args(annotation))
        yield from marks
        yield from _parts(first)
    elif origin in {Union, types.UnionType}:
        for member in cast("tuple[object, ...]", get_args(annotation)):
            yield from _parts(member)
    else:
        yield annotation
