"""The answer key: which source record is which person, keyed the way the platform's identity step keys records.

Keys and the two truth files belong here; they lie outside the landing folder, where no load can see them.
"""

from __future__ import annotations

import json

import duckdb

from sandbox.shop import Shop


def key_records(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `record_keys`: one row per record with the key its source (or, for buyers on orders, its text) gives it."""
    connection.execute(_KEYS)


def write_truth(connection: duckdb.DuckDBPyConnection, shop: Shop) -> Shop:
    """Write records.csv (one row per source record) and shop.json; returns the shop with its counts."""
    folder = shop.plan.truth
    folder.mkdir(parents=True, exist_ok=True)
    path = str(folder / "records.csv").replace("'", "''")
    connection.execute(_TRUTH)
    connection.execute(
        f"copy (select * from truth order by source, source_key) to '{path}' (format csv, header true)"
    )
    row = connection.execute("select count(*), count(distinct person_id) from truth").fetchone()
    assert row is not None  # counts always come in one row
    written = Shop(shop.plan, shop.files, records=int(row[0]), people=int(row[1]))
    (folder / "shop.json").write_text(json.dumps(_describe(written), indent=2) + "\n", encoding="utf-8")
    return written


def _describe(shop: Shop) -> dict[str, object]:
    plan = shop.plan
    return {
        "seed": plan.seed,
        "customers": plan.customers,
        "events_per_customer": plan.events_per_customer,
        "orders_per_customer": plan.orders_per_customer,
        "start": f"{plan.start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{plan.end:%Y-%m-%dT%H:%M:%SZ}",
        "records": shop.records,
        "files": shop.files,
    }


_KEYS = """
create table record_keys as
select s.rid, s.source, case s.source
    when 'shopify_customers' then a.shopify_customer_id
    when 'segment_users' then a.shopify_customer_id
    when 'shopify_orders' then md5(coalesce(lower(trim(s.email)), '') || '|'
        || coalesce(regexp_replace(s.phone, '[^0-9]', '', 'g'), '') || '|' || coalesce(lower(s.full_name), '') || '|'
        || coalesce(upper(replace(s.zip, ' ', '')), ''))
    when 'square_customers' then upper(left(md5('square' || s.rid), 26))
    when 'hubspot_contacts' then (10000000000 + scramble(s.rid, 10000000000))::varchar
    when 'zendesk_requesters' then (360000000000 + scramble(s.rid, 10000000000))::varchar
    when 'loyalty_members' then 'TT' || lpad(scramble((s.person * 2 + s.copy) * 3 + 1, 10000000)::varchar, 7, '0')
    when 'reviews_reviewers' then lower(s.email) || '|' || lower(s.full_name)
    else lower(s.email) end as source_key
from sightings s left join accounts a on a.person = s.person and a.copy = s.copy
"""

# Two people can leave one key (a father and son on one mailbox): the key then belongs to who used it first.
_TRUTH = """
create table truth as
select k.source, k.source_key, s.person_id, case
    when s.email = p.family_email then 'family mailbox'
    when list_contains(desks(), split_part(s.email, '@', 1)) then 'company mailbox'
    when list_contains(filler_emails(), lower(s.email)) or list_contains(filler_phones(), s.phone) then 'placeholder'
    when s.phone like '%@%' then 'misplaced value' else 'person' end as kind
from record_keys k join sightings s using (rid) join people p on p.person = s.person
qualify row_number() over (partition by k.source, k.source_key order by s.created_at, s.rid) = 1
"""
