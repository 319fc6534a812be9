"""A pretend Customer.io: the Track API (people in batches, manual segments by number, partial answers with 207, no
headers), and of the App API the search for people, with a key of its own.

Rules as documented: 500 kB a batch and 32 kB an operation, 1,000 ids a segment call, segments exist already, 1,000 people
a page of a search. Only people themselves change their `unsubscribed` here (by hand, in the state).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool, is_basic, is_hit

MOST_BYTES, MOST_BYTES_EACH, MOST_IDS, MOST_FOUND = 500_000, 32_000, 1000, 1000
APP_SECRET = "sandbox-app-key"
_UNSUBSCRIBED = {"attribute": {"field": "unsubscribed", "operator": "eq", "value": "true"}}
SEGMENTS = (1, 2, 3)


class CustomerIo(Tool):
    """People and segments of one workspace."""

    name, title, secret = "customerio", "Customer.io", "sandbox-track-key"
    bodies: ClassVar = {
        "batch": Body({"batch": list}),
        "change_members": Body({"ids": list}),
        "find_people": Body({"filter": dict}),
    }
    schema = """
    create table if not exists customerio_people (
        id text primary key, attributes text, unsubscribed integer default 0);
    create table if not exists customerio_members (segment_id integer, id text, primary key (segment_id, id));
    """

    def routes(self) -> list[Route]:
        segment = "/api/v1/segments/{segment_id:int}"
        return [
            Route("/api/v2/batch", self.batch, methods=["POST"]),
            Route(f"{segment}/add_customers", self.change_members, methods=["POST"]),
            Route(f"{segment}/remove_customers", self.change_members, methods=["POST"]),
            Route("/v1/customers", self.find_people, methods=["POST"]),
        ]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_CUSTOMERIO_URL": url,
            "CDP_CUSTOMERIO_SITE_ID": "sandbox-site",
            "CDP_CUSTOMERIO_API_KEY": cls.secret,
            "CDP_CUSTOMERIO_APP_URL": url,
            "CDP_CUSTOMERIO_APP_API_KEY": APP_SECRET,
        }

    def holdings(self) -> Iterable[Holding]:
        rows = self.store.rows("select * from customerio_people order by id")
        yield Holding("people", "all", [{"id": row["id"], **json.loads(row["attributes"])} for row in rows])
        for number in SEGMENTS:
            members = self.store.rows(
                "select id from customerio_members where segment_id = ? order by id", number
            )
            if members:
                yield Holding("segments", str(number), members)

    def is_authentic(self, request: Request) -> bool:
        if request.url.path.endswith("/v1/customers"):
            return request.headers.get("authorization") == f"Bearer {APP_SECRET}"
        return is_basic(request, self.secret)

    def problem(self, status: int, words: str) -> Response:
        return JSONResponse({"meta": {"error": words}}, status)

    async def batch(self, request: Request) -> Response:
        raw = await request.body()
        entries = json.loads(raw).get("batch")
        if not isinstance(entries, list) or not entries or len(raw) > MOST_BYTES:
            return self.problem(400, f"batch must be a list of at most {MOST_BYTES} bytes")
        errors, done = [], []
        for place, entry in enumerate(entries):
            words = "is refused on demand" if place == 0 and is_hit(request, "partial") else _wrong(entry)
            if words:
                errors.append(
                    {"batch_index": place, "reason": "invalid", "field": "attributes", "message": words}
                )
            else:
                done.append(entry)
        self._carry_out(done)
        return JSONResponse({"errors": errors}, 207) if errors else JSONResponse({})

    async def change_members(self, request: Request) -> Response:
        number, ids = request.path_params["segment_id"], (await request.json()).get("ids")
        if number not in SEGMENTS:
            return self.problem(404, "segment not found")
        if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_IDS:
            return self.problem(400, f"ids must be a list of at most {MOST_IDS}")
        if request.url.path.endswith("add_customers"):
            sql, action = "insert or ignore into customerio_members values (?, ?)", "add"
        else:
            sql, action = "delete from customerio_members where segment_id = ? and id = ?", "remove"
        self.store.write_many(sql, [(number, person) for person in ids])
        self.store.deliver("customerio", str(number), action, ids)
        return JSONResponse({})

    async def find_people(self, request: Request) -> Response:
        """People by a filter; of all filters only the one for who unsubscribed is known here."""
        limit, start = int(request.query_params.get("limit", "50")), request.query_params.get("start", "")
        if (await request.json()).get("filter") != _UNSUBSCRIBED or not 1 <= limit <= MOST_FOUND:
            return self.problem(400, f"a filter, and a limit of at most {MOST_FOUND}")
        rows = self.store.rows(
            "select * from customerio_people where unsubscribed and id > ? order by id limit ?",
            start,
            limit + 1,
        )
        people = [{"id": row["id"], **json.loads(row["attributes"])} for row in rows[:limit]]
        found = [{"id": one["id"], "email": one.get("email"), "cio_id": f"cio_{one['id']}"} for one in people]
        following = found[-1]["id"] if len(rows) > limit else ""
        return JSONResponse({"identifiers": found, "ids": [one["id"] for one in found], "next": following})

    def _carry_out(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            person = entry["identifiers"]["id"]
            if entry["action"] == "delete":
                self.store.write("delete from customerio_people where id = ?", person)
                self.store.write("delete from customerio_members where id = ?", person)
                continue
            known = self.store.one("select * from customerio_people where id = ?", person)
            merged = {**(json.loads(known["attributes"]) if known else {}), **entry["attributes"]}
            kept = {name: value for name, value in merged.items() if value not in (None, "")}
            self.store.write(
                "insert or replace into customerio_people values (?, ?, ?)",
                person,
                json.dumps(kept),
                known["unsubscribed"] if known else 0,
            )
        for action, noted in (("identify", "add"), ("delete", "remove")):
            people = [entry["identifiers"]["id"] for entry in entries if entry["action"] == action]
            self.store.deliver("customerio", "people", noted, people)


def _wrong(entry: dict[str, Any]) -> str | None:
    if entry.get("type") != "person" or entry.get("action") not in ("identify", "delete"):
        return "type and action are not known"
    if not (entry.get("identifiers") or {}).get("id"):
        return "identifiers must have an id"
    if len(json.dumps(entry).encode()) > MOST_BYTES_EACH:
        return f"is larger than {MOST_BYTES_EACH} bytes"
    if str((entry.get("attributes") or {}).get("email", "")).endswith("@fake.test"):
        return "email is not valid"
    return None
