"""Declared operations: a declaration becomes a call, and its answer a value.

`declare` has the decorators. The other modules below are for the library itself: import from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alianza_async.endpoints import (
        declare as declare,
    )
    from alianza_async.endpoints.binding import (
        FromClient as FromClient,
        Header as Header,
        Named as Named,
        PartField as PartField,
    )
    from alianza_async.endpoints.endpoint import (
        BoundEndpoint as BoundEndpoint,
        Endpoint as Endpoint,
        Resource as Resource,
    )
    from alianza_async.endpoints.ensure import (
        Ensured as Ensured,
    )
    from alianza_async.endpoints.lazy import (
        HasResources as HasResources,
        Lazy as Lazy,
    )
    from alianza_async.endpoints.models import (
        ReadModel as ReadModel,
        Timestamp as Timestamp,
        WireModel as WireModel,
        WriteModel as WriteModel,
    )
    from alianza_async.endpoints.paging import (
        BoundPages as BoundPages,
        HasData as HasData,
        HasEntities as HasEntities,
        HasResults as HasResults,
        Incomplete as Incomplete,
        LinkStyle as LinkStyle,
        PagedEndpoint as PagedEndpoint,
        Pages as Pages,
        PageStyle as PageStyle,
    )

if not TYPE_CHECKING:  # checkers read the list above; a test holds the two equal
    from alianza_async._names import lazy

    __getattr__, __dir__, __all__ = lazy(
        __name__,
        {
            "": "declare",
            "binding": "FromClient Header Named PartField",
            "endpoint": "BoundEndpoint Endpoint Resource",
            "ensure": "Ensured",
            "lazy": "HasResources Lazy",
            "models": "ReadModel Timestamp WireModel WriteModel",
            "paging": """
                BoundPages HasData HasEntities HasResults Incomplete LinkStyle PageStyle
                PagedEndpoint Pages
            """,
        },
    )
