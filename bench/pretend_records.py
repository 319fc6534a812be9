"""The pretend shop's records as identity resolution reads them, straight from the sandbox, without files and dbt.

Only as much standardising as the sandbox's own spellings need: what dbt makes of real deliveries is measured elsewhere.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from sandbox.catalogue import stock_shelves
from sandbox.habits import load_habits
from sandbox.marketing import advertise
from sandbox.noise import install_macros
from sandbox.people import populate
from sandbox.pools import load_pools
from sandbox.purchases import sell
from sandbox.records import record
from sandbox.shop import DEFAULT_END, ShopPlan
from sandbox.sightings import see
from sandbox.truth import key_records

RECORDS_PER_CUSTOMER = 3.7


def write(target: Path, records: int, seed: int = 7) -> int:
    """Write about so many records, and whose they are (`person_id`), to a Parquet file; returns how many.

    Beside it `people.parquet`, one row per person: who they really are, and their household.
    """
    plan = ShopPlan(target.parent, round(records / RECORDS_PER_CUSTOMER), seed, DEFAULT_END)
    scratch = target.with_suffix(".scratch.duckdb")
    scratch.unlink(missing_ok=True)  # what a stopped run left
    with duckdb.connect(scratch) as connection:
        connection.execute("set memory_limit = '10GB'; set threads = 2; set TimeZone = 'UTC'")
        install_macros(connection, plan)
        load_pools(connection)
        load_habits(connection)
        populate(connection, plan)
        stock_shelves(connection)
        advertise(connection, plan)
        sell(connection, plan)
        for step in (record, see, key_records):
            step(connection)
        connection.execute(_RECORDS)
        ((count,),) = connection.execute("select count(*) from pretend_records").fetchall()
        connection.execute(f"copy pretend_records to '{target}'")
        connection.execute(
            "copy (select person_id, household, birth_date, first_latin as first_name, last_latin as last_name from people)"
            f" to '{target.with_name('people.parquet')}'"
        )
    scratch.unlink()
    return int(count)


_RECORDS = """
create table pretend_records as
with told as (
    select k.source || ':' || k.source_key as record_id, k.source_key, s.*,
        coalesce(lower(trim(s.email)), case when s.phone like '%@%' then lower(s.phone) end) as address,
        regexp_replace(s.phone, '[^0-9]', '', 'g') as digits, split_part(lower(s.email), '@', 1) as mailbox
    from sightings s join record_keys k on k.rid = s.rid
    qualify row_number() over (partition by k.source, k.source_key order by s.created_at, s.rid) = 1
),
judged as (
    select *, coalesce(list_contains(filler_emails(), address), false) as is_no_email,
        coalesce(list_contains(desks(), mailbox), false) as is_desk,
        coalesce(list_contains(filler_phones(), phone), false) or length(digits) < 8 as is_no_phone,
        coalesce(street = shop_address()[1], false) as is_no_home,
        case when digits like '0044%' then '+' || digits[3:] when digits like '440%' then '+44' || digits[4:]
            when phone like '+%' then '+' || digits when digits like '00%' then '+' || digits[3:]
            when digits like '0%' then '+44' || digits[2:] else '+' || digits end as number,
        strip_accents(lower(first_name)) as given, strip_accents(lower(last_name)) as family,
        nullif(concat_ws(' ', given, family), '') as person_name
    from told
),
cleaned as (
    select *, case when not is_no_email then address end as usable_email,
        case when not is_no_phone and phone not like '%@%' then number end as usable_phone
    from judged
),
email_names as (select usable_email, count(distinct person_name) as names from cleaned group by 1),
phone_names as (select usable_phone, count(distinct person_name) as names from cleaned group by 1)
select record_id, source, source_key, given as first_name, family as last_name,
    usable_email as email, usable_phone as phone, case when not is_no_home then street end as street,
    case when not is_no_home then city end as city, case when not is_no_home then upper(replace(zip, ' ', '')) end as postcode,
    country, case when birth_date <> date '1900-01-01' then birth_date end as birth_date, company,
    case when source = 'loyalty_members' then source_key end as loyalty_id,
    case when source in ('shopify_customers', 'segment_users') then source_key end as web_user_id,
    is_no_email or is_desk as email_is_placeholder, is_no_phone as phone_is_placeholder,
    coalesce(e.names, 0) as email_name_count, coalesce(p.names, 0) as phone_name_count, seen_at,
    concat_ws(' ', first_name, last_name) as display_name, person_id
from cleaned left join email_names e using (usable_email) left join phone_names p using (usable_phone)
"""
