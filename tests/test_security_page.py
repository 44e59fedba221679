"""SECURITY.md is true: each of its lines has tests, and the file says nothing that has none."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

TESTED: Final = {
    "Secrets stay in": """
        tests/test_settings.py::test_no_secret_in_any_repr
        tests/test_errors.py::test_no_secret_in_any_error
        tests/test_errors.py::test_no_secret_in_a_refused_login
        tests/test_redaction.py::test_a_known_secret_never_survives
        tests/bulk/journal/test_journal_texts.py::test_no_error_tells_what_it_must_not
        tests/test_own_words.py::test_an_error_repeats_nothing_that_was_sent
        tests/test_written.py::test_a_command_writes_no_secret
        tests/test_written.py::test_a_job_and_its_calls_write_no_secret
    """,
    "Traces and dumps show none": """
        tests/test_frames.py::test_an_answer_that_fails_shows_no_secret
        tests/test_frames.py::test_a_refused_login_shows_no_secret
        tests/test_frames.py::test_no_connection_shows_no_secret
        tests/test_frames.py::test_a_call_that_is_cut_off_shows_no_secret
        tests/test_masking.py::test_a_repr_shows_no_secret_and_no_address
        tests/test_masking.py::test_a_dump_masks_secrets_unless_it_is_asked_for_them
        tests/test_masking.py::test_a_write_model_refuses_a_mask
        tests/test_masking.py::test_a_dump_that_is_sent_is_refused
    """,
    "The token goes to one host": """
        tests/test_transport.py::test_redirects_are_not_followed
        tests/test_elsewhere.py::test_a_download_is_followed_once_without_our_token
        tests/test_elsewhere.py::test_a_second_redirect_is_refused
        tests/test_elsewhere.py::test_any_other_redirect_is_refused
        tests/test_elsewhere.py::test_a_named_place_gets_the_file_and_no_token
    """,
    "A URL that the API names leads out, not in": """
        tests/test_file_hosts.py::test_a_place_in_somebodys_own_network_is_refused_by_its_name
        tests/test_file_hosts.py::test_a_public_name_that_leads_to_this_machine_is_not_asked
        tests/test_file_hosts.py::test_own_and_listed_hosts_may_have_any_address
        tests/test_file_hosts.py::test_behind_a_proxy_the_name_counts
    """,
    "You say which host": """
        tests/cli/test_cli_place.py::test_a_journal_does_not_decide_where_the_password_goes
        tests/cli/test_cli_place.py::test_a_place_that_is_given_is_the_jobs
        tests/cli/test_cli_place.py::test_the_providers_own_places_are_taken_from_a_journal
        tests/cli/test_cli_place.py::test_a_file_that_names_another_place_is_refused
        tests/test_settings.py::test_production_is_named
        tests/test_settings.py::test_a_host_is_dialled_as_it_was_compared
    """,
    "Nobody listens on the way": """
        tests/test_settings.py::test_plain_http_to_another_machine_is_refused
        tests/test_transport_doors.py::test_a_certificate_that_is_not_vouched_for_is_never_sent_to
        tests/test_transport_doors.py::test_the_environments_proxies_are_heeded_only_when_asked
    """,
    "An id stays an id": """
        tests/test_operations.py::test_an_id_is_exactly_one_segment
        tests/test_operations.py::test_an_id_that_would_be_another_path_is_refused
        tests/test_foreign_answers.py::test_a_create_answered_with_another_object_counts_as_lost
        tests/bulk/test_unprintable_ids.py::test_a_step_that_answers_one_is_lost
    """,
    "Text gives no orders": """
        tests/test_plain_text.py::test_what_a_server_says_is_one_plain_line
        tests/cli/test_cli_plain.py::test_nothing_that_is_shown_steers
        tests/cli/test_cli_plain.py::test_an_error_and_its_trace_do_not_steer
        tests/cli/test_cli_plain.py::test_a_log_line_is_one_line
        tests/bulk/test_formulas.py::test_our_cells_of_a_csv_file
        tests/test_bodies.py::test_a_file_name_is_one_name_or_none
    """,
    "An answer cannot flood memory": """
        tests/test_transport.py::test_a_gzip_bomb_is_cut_off_in_bounded_memory
        tests/test_transport.py::test_a_plain_body_over_the_cap_is_cut_off
        tests/test_bodies.py::test_a_download_has_a_cap_of_its_own
        tests/test_large_bodies.py::test_a_million_objects_are_refused_in_bounded_memory
    """,
    "Files are yours": """
        tests/bulk/journal/test_journal_file.py::test_only_its_owner_may_read_it
        tests/bulk/test_results.py::test_the_file_appears_whole_in_input_order_and_only_for_its_owner
        tests/bulk/test_plan_file.py::test_a_plan_is_one_json_object
        tests/test_bodies.py::test_saving_is_all_or_nothing
    """,
    "Production is named on purpose": """
        tests/test_settings.py::test_without_a_choice_it_is_beta_in_one_line
        tests/test_settings.py::test_production_is_named
        tests/test_settings.py::test_an_environment_is_kept_beside_any_base_url
        tests/cli/test_cli_place.py::test_a_call_that_writes_asks_in_production
        tests/cli/test_cli_place.py::test_every_operation_that_may_write_asks
        tests/cli/test_cli_place.py::test_a_rehearsal_at_the_sandbox
        tests/cli/test_cli_place.py::test_no_guard_is_proposed_to_be_lifted
        tests/cli/test_cli_bulk.py::test_production_with_nobody_there
        tests/cli/test_cli_resume.py::test_production_is_confirmed
    """,
    "The sandbox is this machine's": """
        tests/sandbox/test_sandbox_server.py::test_serve_listens_on_loopback_and_stops_clean
        tests/sandbox/test_sandbox_callers.py::test_no_control_page_answers_a_foreign_name_or_page
        tests/sandbox/test_sandbox_callers.py::test_which_callers_are_this_machines
        tests/sandbox/test_sandbox_app.py::test_senseless_options_are_refused
    """,
}
"""What the library promises, by the words that a line begins with, and the tests that hold it to that."""


def test_every_promise_has_its_tests() -> None:
    """The promises of the page are those of the table, in the same order."""
    _, _, promises = PAGE.partition("## What the library promises")
    promises, _, _ = promises.partition("## What is yours")
    assert re.findall(r"^\* \*\*(.+?)\.\*\*", promises, re.MULTILINE) == list(TESTED)


@pytest.mark.parametrize("test", sorted({name for names in TESTED.values() for name in names.split()}))
def test_a_test_that_is_named_is_there(test: str) -> None:
    """A test that is renamed or dropped takes its line of the page with it."""
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {
        node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def test_the_page_names_this_file() -> None:
    """Who reads the page finds the tests."""
    assert "`tests/test_security_page.py`" in PAGE


def test_the_licence_is_in_the_tree_and_in_the_source_distribution() -> None:
    """What the metadata calls the licence is there, is that licence, and goes out with the sources."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["license"] == "MIT"
    assert project["project"]["license-files"] == ["LICENSE"]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) 20")
    assert 'THE SOFTWARE IS PROVIDED "AS IS"' in text
    included = project["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert {"LICENSE", "SECURITY.md", "CONTRIBUTING.md", "README.md", "CHANGELOG.md"} <= set(included)
    assert all((ROOT / name).exists() for name in included)
