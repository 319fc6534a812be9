"""A pretend Customer.io Track API: people in batches, manual segments by number, partial answers (207), no headers.

Rules as documented: 500 kB a batch and 32 kB an operation, 1,000 ids a segment call, segments exist already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Holding, Tool, is_basic, is_hit

MOST_BYTES, MOST_BYTES_EACH, MOST_IDS = 500_000, 32_000, 1000
SEGMENTS = (1, 2, 3)


class CustomerIo(Tool):
    """People and segments of one workspace."""

    name, title, secret = "customerio", "Customer.io", "sandbox-track-key"
    schema = """
    create table if not exists customerio_people (id text primary key, attributes text);
    create table if not exists customerio_members (segment_id integer, id text, primary key (segment_id, id));
    """

    def routes(self) -> list[Route]:
        segment = "/api/v1/segments/{segment_id:int}"
        return [
            Route("/api/v2/batch", self.batch, methods=["POST"]),
            Route(f"{segment}/add_customers", self.change_members, methods=["POST"]),
            Route(f"{segment}/remove_customers", self.change_members, methods=["POST"]),
        ]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_CUSTOMERIO_URL": url,
            "CDP_CUSTOMERIO_SITE_ID": "sandbox-site",
            "CDP_CUSTOMERIO_API_KEY": cls.secret,
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

    def _carry_out(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            person = entry["identifiers"]["id"]
            if entry["action"] == "delete":
                self.store.write("delete from customerio_people where id = ?", person)
                self.store.write("delete from customerio_members where id = ?", person)
                continue
            known = self.store.one("select attributes from customerio_people where id = ?", person)
            merged = {**(json.loads(known["attributes"]) if known else {}), **entry["attributes"]}
            kept = {name: value for name, value in merged.items() if value not in (None, "")}
            self.store.write(
                "insert or replace into customerio_people values (?, ?)", person, json.dumps(kept)
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
