"""All files of a new source or none: stopped anywhere, the project is as it was."""

from __future__ import annotations

import os

import pytest

from ingestion.errors import ScaffoldRefused
from ingestion.scaffolding import writing
from ingestion.scaffolding.writing import refuse_existing, write_all


def tree(folder):
    return {
        str(p.relative_to(folder)): p.read_text() if p.is_file() else None for p in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize("stop_at", range(1, 7))
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_stop_at_any_step_leaves_nothing(tmp_path, monkeypatch, stop_at, error):
    project, landing = tmp_path / "project", tmp_path / "landing"
    project.mkdir()
    (project / "list.yml").write_text("old")
    export = tmp_path / "export.csv"
    export.write_text("Id\n1\n")
    before = tree(tmp_path)
    calls = []

    def stopping(original):
        def call(*arguments):
            calls.append(arguments)
            if len(calls) == stop_at:
                raise error
            return original(*arguments)

        return call

    monkeypatch.setattr(writing.os, "replace", stopping(os.replace))
    monkeypatch.setattr(writing.shutil, "copyfile", stopping(writing.shutil.copyfile))
    files = {
        project.joinpath(p).relative_to(project): "new" for p in ("a/b/model.sql", "list.yml", "a/x.yml")
    }
    try:
        write_all(project, files, {landing / "shop" / "export.csv": export})
    except error:
        assert tree(tmp_path) == before
    else:
        assert stop_at == 6
        assert (project / "list.yml").read_text() == "new"
        assert (landing / "shop" / "export.csv").read_text() == "Id\n1\n"
        assert not list(tmp_path.rglob("*.unfinished"))


def test_what_is_there_is_named(tmp_path):
    (tmp_path / "a.sql").write_text("mine")
    with pytest.raises(ScaffoldRefused, match=r"There already: a\.sql"):
        refuse_existing(tmp_path, [tmp_path.joinpath("a.sql").relative_to(tmp_path)])
