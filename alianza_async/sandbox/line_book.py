"""Device lines: a MAC address and a line number, each pair used once."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

from alianza_async.sandbox.answers import ApiError
from alianza_async.sandbox.history import LINE

if TYPE_CHECKING:
    from alianza_async.sandbox.history import History
    from alianza_async.sandbox.options import Json

_OWNED: Final = ("id", "partitionId", "accountId")
_MAC: Final = re.compile(r"[0-9A-F]{12}")


def plain_mac(text: str) -> str | None:
    """Answer a MAC address as 12 capital hexadecimal digits; None where it is none."""
    plain = re.sub("[:.-]", "", text).upper()
    return plain if _MAC.fullmatch(plain) else None


class LineBook:
    """Every device line of one sandbox.

    Args:
        history: Where changes are written.

    Attributes:
        lines: Every line, by id.
        created: How many were ever created.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._by_mac: dict[str, list[str]] = {}
        self._members: dict[str, dict[str, None]] = {}
        self.lines: dict[str, Json] = {}
        self.created = 0

    def of_account(self, account_id: str) -> list[Json]:
        """List an account's lines in the order they were created."""
        return [self.lines[line_id] for line_id in self._members.get(account_id, ())]

    def of_mac(self, mac: str) -> list[Json]:
        """List the lines of a device, wherever they are."""
        return [self.lines[line_id] for line_id in self._by_mac.get(mac, ())]

    def one(self, account: Json, line_id: str) -> Json:
        """Answer the account's line with this id.

        Raises:
            ApiError: 404 where the account has none.
        """
        line = self.lines.get(line_id)
        if line is None or line["accountId"] != account["id"]:
            raise ApiError(404, ("Device not found",), {"deviceId": line_id})
        return line

    def add(self, account: Json, body: Json, *, unique: bool) -> Json:
        """Create a line from an accepted body and answer it whole.

        Raises:
            ApiError: 400 where the line, or its device, is used elsewhere and must be unique.
        """
        line: Json = {
            "id": str(uuid.uuid4()),
            "partitionId": account["partitionId"],
            "accountId": account["id"],
            "lineType": "Line",
        }
        self._check_free(line, body, unique=unique)
        line.update({name: value for name, value in body.items() if name not in _OWNED})
        line.setdefault("sipUsername", str(line["id"]).replace("-", ""))
        self._put(line)
        self._members.setdefault(str(account["id"]), {})[str(line["id"])] = None
        self.created += 1
        self._history.write(account, LINE, "CREATE", _named(line))
        return line

    def replace(self, account: Json, line: Json, body: Json, *, unique: bool) -> Json:
        """Put an accepted body in a line's place; what the server decides stays.

        Raises:
            ApiError: 400 where the line, or its device, is used elsewhere and must be unique.
        """
        self._check_free(line, body, unique=unique)
        fresh: Json = {name: line[name] for name in _OWNED}
        fresh.update({name: value for name, value in body.items() if name not in _OWNED})
        self._take_out(line)
        self._put(fresh)
        self._history.changed(account, LINE, _named(fresh), line, fresh)
        return fresh

    def remove(self, account: Json, line: Json) -> None:
        """Delete a line."""
        self._take_out(line)
        del self.lines[str(line["id"])]
        del self._members[str(line["accountId"])][str(line["id"])]
        self._history.write(account, LINE, "DELETE", _named(line), old=_named(line)[1])

    def uses(self, user_id: str, account_id: str) -> bool:
        """Say whether a line of the account belongs to this user."""
        return any(line.get("userId") == user_id for line in self.of_account(account_id))

    def sip_username_in_use(self, name: str) -> bool:
        """Say whether any line has this SIP user name."""
        return any(line.get("sipUsername") == name for line in self.lines.values())

    def duplicates(self) -> list[str]:
        """List the device lines, as `MAC/line`, that are there more than once."""
        found: list[str] = []
        for line_ids in self._by_mac.values():
            seen = [_named(self.lines[line_id])[1] for line_id in line_ids]
            found += sorted({name for name in seen if seen.count(name) > 1})
        return found

    def _check_free(self, line: Json, body: Json, *, unique: bool) -> None:
        """Refuse a line that another one is already."""
        mac, number = body.get("macAddress"), body.get("lineNumber")
        if not unique or mac is None:
            return
        for other in self.of_mac(str(mac)):
            if other["id"] == line["id"]:
                continue
            if other["accountId"] != line["accountId"]:
                raise ApiError(400, ("MAC address is used by another account",), {"macAddress": mac})
            if other["lineNumber"] == number:
                raise ApiError(
                    400, ("Device line is already in use",), {"macAddress": mac, "lineNumber": number}
                )

    def _put(self, line: Json) -> None:
        """Keep a line, findable by its device."""
        line_id = str(line["id"])
        self.lines[line_id] = line
        if line.get("macAddress") is not None:
            self._by_mac.setdefault(str(line["macAddress"]), []).append(line_id)

    def _take_out(self, line: Json) -> None:
        """Take a line from under its device."""
        if line.get("macAddress") is not None:
            mac = str(line["macAddress"])
            self._by_mac[mac].remove(str(line["id"]))
            if not self._by_mac[mac]:
                del self._by_mac[mac]


def _named(line: Json) -> tuple[str, str]:
    """Answer a line's id and natural key."""
    return str(line["id"]), f"{line.get('macAddress', '')}/{line['lineNumber']}"
