"""Any declared source becomes staging that builds, passes its own tests, and is in the house's form."""

from __future__ import annotations

from ingestion.declarations import Source, read_source, read_sources
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
                "name": "parcels",
                "description": "One row per parcel, its address in one line.",
                "files": ["parcels*.csv"],
                "format": "csv",
                "keys": ["Parcel"],
                "load": "upsert",
                "required": ["Parcel"],
                "columns": ["Parcel", {"name": "Ship to", "type": "address"}],
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
    assert "ERROR=0" in finished.stdout and finished.stdout.count("PASS stg_everything__") == 6
    linted = ground.lint()
    assert linted.returncode == 0, linted.stdout


def test_every_template_builds_and_passes_its_own_tests_whatever_is_delivered(ground, hostile):
    """All of them in one project; each table gets plausible rows, and one per hostile text in all its text columns."""
    sources = [read_source(template.path) for template in find_templates()]
    assert len(sources) >= 35
    for source in sources:
        ground.deliver(source, rows=3, hostile=hostile)
        ground.scaffold(source)
    report = ground.load(sources)
    assert [f.message for f in report.files if f.status != "loaded" or f.rows_rejected] == []
    assert report.not_delivered == []
    finished = ground.build()
    assert finished.returncode == 0, finished.stdout[-6000:]
    assert finished.stdout.count("PASS stg_") == sum(len(source.tables) for source in sources)
    assert_no_row_is_lost(ground, sources, 3 + len(hostile))
    linted = ground.lint()
    assert linted.returncode == 0, linted.stdout


def test_the_shipped_staging_models_take_whatever_is_delivered(ground, hostile):
    """As above, for the models that people have worked on since."""
    ground.take_over("dbt_project/models/staging")
    sources = read_sources()
    for source in sources:
        ground.deliver(source, rows=3, hostile=hostile)
    report = ground.load(sources)
    assert [f.message for f in report.files if f.status != "loaded" or f.rows_rejected] == []
    finished = ground.dbt("run", "--select", "path:dbt_project/models/staging")
    assert finished.returncode == 0, finished.stdout[-6000:]
    # without a key, models find one in the texts; the lists of Mailchimp are one model
    of_rows = [
        s.model_copy(update={"tables": [t for t in s.tables if t.keys and not t.lines]}) for s in sources
    ]
    assert_no_row_is_lost(ground, [s for s in of_rows if s.name != "mailchimp"], 3 + len(hostile))


def assert_no_row_is_lost(ground, sources, delivered):
    models = [f"stg_{source.name}__{table.name}" for source in sources for table in source.tables]
    counts = " union all ".join(f"select '{model}', count(*) from staging.{model}" for model in models)
    assert [found for found in ground.rows(counts) if found[1] != delivered] == []
