"""`cdp segment …` as people type it, in a small project of its own: a hundred customers, one segment, two Git revisions.

The tests of this file go on with one project, in order.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from warehouse.settings import PROJECT_DIR

CODE = (
    "alerts",
    "cli",
    "identity",
    "ingestion",
    "orchestration",
    "reports",
    "reverse_etl",
    "segments",
    "warehouse",
)
MODELS = Path("dbt_project", "models")
# customer n bought n times ten days ago last: 180 to 730 days ago are customers 18 to 73
CUSTOMERS = """
select
    'c' || lpad(cast(n as varchar), 3, '0') as customer_id,
    'Person ' || cast(n as varchar) as display_name,
    cast(1 + n % 2 as integer) as order_count,
    cast(timestamp '2026-10-31 12:00:00' - to_days(cast(n * 10 as integer)) as timestamp) as last_order_at,
    timestamp '2024-01-01 00:00:00' as first_seen_at,
    cast(n as decimal(18, 2)) as total_spend_amount,
    cast(n as decimal(18, 2)) as average_order_amount,
    'GBP' as currency,
    '01/31' as birthday,
    n % 2 = 0 as is_email_contactable,
    false as is_ads_contactable,
    false as is_business
from range(100) as numbers(n)
"""
CONFIDENCE = "select customer_id, 1.0 as confidence, 0 as doubtful_record_count, true as is_strict from {{ ref('customers') }}"


@dataclass(frozen=True)
class Desk:
    """A person's terminal in the small project."""

    project: Path

    def cdp(self, *arguments: str, status: int = 0) -> str:
        """What `cdp …` printed, in one line; it must end with `status` and never with a traceback."""
        return self.python("-m", "cli.main", *arguments, status=status)

    def night(self, run_id: str) -> None:
        self.python(str(Path(__file__).with_name("segment_night.py")), run_id)

    def python(self, *arguments: str, status: int = 0) -> str:
        finished = subprocess.run(
            [sys.executable, *arguments], cwd=self.project, env=self._environment(), capture_output=True, text=True, timeout=300
        )  # fmt: skip
        printed = finished.stdout + finished.stderr
        assert "Traceback" not in printed, printed
        assert finished.returncode == status, printed
        return " ".join(printed.split())

    def git(self, *arguments: str) -> None:
        who = ["-c", "user.name=Rosa", "-c", "user.email=rosa@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *who, *arguments], cwd=self.project, check=True, capture_output=True)

    def edit(self, file: str | Path, old: str, new: str) -> None:
        path = self.project / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def _environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CDP_", "DBT_", "GIT_"))},
            "CDP_DATA_DIR": str(self.project / "data"),
            "CDP_AS_OF": "2026-10-31T23:59:59",
            "PYTHONPATH": str(self.project),
            "COLUMNS": "220",
        }  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Desk:
    """The project after one night with revision v1, its files as of revision v2, which reaches 150 to 700 days back."""
    desk = Desk(tmp_path_factory.mktemp("small") / "project")
    write_project(desk.project)
    desk.git("init", "-q")
    desk.git("add", "dbt_project", "dbt_project.yml", "profiles.yml")
    desk.git("commit", "-q", "-m", "Half a year is lapsed")
    desk.git("tag", "v1")
    desk.night("first")
    desk.edit("dbt_project.yml", "lapsed_buyers_after_days: 180", "lapsed_buyers_after_days: 150")
    desk.edit("dbt_project.yml", "lapsed_buyers_until_days: 730", "lapsed_buyers_until_days: 700")
    desk.git("commit", "-q", "-a", "-m", "Five months are lapsed")
    desk.git("tag", "v2")
    return desk


def write_project(folder: Path) -> None:
    """The real code, macros, lapsed buyers and what is told of members; customers are made up."""
    for name in CODE:
        shutil.copytree(PROJECT_DIR / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(PROJECT_DIR / name, folder)
    ours, theirs = folder / MODELS, PROJECT_DIR / MODELS
    shutil.copytree(PROJECT_DIR / "dbt_project" / "macros", folder / "dbt_project" / "macros")
    shutil.copytree(
        PROJECT_DIR / "dbt_project" / "tests" / "generic", folder / "dbt_project" / "tests" / "generic"
    )
    shutil.copytree(theirs / "membership", ours / "membership")
    (ours / "membership" / "segment_priorities.sql").unlink()  # of segments that are not here
    for layer in ("marts", "intermediate/customer", "segments"):
        (ours / layer).mkdir(parents=True)
    shutil.copy(theirs / "_groups.yml", ours)
    shutil.copy(theirs / "intermediate" / "_intermediate__sources.yml", ours / "intermediate")
    shutil.copy(theirs / "segments" / "segment_lapsed_buyers.sql", ours / "segments")
    (ours / "marts" / "customers.sql").write_text(CUSTOMERS)
    (ours / "intermediate" / "customer" / "int_customer__identity_confidence.sql").write_text(CONFIDENCE)
    for file in ("membership/_membership__models.yml", "segments/_segments__models.yml"):
        said = yaml.safe_load((theirs / file).read_text())
        present = {path.stem for path in (ours / file).parent.glob("*.sql")}
        models = [model for model in said["models"] if model["name"] in present]
        (ours / file).write_text(yaml.safe_dump({"models": models}, sort_keys=False))


def test_the_list_says_how_many_are_in_it_and_how_many_are_expected(desk):
    assert "lapsed_buyers Lapsed buyers 56" in desk.cdp("segment", "list")
    assert "1–500000 email released" in desk.cdp("segment", "list")


def test_one_segment_is_shown_with_reasons_moves_and_profile(desk):
    printed = desk.cdp("segment", "show", "lapsed_buyers", "--limit", "2")
    assert "Lapsed buyers: 56 customers, released" in printed
    assert "c018 Person 18 Last bought 180 days ago, on 2026-05-04, after 1 order. 2026-10-31" in printed
    assert "… and 54 more (--limit)" in printed
    assert "2026-10-31 entered c018" in printed
    assert "days since order 455.0 495.0" in printed
    assert "No segment 'lapsed_buyer' was built, did you mean `lapsed_buyers`?" in desk.cdp(
        "segment", "show", "lapsed_buyer", status=1
    )


def test_two_revisions_are_compared_member_by_member(desk, tmp_path):
    rows, page = tmp_path / "moved.csv", tmp_path / "diff.html"
    printed = desk.cdp(
        "segment", "diff", "lapsed_buyers", "--from", "v1", "--to", "v2", "--csv", str(rows), "--page", str(page)
    )  # fmt: skip
    assert "Lapsed buyers from revision v1 to revision v2: 56 → 56 customers" in printed
    assert "3 enter; they have spent 48.00 GBP; may be reached: 1 by email, 0 by ads" in printed
    assert "3 leave; they have spent 216.00 GBP; may be reached: 1 by email, 0 by ads" in printed
    with rows.open(newline="") as file:
        moved = {(row["change"], row["customer_id"]): row["why"] for row in csv.DictReader(file)}
    old, new = "days_since_order between 180 and 730", "days_since_order between 150 and 700"
    assert moved == {
        **{
            ("enters", f"c0{n}"): f"Was not true: {old} (days_since_order = {n}0); now: {new}"
            for n in (15, 16, 17)
        },
        **{
            ("leaves", f"c0{n}"): f"Is not true: {new} (days_since_order = {n}0); before: {old}"
            for n in (71, 72, 73)
        },
    }
    assert "revision v1" in page.read_text() and "Person 15" not in page.read_text()


def test_the_working_tree_is_compared_with_what_was_released(desk):
    printed = desk.cdp("segment", "diff", "lapsed_buyers")
    assert "Lapsed buyers from the release of 2026-10-31 to the working tree: 56 → 56 customers" in printed
    assert "3 enter" in printed and "3 leave" in printed


def test_a_new_segment_is_drafted_previewed_and_passes_its_own_tests(desk):
    printed = desk.cdp("segment", "new", "tea_lovers", "--title", "Tea lovers", "--owner", "rosa")
    assert "wrote dbt_project/models/segments/segment_tea_lovers.sql" in printed
    assert "cdp segment preview tea_lovers" in printed
    assert "did you mean `tea_lovers`" in desk.cdp("segment", "preview", "tea_lover", status=1)
    tried = desk.cdp("segment", "preview", "tea_lovers", "--limit", "1")
    assert "Tea lovers: 50 customers (1 to 100,000 expected: as expected)" in tried
    assert "they have spent 2,500.00 GBP; may be reached: 0 by email, 0 by ads" in tried
    assert "c001 Person 1 Has bought 2 times." in tried
    assert "Also in segment customers lapsed_buyers 28" in tried
    assert "is there already" in desk.cdp("segment", "new", "tea_lovers", status=1)
    built = desk.python(
        "-m", "dbt.cli.main", "build", "--profiles-dir", ".", "--no-use-colors", "--select", "segment_tea_lovers"
    )  # fmt: skip
    assert "PASS=3" in built and "ERROR=0" in built


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("where order_count", "where order_cont", 'order_cont" not found in FROM clause! Candidate bindings: "order_count"'),
        ("where order_count", "whre order_count", "its SQL cannot be read: expecting ) at"),
        ("as reason", "as why", "its SQL gives no column `reason`, which every segment has."),
        ("count >= 2", "count >= {{ var('tea_orders') }}", "Required var 'tea_orders' not found in config:"),
    ],
    ids=["column", "syntax", "reason", "var"],
)  # fmt: skip
def test_a_mistake_in_a_segments_sql_is_said_in_a_sentence(desk, right, wrong, said):
    file = MODELS / "segments" / "segment_tea_lovers.sql"
    desk.edit(file, right, wrong)
    try:
        printed = desk.cdp("segment", "preview", "tea_lovers", status=1)
    finally:
        desk.edit(file, wrong, right)
    assert "segment_tea_lovers" in printed and said in printed and len(printed) < 700
    assert "nanobind" not in printed and "lapsed_buyers_after_days" not in printed


def test_a_held_segment_is_let_pass_once_by_a_person(desk):
    contract = MODELS / "segments" / "_segments__models.yml"
    desk.edit(contract, "- 500000", "- 10")
    desk.night("second")
    said = "it came out with 56 people where marketing expects 1 to 10"
    assert f"Lapsed buyers: 56 customers, held: {said}" in desk.cdp("segment", "show", "lapsed_buyers")
    assert "email held" in desk.cdp("segment", "list")
    printed = desk.cdp("segment", "release", "lapsed_buyers", "--override", "the spring sale")
    assert (
        "Lapsed buyers will be released by the next `cdp run`" in printed
        and f"in spite of: {said}" in printed
    )
    desk.night("third")
    assert "email released" in desk.cdp("segment", "list")
    # customers 15 to 70 now, and 71 to 73 are told why they left
    left = desk.cdp("segment", "show", "lapsed_buyers")
    assert "left c071 No longer true: days_since_order between 150 and 700 (days_since_order = 710)." in left
    assert "is not held" in desk.cdp("segment", "release", "lapsed_buyers", "--override", "again", status=1)
