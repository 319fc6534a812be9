"""The declared source that the tests of remote places fetch for."""

from __future__ import annotations

from ingestion.declarations import Source


def make_source(location: dict[str, str], *files: str, **source: object) -> Source:
    """A source `shop` with the tables `people` (first pattern) and `more` (the others)."""
    patterns = files or ("people*.csv",)
    tables = [
        {
            "name": name,
            "description": "For tests.",
            "files": list(part),
            "format": "csv",
            "required": ["id"],
            "columns": ["id"],
        }
        for name, part in (("people", patterns[:1]), ("more", patterns[1:]))
        if part
    ]
    facts = {"name": "shop", "title": "Shop", "description": "For tests.", "owner": "tests"}
    return Source.model_validate(
        {**facts, "expected_every_hours": 24, "location": location, "tables": tables, **source}
    )
