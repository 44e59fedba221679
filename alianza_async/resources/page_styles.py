"""How the API's lists page: by the index of an item, or by the number of a page; neither has a next link."""

from __future__ import annotations

from typing import Final

from alianza_async.endpoints.paging import PageStyle

__all__ = ["BY_INDEX", "BY_NUMBER"]

BY_INDEX: Final = PageStyle(
    "first_result_index", "max_result", "results", "total_records", 0, counts_pages=False
)
"""`firstResultIndex` and `maxResult`, answered with `{totalRecords, results}`."""

BY_NUMBER: Final = PageStyle("page_num", "page_size", "entities", "count", 0, counts_pages=True)
"""`pageNum` and `pageSize`, answered with `{count, entities}`."""
