"""Which pairs of records are looked at: pairs that share a blocking key which is not shared by too many.

The rules themselves are data in `rules.py`; nothing is compared here.
"""

from __future__ import annotations

import duckdb

from identity import rules
from identity.workspace import count_rows


def build_candidates(connection: duckdb.DuckDBPyConnection) -> int:
    """Create `candidates(join_key_l, join_key_r, match_key)`, one row per pair of ids, and return the number.

    A key carried by more records than its rule's limit is left out: it cut the pairs five times at no loss of recall
    (placeholders, shared mailboxes, common names), and it bounds the work whatever the data.
    """
    connection.execute("create or replace table blocking_keys (rule utinyint, key ubigint, id integer)")
    for number, rule in enumerate(rules.BLOCKING_RULES):
        keys = " union ".join(
            f"select id, hash({key}) as key from records where ({key}) is not null" for key in rule.keys
        )
        connection.execute(
            f"""
            insert into blocking_keys
            select {number}, key, id from ({keys})
            qualify count(*) over (partition by key) between 2 and {rule.limit}
            """
        )
    connection.execute(
        """
        create or replace table candidates as
        select distinct l.id as join_key_l, r.id as join_key_r, '0' as match_key
        from blocking_keys l join blocking_keys r on l.rule = r.rule and l.key = r.key and l.id < r.id
        """
    )
    connection.execute("drop table blocking_keys")
    return count_rows(connection, "candidates")
