"""What a job makes of a row: its fields, what is sent, and where the ids of the path come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel
from pydantic.alias_generators import to_snake

from alianza_async.errors import ConfigurationError, FieldError, InvalidInputError
from alianza_async.models.base import WriteModel, validate_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alianza_async.operations import BoundEndpoint

__all__ = ["ACCOUNT_ID", "ACCOUNT_NUMBER", "Kind", "Payload"]

R_co = TypeVar("R_co", covariant=True)

ACCOUNT_ID = "account_id"
ACCOUNT_NUMBER = "account_number"
_PARTITION = "partition_id"


@dataclass(frozen=True, slots=True)
class Payload:
    """What one row asks for.

    Attributes:
        key: The natural key as it will be sent.
        model: The body.
        ids: Ids of the path, by placeholder; `account_number` stands in for an `account_id` to be looked up.
    """

    key: str
    model: WriteModel
    ids: Mapping[str, str] = field(default_factory=dict[str, str])


class Kind(Generic[R_co]):
    """A declared create, as a bulk job sees it.

    Args:
        create: A declared create, bound to a session.
        ids: Ids of the path that are the same for every row.

    Raises:
        ConfigurationError: The operation is no create with a natural key and a model for its body.
    """

    def __init__(self, create: BoundEndpoint[..., R_co], ids: Mapping[str, str] | None = None) -> None:
        endpoint = create.endpoint
        key, model = create.operation.key, endpoint.body_model
        if key is None or model is None or not issubclass(model, WriteModel):
            raise ConfigurationError(
                f"{create.operation.operation_id} cannot run in bulk: it is no create with a natural key, so "
                "nothing could tell whether a lost answer had made its object"
            )
        self.create = create
        self.model = model
        self.key_field = to_snake(key.field)
        self._ids = dict(ids or {})
        self._path_fields = tuple(
            name for name in endpoint.path_names if name != _PARTITION and name not in self._ids
        )
        helpers = {*self._path_fields}
        if ACCOUNT_ID in helpers:
            helpers.add(ACCOUNT_NUMBER)
        self.fields = frozenset({*model.model_fields, *helpers})
        self.required = frozenset(name for name, info in model.model_fields.items() if info.is_required())

    def key_of(self, values: Mapping[str, object] | BaseModel) -> str | None:
        """Return a row's natural key as text, where it has one; never fails."""
        value = (
            getattr(values, self.key_field, None)
            if isinstance(values, BaseModel)
            else values.get(self.key_field)
        )
        return None if value is None else str(value)

    def read(self, values: Mapping[str, object] | BaseModel) -> Payload:
        """Make what is to be sent of a row's values.

        Raises:
            InvalidInputError: It cannot be sent; names each field.
        """
        if isinstance(values, BaseModel):
            if not isinstance(values, self.model):
                raise InvalidInputError(f"the row is a {type(values).__name__}, not a {self.model.__name__}")
            return Payload(str(getattr(values, self.key_field)), values, self._row_ids({}))
        body = dict(values)
        ids = self._row_ids(body)
        model = validate_write(self.model, body)
        return Payload(str(getattr(model, self.key_field)), model, ids)

    def _row_ids(self, body: dict[str, object]) -> dict[str, str]:
        """Take the ids of the path out of a row's values."""
        ids: dict[str, str] = {}
        for name in self._path_fields:
            value = body.pop(name, None)
            number = body.pop(ACCOUNT_NUMBER, None) if name == ACCOUNT_ID else None
            if value is not None:
                ids[name] = str(value)
            elif number is not None:
                ids[ACCOUNT_NUMBER] = str(number)
            else:
                also = f" or {ACCOUNT_NUMBER}" if name == ACCOUNT_ID else ""
                complaint = FieldError(name, f"is missing; give {name}{also}")
                raise InvalidInputError(str(complaint), fields=[complaint])
        return {**self._ids, **ids}
