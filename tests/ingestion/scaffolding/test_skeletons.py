"""Any declared source becomes staging that builds, passes its own tests, and is in the house's form."""

from __future__ import annotations

from ingestion.declarations import Source, read_source
from ingestion.scaffolding.templates import find_templates

EVERYTHING = Source.model_validate(
    {
        "name": "everything",
        "title": "Everything",
        "description": "A source with every type.",
        "owner": "tests",
        "expected_every_hours": 24,
        "region": "DE",
        "currency": "EUR",
        "tables": [
            {
                "name": "customers",
                "description": "Everyone who has an account.",
                "files": ["customers*.csv"],
                "format": "csv",
                "csv": {"delimiter": ";", "decimal": ","},
                "load": "replace",
                "keys": ["id"],
                "cursor": "Updated At",
                "required": ["id"],
                "leave_out": {"Tier": ["Summe"]},
                "columns": [
                    "id",
                    {"name": "Name", "type": "name"},
                    {"name": "E-Mail", "type": "email"},
                    {"name": "Telefon", "type": "phone"},
                    {"name": "Straße", "type": "address"},
                    {"name": "PLZ", "type": "postcode"},
                    "Ort",
                    {"name": "Land", "type": "country"},
                    {"name": "Geburtstag", "type": "date", "formats": ["%d.%m.%Y"]},
                    {"name": "Joined", "type": "date"},
                    {"name": "Updated At", "type": "timestamp", "formats": ["%d.%m.%Y %H:%M"]},
                    {"name": "Newsletter", "type": "boolean"},
                    {"name": "Umsatz (EUR)", "type": "money"},
                    {"name": "Rate", "type": "decimal"},
                    {"name": "Orders", "type": "integer"},
                    {"name": "Tier", "type": "category", "values": ["gold", "silver"]},
                    {"name": "Extra", "type": "json"},
                    "order",
                    "group",
                ],
            },
            {
                "name": "answers",
                "description": "One row per answer.",
                "files": ["answers*.jsonl"],
                "required": ["submittedAt"],
                "columns": [
                    {"name": "submittedAt", "type": "timestamp", "formats": ["%d/%m/%Y %H:%M %z"]},
                    {"name": "firstName", "type": "name"},
                    {"name": "lastName", "type": "name"},
                    {"name": "email", "type": "email"},
                    {"name": "amount", "type": "money"},
                    {"name": "currency", "type": "currency"},
                ],
            },
            {
                "name": "lines",
                "description": "One row per line.",
                "files": ["lines*.parquet"],
                "format": "parquet",
                "load": "upsert",
                "keys": ["Order", "Line"],
                "required": ["Order"],
                "columns": ["Order", {"name": "Line", "type": "integer"}, "Text"],
            },
            {
                "name": "receipts",
                "description": "What was rung up.",
                "files": ["receipts*.csv"],
                "format": "csv",
                "load": "upsert",
                "keys": ["Receipt"],
                "lines": True,
                "required": ["Receipt"],
                "columns": ["Receipt", "Item"],
            },
            {
                "name": "remarks",
                "description": "One row per remark.",
                "files": ["remarks*.xlsx"],
                "format": "xlsx",
                "skip": 2,
                "required": ["Remark"],
                "columns": ["Remark"],
            },
        ],
    }
)


def test_every_type_and_format_builds_and_passes_its_own_tests(ground):
    ground.deliver(EVERYTHING)
    ground.scaffold(EVERYTHING)
    report = ground.load([EVERYTHING])
    assert [f.message for f in report.files if f.status != "loaded" or f.rows_rejected] == []
    finished = ground.build()
    assert finished.returncode == 0, finished.stdout[-6000:]
    assert "ERROR=0" in finished.stdout and finished.stdout.count("PASS stg_everything__") == 5
    linted = ground.lint()
    assert linted.returncode == 0, linted.stdout


def test_every_template_builds_and_passes_its_own_tests(ground):
    """All of them in one project, with one invented delivery per table; the shipped sources are templates too."""
    sources = [read_source(template.path) for template in find_templates()]
    assert len(sources) >= 35
    for source in sources:
        ground.deliver(source, rows=3)
        ground.scaffold(source)
    report = ground.load(sources)
    assert [f.message for f in report.files if f.status != "loaded" or f.rows_rejected] == []
    assert report.not_delivered == []
    finished = ground.build()
    assert finished.returncode == 0, finished.stdout[-6000:]
    assert finished.stdout.count("PASS stg_") == sum(len(source.tables) for source in sources)
    linted = ground.lint()
    assert linted.returncode == 0, linted.stdout
