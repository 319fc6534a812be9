"""`cdp sync` as people type it, over stores in files and doubles behind a socket."""

import pytest
from click.testing import CliRunner

from cli import sync as sync_commands
from cli import sync_controls, sync_status
from cli.sync import sync
from warehouse.errors import CdpError

TEN = [(f"c_{number}", f"p{number}@x.org") for number in range(10)]


@pytest.fixture
def cdp(file_world, contacts, monkeypatch):
    """Types `cdp sync …` and returns status and what was printed; one sync is declared."""
    world = file_world
    world.people("contacts", [*TEN[:9], ("c_9", "p9@fake.test")])
    world.consent(*[customer for customer, _ in TEN])
    settings = {"CDP_DATA_DIR": str(world.stores.settings.data_dir), "CDP_AS_OF": "2026-10-31T12:00:00"}
    for name, value in {**world.doubles.environment, **settings}.items():
        monkeypatch.setenv(name, value)
    for module in (sync_controls, sync_status):
        monkeypatch.setattr(module, "read_declared", lambda _settings: [contacts])
        monkeypatch.setattr(module, "declared_syncs", lambda _settings, _names: ([contacts], {}))

    def typed(*words):
        answer = CliRunner().invoke(sync, words)
        if answer.exception and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        return answer.exit_code, answer.output

    typed.world = world
    return typed


def test_a_day_with_a_sync(cdp, contacts):
    world = cdp.world
    status, printed = cdp("status")
    assert (status, "never run" in printed) == (0, True)
    world.run(contacts)
    assert "9 in it" in cdp("status")[1]
    assert "refused 1 person" in cdp("status", "mailchimp_contacts")[1]
    assert "Nothing was sent or changed" in cdp("retry", "mailchimp_contacts", "--dry-run")[1]
    status, printed = cdp("retry", "mailchimp_contacts")
    assert (status, "1 refused again" in printed) == (2, True)
    assert cdp("verify")[0] == 0
    assert "Nothing was changed" in cdp("pause", "mailchimp_contacts", "--reason", "x", "--dry-run")[1]
    assert "paused" not in cdp("status")[1]
    cdp("pause", "mailchimp_contacts", "--reason", "under review")
    assert "under review" in cdp("status")[1]
    cdp("resume", "mailchimp_contacts", "--dry-run")
    assert "goes out again" in cdp("resume", "mailchimp_contacts")[1]


def test_a_plan_names_the_old_target_and_exports_who_is_taken_out_of_it(
    cdp, contacts, lapsed, monkeypatch, tmp_path
):
    world = cdp.world
    world.people("lapsed", TEN[:3])
    world.run(contacts)
    world.run(lapsed)
    moved = lapsed.model_copy(update={"target": "Win back"})
    monkeypatch.setattr(sync_commands, "read_declared", lambda _settings: [contacts, moved])
    monkeypatch.setattr(sync_commands, "declared_syncs", lambda _settings, _names: ([moved], {}))
    assert "3 others stay" in " ".join(cdp("plan", moved.name)[1].split())
    world.consent("c_1", status="denied")
    file = tmp_path / "requests.jsonl"
    printed = " ".join(cdp("plan", moved.name, "--export", str(file))[1].split())
    assert "old target Lapsed buyers, where this sync no longer points to: 1 to remove from it" in printed
    assert f"2 others stay until `cdp sync apply {moved.name} --confirm`" in printed
    assert len([line for line in file.read_text().splitlines() if "p1@x.org" in line]) == 1


def test_a_plan_tells_whom_a_removed_sync_left_behind(cdp, contacts, lapsed, monkeypatch):
    world = cdp.world
    world.people("lapsed", TEN[:3])
    world.run(contacts)
    world.run(lapsed)
    monkeypatch.setattr(sync_commands, "read_declared", lambda _settings: [contacts])
    monkeypatch.setattr(sync_commands, "declared_syncs", lambda _settings, _names: ([contacts], {}))
    printed = " ".join(cdp("plan")[1].split())
    assert "old target Lapsed buyers, of a sync that is no longer declared: 3 others stay" in printed


def test_verify_exports_ids_but_no_addresses_and_fails_on_what_is_missing(cdp, contacts, archive, tmp_path):
    cdp.world.run(contacts)
    archive(cdp.world, "p3@x.org")
    file = tmp_path / "findings.csv"
    status, printed = cdp("verify", "--export", str(file))
    assert (status, "1 missing" in printed) == (2, True)
    assert "missing,c_3," in file.read_text()
    assert "@" not in file.read_text()


def test_reset_needs_yes_and_a_dry_run_forgets_nothing(cdp, contacts):
    cdp.world.run(contacts)
    with pytest.raises(CdpError, match="cdp sync reset mailchimp_contacts --yes"):
        cdp("reset", "mailchimp_contacts")
    assert "9 acknowledged" in cdp("reset", "mailchimp_contacts", "--dry-run")[1]
    assert "9 in it" in cdp("status")[1]
    cdp("reset", "mailchimp_contacts", "--yes")
    assert " 0 in it" in cdp("status")[1]
    assert len(cdp.world.subscribed()) == 9


def test_a_mistyped_sync_is_answered_with_the_nearest(cdp):
    with pytest.raises(CdpError, match="Did you mean mailchimp_contacts"):
        cdp("pause", "mailchimp_contact", "--reason", "x")


@pytest.mark.parametrize("command", ["status", "retry", "verify", "reset", "pause", "resume"])
def test_help_teaches_with_examples(cdp, command):
    status, printed = cdp(command, "--help")
    assert status == 0
    assert f"cdp sync {command}" in printed
