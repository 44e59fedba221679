from __future__ import annotations

import os
import random
import re
import sys

import pytest

from alianza_async.calls.identifiers import new_call_id


def test_call_ids_sort_by_time() -> None:
    """Ids are UUIDs of version 7: unique, and in the order in which they were made, to the microsecond."""
    made = [new_call_id() for _ in range(2000)]
    assert len(set(made)) == 2000
    assert [each[:18] for each in made] == sorted(each[:18] for each in made)
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", each)
        for each in made
    )


def test_nobodys_seed_makes_them_repeat() -> None:
    """Who seeds Python's own random numbers does not seed the ids: two processes that do make others."""
    random.seed(7)
    first = new_call_id()
    random.seed(7)
    assert new_call_id()[19:] != first[19:]


@pytest.mark.skipif(sys.platform == "win32", reason="processes do not fork there")
def test_a_forked_child_makes_other_ids() -> None:
    """What a fork copies does not make parent and child go on with the same random bits."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover  (it leaves without a word)
        os.write(writable, new_call_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writable)
    told = os.read(readable, 100).decode()
    os.close(readable)
    assert (len(told), told[19:] != new_call_id()[19:]) == (36, True)
