"""Operations for any destination, normalised by its own rules, and the limits that the vendors document."""

from dataclasses import replace
from functools import cache

import duckdb

from reverse_etl.contract import Action, Lane, Operation, Target
from reverse_etl.destinations import DESTINATIONS

# (records, bytes, bytes of one record) a request may carry, from the vendors' pages; None = no such limit
LIMITS = {
    ("mailchimp", "contact"): (1, None, None),
    ("mailchimp", "segment_membership"): (500, None, None),
    ("klaviyo", "profile"): (10_000, 5_000_000, 100_000),
    ("klaviyo", "list_membership"): (1_000, None, None),
    ("hubspot", "contact"): (100, None, None),
    ("hubspot", "list_membership"): (100_000, None, None),
    ("sendgrid", "contact"): (30_000, 6_000_000, None),
    ("customerio", "person"): (None, 500_000, 32_000),
    ("customerio", "segment_membership"): (1_000, None, None),
    ("meta", "custom_audience"): (10_000, None, None),
    ("google", "user_list"): (10_000, None, None),
    ("postgres", "row"): (None, None, None),
    ("webhook", "call"): (1, None, None),
    ("email", "digest"): (None, None, None),
    ("files", "file"): (None, None, None),
    ("s3", "file"): (None, None, None),
    ("sftp", "file"): (None, None, None),
}
REMOVALS = {
    ("klaviyo", "profile"): 1_000,
    ("sendgrid", "contact"): 100,
}  # fewer records where people are removed
TARGETS = {"customerio": "2"}
PLUGINS = sorted(DESTINATIONS)
HTTP = [name for name in PLUGINS if name[0] not in ("files", "s3", "sftp", "postgres", "email")]


def target_for(name):
    remote = TARGETS.get(name[0], "77")
    return Target(
        f"{name[0]}:acc:{name[1]}:VIPs", remote if name[0] == "customerio" else "VIPs", "acc", remote
    )


@cache
def identifiers_of(name, count):
    """Match key → value, for people p0, p1, …, as the destination's own normalisers write them."""
    spec = DESTINATIONS[name].spec
    raw = {"email": "'p' || n || '@x.org'", "phone": "'+4479' || (10000000 + n)", "key": "'c_' || n"}
    columns = ", ".join(f'{key.normalise(raw[key.kind])} as "{key.name}"' for key in spec.match_keys)
    found = duckdb.sql(f"select {columns} from (select range as n from range({count})) order by n")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def operations(name, count, action=Action.ADD, note=None):
    """`count` operations; `note` is one further field, where the destination takes fields of one's own."""
    spec = DESTINATIONS[name].spec
    extra = {"NOTE": note} if note and spec.other else {}
    return [
        Operation(
            f"op{number:05}",
            action,
            Lane.REGULAR,
            f"c_{number}",
            str(number),
            identifiers,
            {} if action is Action.REMOVE else {**identifiers, **extra},
            record_id=str(1000 + number),
        )
        for number, identifiers in enumerate(identifiers_of(name, max(count, 1))[:count])
    ]


def with_notes(ops, notes):
    return [replace(op, payload={**op.payload, "NOTE": note}) for op, note in zip(ops, notes, strict=True)]
