"""What declarations say that a verb and a path do not: whose partition, which name, and that nothing came."""

from __future__ import annotations

import pytest

from alianza_async.models.user_groups import UserGroupSettings
from alianza_async.resources.registry import find


def target(name: str, *args: object, **kwargs: object) -> str:
    """Return path and query of a call on a session whose partition is `p`."""
    endpoint = find(name).endpoint
    defaults = dict.fromkeys(endpoint.wanted(args, kwargs), "p")
    return endpoint.prepare(args, kwargs, defaults).target


def test_a_required_partition_in_the_query_is_the_sessions() -> None:
    """Where the API wants the partition as a parameter, the session's is sent, unless another is given."""
    path = "/v2/user-groups/settings?accountId=a&groupId=g&partitionId="

    assert target("user_groups.delete", account_id="a", group_id="g") == f"{path}p"
    assert target("user_groups.delete", account_id="a", group_id="g", partition_id="q") == f"{path}q"


def test_a_partition_to_choose_by_is_not_filled_in() -> None:
    """Where the partition is a filter, leaving it out means all of them."""
    assert target("edge_nodes.list") == "/v2/enm/edge-node"


def test_a_placeholder_has_a_name_of_ours() -> None:
    """An id that is published as `id` has the name of what it is, and stands where it is published."""
    declared = find("documents.get")

    assert declared.path == "/v2/document-repository/document-version/{id}"
    assert target("documents.get", "d1") == "/v2/document-repository/document-version/d1"
    assert target("documents.get", document_id="d1") == "/v2/document-repository/document-version/d1"


@pytest.mark.parametrize(("body", "answer"), [(b"", None), (b"{}", UserGroupSettings())])
def test_an_empty_answer_is_none_where_there_may_be_none(body: bytes, answer: object) -> None:
    """A 204 of an operation that answers something or nothing is None."""
    assert find("user_groups.list").endpoint.parse(body) == answer


def test_a_list_is_repeated_and_other_names_are_kept() -> None:
    """A list is sent once an item, and a name that is no camelCase as it is published."""
    assert target("dynamic_inventory.search", "a", npa_nxx="801555", sequential=False) == (
        "/v2/partition/p/account/a/dynamic-inventory/tn-search?npa-nxx=801555&sequential=false"
    )
    assert target("partitions.history", tag=["x", "y"]) == "/v2/partition/p/data-history?tag=x&tag=y"
