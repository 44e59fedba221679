"""Media: hold music and menu prompts of an account."""

# ruff: noqa: PIE790  (the `...` of a declaration tells pyright that its answer comes from elsewhere)
from __future__ import annotations

from typing import Annotated, Literal

from alianza_async.calls.files import Download, UploadSource
from alianza_async.endpoints import declare
from alianza_async.endpoints.endpoint import Resource
from alianza_async.models.media import HoldMusic, Media as MediaFile
from alianza_async.models.shared_jobs import Job

__all__ = ["Media"]

_ACCOUNT = "/v2/partition/{partition_id}/account/{account_id}"
_OLD_FILES = _ACCOUNT + "/media"
_FILES = _ACCOUNT + "/media_2"
_FILE = _FILES + "/{media_id}"
_HOLD_MUSIC = _FILES + "/type/holdmusic"


class Media(Resource):
    """Hold music and menu prompts of an account."""

    tag = "Media"

    @declare.post(
        _OLD_FILES, operation_id="add", deprecated="media.upload_prompt is deprecated: use media.upload"
    )
    async def upload_prompt(
        self, account_id: str, file: UploadSource, *, partition_id: str | None = None
    ) -> str:
        """Upload a prompt for a voice menu and return its id.

        `POST /v2/partition/{partitionId}/account/{accountId}/media`.
        """
        ...

    @declare.get(
        _OLD_FILES + "/{media_id}",
        operation_id="deprecatedGetMedia",
        deprecated="media.get_file is deprecated: use media.download",
    )
    async def get_file(
        self,
        account_id: str,
        media_id: str,
        *,
        file_name: str | None = None,
        media_type: Literal["HoldMusic", "IvrPrompt"],
        partition_id: str | None = None,
    ) -> Download:
        """Download hold music or a menu prompt.

        `GET /v2/partition/{partitionId}/account/{accountId}/media/{mediaId}`.
        """
        ...

    @declare.post(_FILES, operation_id="uploadAccountMedia")
    async def upload(
        self,
        account_id: str,
        file: UploadSource | None = None,
        *,
        job_upload_key: str | None = None,
        partition_id: str | None = None,
    ) -> MediaFile | Job:
        """Upload hold music or a menu prompt; a large file may be named by its upload key.

        `POST /v2/partition/{partitionId}/account/{accountId}/media_2`.
        """
        ...

    @declare.delete(_HOLD_MUSIC, operation_id="deleteAccountMusicOnHold")
    async def clear_hold_music(self, account_id: str, *, partition_id: str | None = None) -> None:
        """Go back from an account's own hold music to the usual one.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/media_2/type/holdmusic`.
        """
        ...

    @declare.get(_HOLD_MUSIC, operation_id="getAccountHoldMusic")
    async def get_hold_music(
        self, account_id: str, *, custom: bool | None = None, partition_id: str | None = None
    ) -> HoldMusic:
        """Return the hold music of an account.

        `GET /v2/partition/{partitionId}/account/{accountId}/media_2/type/holdmusic`.
        """
        ...

    @declare.put(_HOLD_MUSIC + "/{media_id}", operation_id="updateAccountMusicOnHold")
    async def set_hold_music(
        self,
        account_id: str,
        media_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> HoldMusic:
        """Choose the hold music of an account among its files.

        `PUT /v2/partition/{partitionId}/account/{accountId}/media_2/type/holdmusic/{id}`.
        """
        ...

    @declare.delete(
        _FILE,
        operation_id="deleteHoldMusic",
        deprecated="media.delete_hold_music is deprecated: use media.clear_hold_music",
    )
    async def delete_hold_music(
        self,
        account_id: str,
        media_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> None:
        """Delete hold music of an account.

        `DELETE /v2/partition/{partitionId}/account/{accountId}/media_2/{id}`.
        """
        ...

    @declare.get(_FILE, operation_id="getMediaFile")
    async def download(
        self,
        account_id: str,
        media_id: Annotated[str, declare.Named("id")],
        *,
        media_type: Literal["HoldMusic", "IvrPrompt"],
        partition_id: str | None = None,
    ) -> Download:
        """Download hold music or a menu prompt, wherever it is stored.

        `GET /v2/partition/{partitionId}/account/{accountId}/media_2/{id}`.
        """
        ...

    @declare.put(
        _FILE,
        operation_id="update_2",
        deprecated="media.choose_hold_music is deprecated: use media.set_hold_music",
    )
    async def choose_hold_music(
        self,
        account_id: str,
        media_id: Annotated[str, declare.Named("id")],
        *,
        partition_id: str | None = None,
    ) -> None:
        """Choose the hold music of an account.

        `PUT /v2/partition/{partitionId}/account/{accountId}/media_2/{id}`.
        """
        ...
