"""What is true of every remote place: new and changed files arrive whole and once, whatever happens to the line."""

import random
import shutil
import time

import pytest

from ingestion.errors import PullFailed, SourceNotConfigured
from ingestion.landing import find_deliveries, find_unclaimed

BIG = random.Random(7).randbytes(3_000_000)


def test_only_what_is_asked_for_and_new_or_changed_is_copied(remote):
    remote.put("people.csv", b"id\n1\n")
    remote.put("2026/10/31/orders.csv", b"id\n7\n")
    remote.put("readme.txt", b"not asked for")
    remote.put(".people.csv.part", b"hidden")
    patterns = ("people*.csv", "**/orders*.csv")
    assert remote.fetch(*patterns) == ["2026/10/31/orders.csv", "people.csv"]
    assert remote.landed() == {"people.csv": b"id\n1\n", "2026/10/31/orders.csv": b"id\n7\n"}
    assert remote.told[0] == (0, 10, "2026/10/31/orders.csv")
    assert remote.told[-2:] == [(10, 10, "people.csv"), (10, 10, "")]
    assert remote.fetch(*patterns) == []
    remote.put("people-2.csv", b"id\n2\n")
    remote.put("people.csv", b"id\n1\n3\n")
    assert remote.fetch(*patterns) == ["people-2.csv", "people.csv"]
    assert remote.landed()["people.csv"] == b"id\n1\n3\n"
    source = remote.source(*patterns)
    found = [delivery.file for delivery in find_deliveries(remote.landing, source)]
    assert found == ["shop/people-2.csv", "shop/people.csv", "shop/2026/10/31/orders.csv"]
    assert find_unclaimed(remote.landing, [source]) == []


def test_a_change_of_the_same_length_is_seen_by_its_time(remote):
    remote.put("people.csv", b"id\n1\n")
    remote.fetch()
    if remote.location["url"].startswith("s3"):
        time.sleep(1.1)  # the server's clock shows seconds
        remote.put("people.csv", b"id\n2\n")
    else:
        remote.put("people.csv", b"id\n2\n", modified=1_790_000_001)
    assert remote.fetch() == ["people.csv"]
    assert remote.landed() == {"people.csv": b"id\n2\n"}


def test_a_file_lost_from_landing_comes_back(remote):
    remote.put("people.csv", b"id\n1\n")
    remote.fetch()
    (remote.landing / "shop" / "people.csv").unlink()
    assert remote.fetch() == ["people.csv"]


def test_a_file_removed_after_its_time_does_not_come_back_until_it_changes(remote):
    remote.put("people.csv", b"id\n1\n")
    assert remote.fetch(retention_days=30) == ["people.csv"]
    (remote.landing / "shop" / "people.csv").unlink()
    assert remote.fetch(retention_days=30) == []
    remote.put("people.csv", b"id\n1\n2\n")
    assert remote.fetch(retention_days=30) == ["people.csv"]
    shutil.rmtree(remote.landing / "shop")
    assert remote.fetch(retention_days=30) == ["people.csv"]


@pytest.mark.parametrize("damage", [b"", b"not json", b"[1]", b'{"people.csv": 3}'])
def test_a_damaged_list_of_what_was_fetched_costs_one_more_fetch(remote, damage):
    remote.put("people.csv", b"id\n1\n")
    remote.fetch(retention_days=30)
    (remote.landing / "shop" / ".fetching" / "fetched.json").write_bytes(damage)
    (remote.landing / "shop" / "people.csv").unlink()
    assert remote.fetch(retention_days=30) == ["people.csv"]


def test_a_line_cut_once_in_the_middle_of_a_file_is_started_over(remote):
    remote.put("people.csv", BIG)
    remote.line.cut_after, remote.line.cuts = 1_000_000, 1
    assert remote.fetch() == ["people.csv"]
    assert remote.landed() == {"people.csv": BIG}


def test_a_line_that_stays_cut_leaves_landing_as_it_was_and_the_next_run_goes_on(remote):
    remote.put("people-1.csv", b"id\n1\n")
    remote.put("people-2.csv", b"id\n2\n")
    remote.fetch()
    remote.put("people-2.csv", BIG)
    remote.put("people-3.csv", b"id\n3\n")
    remote.line.cut_after, remote.line.cuts = 1_000_000, 1000
    with pytest.raises(PullFailed, match=r"0 files arrived before; run again for the rest\.$"):
        remote.fetch()
    assert remote.landed() == {"people-1.csv": b"id\n1\n", "people-2.csv": b"id\n2\n"}
    remote.line.cuts = 0
    assert remote.fetch() == ["people-2.csv", "people-3.csv"]
    assert remote.landed()["people-2.csv"] == BIG


def test_what_arrived_before_a_cut_is_told_and_not_fetched_again(remote):
    remote.put("people-1.csv", b"id\n1\n")
    remote.put("people-2.csv", BIG)
    remote.line.cut_after, remote.line.cuts = 1_000_000, 1000
    with pytest.raises(PullFailed, match=r"1 file arrived before") as caught:
        remote.fetch()
    assert [file.file for file in caught.value.files] == ["shop/people-1.csv"]
    remote.line.cuts = 0
    assert remote.fetch() == ["people-2.csv"]


def test_absent_settings_are_named(remote):
    name = remote.location["password"]
    del remote.environ[name]
    with pytest.raises(SourceNotConfigured, match=f"needs {name} in the environment. Set it and run again"):
        remote.fetch()


def test_nobody_listening_is_a_sentence(remote):
    remote.line.close()
    try:
        with pytest.raises(PullFailed, match=r"did not answer as a") as caught:
            remote.fetch()
        assert str(remote.line.port) in str(caught.value)
    finally:
        remote.line.__init__(1)


def test_a_folder_that_never_brought_anything_is_doubted(remote):
    remote.put("orders.csv", b"id\n1\n")
    with pytest.raises(
        PullFailed, match=r"holds 1 file, and none that a table asks for\. Correct `location\.url`"
    ):
        remote.fetch()
    assert remote.fetch("orders*.csv") == ["orders.csv"]
    assert remote.fetch() == []


def test_what_a_killed_run_left_is_never_seen_by_the_loader(remote):
    remote.put("people.csv", b"id\n1\n")
    unfinished = remote.landing / "shop" / ".fetching" / "unfinished"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(b"id\n1\n2\n3\n4 and no e")
    source = remote.source("**/*")
    assert find_deliveries(remote.landing, source) == []
    assert remote.fetch() == ["people.csv"]
    assert [delivery.file for delivery in find_deliveries(remote.landing, source)] == ["shop/people.csv"]


def test_what_stands_in_a_files_place_is_not_removed(remote):
    remote.put("people.csv", b"id\n1\n")
    remote.put("people-2.csv", b"id\n2\n")
    (remote.landing / "shop" / "people.csv").mkdir(parents=True)
    with pytest.raises(
        PullFailed, match=r"people.csv cannot be put into landing \(Is a directory\)"
    ) as caught:
        remote.fetch()
    assert [file.file for file in caught.value.files] == ["shop/people-2.csv"]
    (remote.landing / "shop" / "people.csv").rmdir()
    assert remote.fetch() == ["people.csv"]


def test_a_link_in_landing_leads_nowhere_else(remote, tmp_path):
    (remote.landing / "shop").mkdir(parents=True)
    (tmp_path / "private").mkdir()
    (remote.landing / "shop" / "inside").symlink_to(tmp_path / "private")
    remote.put("inside/people.csv", b"id\n1\n")
    with pytest.raises(PullFailed, match=r"would lead out of the landing folder"):
        remote.fetch("**/people.csv")
    assert list((tmp_path / "private").iterdir()) == []


def test_a_landing_folder_that_cannot_be_written_is_a_sentence(remote):
    remote.put("people.csv", b"id\n1\n")
    (remote.landing / "shop" / ".fetching" / "unfinished").mkdir(parents=True)
    with pytest.raises(PullFailed, match=r"cannot be written to"):
        remote.fetch()
