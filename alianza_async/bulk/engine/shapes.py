"""How the rows of a kind are read: which fields they have, what tells them apart, what makes one invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar, cast

from pydantic import BaseModel

from alianza_async.bulk.engine.valid_row import Payload
from alianza_async.endpoints.models import WriteModel, validate_write
from alianza_async.endpoints.paths import quote_segment
from alianza_async.errors import FieldError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACCOUNT_ID", "ACCOUNT_NUMBER", "CreateShape", "ModelShape", "RowShape"]

R = TypeVar("R", bound=WriteModel)

ACCOUNT_ID: Final = "account_id"
ACCOUNT_NUMBER: Final = "account_number"
_JOINED: Final = "/"


class RowShape(Protocol):
    """How the rows of a kind are read; sends nothing."""

    @property
    def fields(self) -> frozenset[str]:
        """The fields a row may have."""
        ...

    @property
    def required(self) -> frozenset[str]:
        """Those that a CSV file must have a column for."""
        ...

    @property
    def key_field(self) -> str:
        """The field that identifies a row; of two rows with the same value the later one is refused."""
        ...

    @property
    def path_ids(self) -> frozenset[str]:
        """The ids of the path that a job may give once for all its rows, such as `account_id`."""
        ...

    def fields_beside(self, ids: Mapping[str, str]) -> frozenset[str]:
        """Return the fields a row may have where some ids of the path are the same for every row."""
        ...

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's natural key in its own text, where it has one; never fails."""
        ...

    def read(self, values: Mapping[str, object] | BaseModel, ids: Mapping[str, str]) -> Payload:
        """Make what is to be sent of a row's values.

        Args:
            values: The row.
            ids: Ids of the path that are the same for every row.

        Raises:
            InvalidInputError: It cannot be sent; names each field.
        """
        ...


class ModelShape(Generic[R]):
    """Rows that one model describes whole.

    Args:
        model: The model.
        key: The field, or fields, that identify a row.
        unique: Further fields whose value no two rows may share.
    """

    def __init__(self, model: type[R], key: tuple[str, ...], unique: tuple[str, ...] = ()) -> None:
        self.model = model
        self.key = key
        self.unique = unique
        self.fields = frozenset(model.model_fields)
        self.required = frozenset(name for name, info in model.model_fields.items() if info.is_required())
        self.key_field = key[0]
        self.path_ids = frozenset[str]()

    def fields_beside(self, ids: Mapping[str, str]) -> frozenset[str]:
        """Return the fields a row may have where some ids of the path are the same for every row."""
        return self.fields - (ids.keys() - self.model.model_fields.keys())

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's key in its own text, where it has one; never fails."""
        parts: list[str] = []
        for name in self.key:
            value = getattr(values, name, None) if isinstance(values, BaseModel) else values.get(name)
            if value is not None and value != "":
                parts.append(str(value))
        return _JOINED.join(parts) or None

    def read(self, values: Mapping[str, object] | BaseModel, ids: Mapping[str, str]) -> Payload:
        """Check a row.

        Raises:
            InvalidInputError: It cannot be sent; names each field.
        """
        if isinstance(values, BaseModel):
            if not isinstance(values, self.model):
                raise InvalidInputError(f"the row is a {type(values).__name__}, not a {self.model.__name__}")
            row = values
        else:
            row = validate_write(self.model, values)
        unique = {name: cast("object", getattr(row, name)) for name in self.unique}
        return Payload(
            self.key_of(row) or "",
            row,
            ids,
            unique={name: str(value) for name, value in unique.items() if value is not None},
        )


class CreateShape(ModelShape[R]):
    """Rows of a declared create: the fields of its body, and the ids of its path that no option names.

    Args:
        model: The body's model.
        key: The natural key's field.
        path_fields: Ids of the path that a row names.
    """

    def __init__(self, model: type[R], key: str, path_fields: tuple[str, ...]) -> None:
        super().__init__(model, (key,))
        self._path_fields = path_fields
        self.path_ids = frozenset(path_fields)
        helpers = {*path_fields, ACCOUNT_NUMBER} if ACCOUNT_ID in path_fields else {*path_fields}
        self.fields: frozenset[str] = frozenset(model.model_fields) | helpers

    def fields_beside(self, ids: Mapping[str, str]) -> frozenset[str]:
        """Return the fields a row may have where some ids of the path are the same for every row."""
        named = {*ids, ACCOUNT_NUMBER} if ACCOUNT_ID in ids else {*ids}
        return self.fields - (named - self.model.model_fields.keys())

    def read(self, values: Mapping[str, object] | BaseModel, ids: Mapping[str, str]) -> Payload:
        """Make what is to be sent of a row's values.

        Raises:
            InvalidInputError: It cannot be sent; names each field.
        """
        wanted = tuple(name for name in self._path_fields if name not in ids)
        if isinstance(values, BaseModel) or not self._path_fields:
            if wanted:
                raise _missing(wanted[0])
            return super().read(values, ids)
        body = dict(values)
        return super().read(body, {**ids, **_row_ids(body, wanted)})


def _row_ids(body: dict[str, object], wanted: tuple[str, ...]) -> dict[str, str]:
    """Take the ids of the path out of a row's values."""
    ids: dict[str, str] = {}
    for name in wanted:
        value = body.pop(name, None)
        number = body.pop(ACCOUNT_NUMBER, None) if name == ACCOUNT_ID else None
        if value is not None:
            ids[name] = _segment(name, value)
        elif number is not None:
            ids[ACCOUNT_NUMBER] = _segment(ACCOUNT_NUMBER, number)
        else:
            raise _missing(name)
    return ids


def _segment(name: str, value: object) -> str:
    """Return an id that a row names, where it can stand in a path."""
    try:
        quote_segment(str(value), name=name)
    except InvalidInputError as error:
        complaint = FieldError(name, str(error).removeprefix(f"{name} "))
        raise InvalidInputError(str(complaint), fields=[complaint]) from None
    return str(value)


def _missing(name: str) -> InvalidInputError:
    also = f" or {ACCOUNT_NUMBER}" if name == ACCOUNT_ID else ""
    complaint = FieldError(name, f"is missing; give {name}{also}")
    return InvalidInputError(str(complaint), fields=[complaint])
