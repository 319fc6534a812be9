"""No remote name, however hostile, becomes a path outside landing; patterns mean what they mean to pathlib."""

import re
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from remote_source import make_source

from ingestion.declarations import Location
from ingestion.errors import PullFailed
from ingestion.remote import fetch, fetching
from ingestion.remote.folders import RemoteFile
from ingestion.remote.names import asking_table, deepest, shown, why_refused

PLACE = {"url": "s3://bucket/exports"}
STEPS = st.one_of(
    st.sampled_from(
        ["..", ".", "", "a", "people.csv", "\\", "..\\x", "~", "con", "\0", "\n", "\udce9", "x" * 300]
    ),
    st.text(max_size=8),
)
NAMES = st.lists(STEPS, min_size=1, max_size=6).map("/".join) | st.text(max_size=40)


class PretendFolder:
    """A place that lists whatever names it is given."""

    def __init__(self, names: list[str]) -> None:
        self.files = {name: RemoteFile(name, 4, 1_790_000_000_000_000_000) for name in names}

    def list_files(self, depth, refuse) -> Iterator[RemoteFile]:
        return iter(self.files.values())

    def read(self, name) -> Iterator[bytes]:
        yield b"id\n1"

    def look_at(self, name) -> RemoteFile:
        return self.files[name]


@settings(deadline=None, max_examples=150)
@given(st.lists(NAMES, max_size=8, unique=True))
def test_no_name_leads_out_of_landing(tmp_path_factory, names):
    root = tmp_path_factory.mktemp("fetch")
    landing = root / "deep" / "landing"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "open_folder", lambda *_: nullcontext(PretendFolder(names)))
        arrived, told = _fetch(landing)
    files = {path for path in root.rglob("*") if path.is_file()}
    kept = landing / "shop" / ".fetching"
    assert all(path.is_relative_to(landing / "shop") for path in files)
    assert {path for path in files if not path.is_relative_to(kept)} == {landing / file for file in arrived}
    # every name that was asked for arrived or is told about
    asked = [name for name in names if asking_table(make_source(PLACE, "**/*"), name)]
    assert len(arrived) + told == len(asked)


def _fetch(landing) -> tuple[list[str], int]:
    try:
        return [file.file for file in fetch(make_source(PLACE, "**/*"), landing, environ={})], 0
    except PullFailed as error:
        assert "\n" not in str(error)
        told = re.match(r"(\d+) files? in .* did not arrive", str(error))
        return [file.file for file in error.files], int(told[1]) if told else 0


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(st.sampled_from(["a", "b", "people", "people.csv", "x1.csv"]), min_size=1, max_size=4).map(
            "/".join
        ),
        max_size=6,
    ),
    st.lists(
        st.sampled_from(["**", "*", "a", "people*", "*.csv", "x[0-9].csv", "?"]), min_size=1, max_size=4
    ),
)
def test_patterns_mean_what_they_mean_to_the_loader(tmp_path_factory, names, steps):
    pattern = "/".join(steps)
    folder = tmp_path_factory.mktemp("glob")
    for name in names:
        path = folder / name
        if not path.exists() and not any(parent.is_file() for parent in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    found = {path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()}
    source = make_source(PLACE, pattern)
    assert {name for name in files if asking_table(source, name)} == found
    assert all(name.count("/") <= deepest(source) for name in found)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("people.csv", None),
        ("2026/Übersicht – März (1).csv", None),
        ("Export 3\u202fPM.csv", None),
        ("a/../b.csv", "lead out"),
        ("/etc/people.csv", "lead out"),
        ("..\\b.csv", "lead out"),
        ("a\nb.csv", "line break"),
        ("a\x1b[2Jb.csv", "control"),
        ("a\u2028b.csv", "line break"),
        ("é" * 128, "more than 255 bytes"),
        ("a/" * 600 + "b", "more than 255 bytes"),
    ],
)
def test_names_that_may_become_paths(name, reason):
    found = why_refused(name)
    assert found is None if reason is None else reason in found


def test_names_are_shown_on_one_line():
    assert shown("a\nb\x1b\udce9") == r"a\nb\x1b\udce9"
    assert len(shown("x" * 5000)) < 120


@pytest.mark.parametrize(
    ("location", "complaint"),
    [
        ({"url": "sftp://host/x"}, "a server needs `user`"),
        ({"url": "sftp://me@host/x", "user": "CDP_U", "password": "CDP_P"}, "`url` holds a user"),
        ({"url": "sftp://host:ssh/x", "user": "CDP_U", "password": "CDP_P"}, "Port could not be cast"),
        ({"url": "s3://bucket", "user": "CDP_U"}, "a bucket needs both"),
        ({"url": "s3://bucket", "host_key": "CDP_H"}, "`host_key` is only for sftp://"),
        (
            {"url": "sftp://h/x", "user": "CDP_U", "password": "CDP_P", "region": "x"},
            "`region` is only for s3://",
        ),
        ({"url": "s3://bucket", "user": "AKIA123", "password": "CDP_P"}, "should match pattern"),
        ({"url": "ftp://host/x"}, "should match pattern"),
        ({"url": "s3://bucket", "endpoint": "https://key@host"}, "should match pattern"),
    ],
)
def test_places_that_cannot_be_meant(location, complaint):
    with pytest.raises(ValidationError, match=complaint):
        Location.model_validate(location)


def test_the_parts_of_a_place():
    keys = {"user": "CDP_U", "password": "CDP_P"}
    server = Location.model_validate({"url": "sftp://[::1]:2222/out/csv/", **keys})
    assert (server.host, server.port, server.folder) == ("::1", 2222, "/out/csv")
    assert Location.model_validate({"url": "sftp://host/~/out", **keys}).folder == "out"
    assert Location.model_validate({"url": "sftp://host", **keys}).folder == "/"
    bucket = Location.model_validate({"url": "s3://Bucket/a b#1/"})
    assert (bucket.host, bucket.folder) == ("Bucket", "a b#1")
