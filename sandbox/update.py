"""The morning after: one new Shopify customers export with some new and some changed customers of a written shop.

Only that one further delivery belongs here; the shop itself is made by `generator`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from sandbox.errors import ShopMissing
from sandbox.exports.delivery import select
from sandbox.exports.shopify import CUSTOMER_COLUMNS
from sandbox.shop import ShopPlan
from sandbox.world import imagine

CHANGES = ("phone", "address", "spelling", "consent")
STRANGERS_PER_NEW = 6  # people imagined per new customer wanted: not everybody has an account


@dataclass(frozen=True)
class Update:
    """What the new file holds: Shopify Customer IDs (digits) of new and of changed customers."""

    file: str
    new_ids: list[str]
    changed_ids: list[str]


def generate_update(out_dir: Path, *, new: int = 20, changed: int = 20) -> Update:
    """Write `customers_<next day>.csv` beside the shop's first export, and add its new records to the truth.

    The file holds only the new and changed customers. Changes come in turn: phone, address, spelling of the name,
    consent. Raises ShopMissing where no shop was written.
    """
    truth = Path(out_dir) / "sandbox" / "truth"
    described = _described(truth)
    day = datetime.fromisoformat(described["end"]).replace(tzinfo=None) + timedelta(days=1)
    landing = Path(out_dir) / "landing"
    target = landing / "shopify" / f"customers_{day:%Y-%m-%d}.csv"
    first = next(name for name in described["files"] if name.startswith("shopify/customers_"))
    plan = ShopPlan(Path(out_dir), new * STRANGERS_PER_NEW, described["seed"] + 7919, day - timedelta(days=1))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        imagine(connection, plan)
        connection.execute(
            f"create table known as select * from read_csv('{_sql(landing / first)}', all_varchar = true)"
        )
        connection.execute(_CHANGED.format(changed=int(changed)))
        connection.execute(
            f"create table arrivals as {select(CUSTOMER_COLUMNS, _ARRIVED.format(new=int(new)))}"
        )
        rows = "select * from arrivals union all by name select * from altered"
        connection.execute(
            f"copy (select * from ({rows}) order by \"Customer ID\") to '{_sql(target)}' (header true)"
        )
        update = Update(
            str(target.relative_to(landing)), _ids(connection, "arrivals"), _ids(connection, "altered")
        )
        _extend_truth(connection, truth)
    described["files"] = sorted({*described["files"], update.file})
    (truth / "shop.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
    return update


def _described(truth: Path) -> dict[str, Any]:  # as truth.write_truth left it
    path = truth / "shop.json"
    if not path.exists():
        raise ShopMissing(
            f"There is no pretend shop to update: {path} does not exist. "
            "Write one first: python -m sandbox.generator --out <data folder>."
        )
    described: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return described


def _ids(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    found = connection.execute(
        f"select replace(\"Customer ID\", '''', '') from {table} order by 1"
    ).fetchall()
    return [row[0] for row in found]


def _extend_truth(connection: duckdb.DuckDBPyConnection, truth: Path) -> None:
    path = _sql(truth / "records.csv")
    connection.execute(f"create table told as select * from read_csv('{path}', all_varchar = true)")
    connection.execute(
        f"copy (select * from (select * from told union select 'shopify_customers', replace(\"Customer ID\", '''', ''),"
        f" 'n_' || right(\"Customer ID\", 7), 'person' from arrivals) order by source, source_key)"
        f" to '{path}' (header true)"
    )


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")


# Phones of the changed come from a block that the shop's people do not use, so that nobody is confused with another.
_CHANGED = """
create table altered as
with drawn as (
    select *, (row_number() over (order by hash("Customer ID"))) as turn from known
    where "First Name" is not null and "Default Address Address1" is not null and length("Last Name") > 4
), turned as (select *, (turn - 1) % 4 as kind from drawn where turn <= {changed})
select * exclude (turn, kind) replace (
    case kind when 0 then '''+4478899' || lpad((turn * 4373)::varchar, 5, '0') else "Phone" end as "Phone",
    case kind when 0 then '''+4478899' || lpad((turn * 4373)::varchar, 5, '0') else "Default Address Phone" end
        as "Default Address Phone",
    case kind when 1 then (turn * 3) || ' Newhouse Lane' else "Default Address Address1" end as "Default Address Address1",
    case kind when 1 then 'Port Thistle' else "Default Address City" end as "Default Address City",
    case kind when 1 then '''TT' || (30 + turn) || ' 4NW' else "Default Address Zip" end as "Default Address Zip",
    case kind when 2 then typo("Last Name", turn, 'respelt') else "Last Name" end as "Last Name",
    case kind when 3 then case "Accepts Email Marketing" when 'yes' then 'no' else 'yes' end
        else "Accepts Email Marketing" end as "Accepts Email Marketing")
from turned
"""

# Newcomers are people of another imagined shop who share no mailbox with anybody known; their phones have a block of
# their own.
_ARRIVED = """from (
    select s.* replace (case when s.phone is not null then
        '+4478898' || lpad((s.rid * 4373 % 100000)::varchar, 5, '0') end as phone) from sightings s
    where s.source = 'shopify_customers' and s.copy = 0 and s.first_name is not null
        and lower(s.email) not in (select lower("Email") from known where "Email" is not null)
    qualify row_number() over (partition by lower(s.email) order by s.rid) = 1
    order by s.rid limit {new}
) s join (select rid, (7200000000000 + rid)::varchar as source_key from sightings) k using (rid)
left join (select 0::bigint as spent, 0::bigint as orders, null::bigint as person) t on t.person = s.person"""
