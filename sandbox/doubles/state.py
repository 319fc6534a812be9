"""What the doubles hold, as one JSON document for people and tests.

Changing it is done through the tools' own endpoints only.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.doubles.store import Store


def read_state(store: Store) -> dict[str, Any]:
    """Members, segments and audiences by name; `deliveries` = how often each change was carried out."""
    deliveries = store.rows(
        "select tool, target, action, person, count(*) as times from deliveries group by tool, target, action, person"
    )
    counts = store.rows("select tool, status, count(*) as requests from requests group by tool, status")
    return {
        "mailchimp": {"lists": _lists(store)},
        "meta": {"audiences": _audiences(store)},
        "deliveries": deliveries,
        "requests": counts,
    }


def _lists(store: Store) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    for row in store.rows("select * from mailchimp_members order by email"):
        members = lists.setdefault(row["list_id"], {"members": {}, "segments": {}})["members"]
        members[row["email"]] = {"status": row["status"], "merge_fields": json.loads(row["merge_fields"])}
    for segment in store.rows("select * from mailchimp_segments order by id"):
        emails = store.rows(
            "select email from mailchimp_segment_members join mailchimp_members using (hash) "
            "where segment_id = ? and list_id = ? order by email",
            segment["id"],
            segment["list_id"],
        )
        segments = lists.setdefault(segment["list_id"], {"members": {}, "segments": {}})["segments"]
        segments[segment["name"]] = [row["email"] for row in emails]
    return lists


def _audiences(store: Store) -> dict[str, Any]:
    audiences: dict[str, Any] = {}
    for audience in store.rows("select * from meta_audiences order by id"):
        people = store.rows(
            "select identifiers from meta_users where audience_id = ? order by person", audience["id"]
        )
        audiences[audience["name"]] = [json.loads(row["identifiers"]) for row in people]
    return audiences
