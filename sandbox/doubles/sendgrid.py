"""A pretend SendGrid Marketing Campaigns: contacts upserted as jobs, lists, search by address, files of errors; and who
unsubscribed, to be read.

Rules as documented: 30,000 contacts or 6 MB an upsert, 100 addresses a search, lengths of fields, no null, 500
suppressions a page. Only people themselves unsubscribe here (by hand, in the state).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool, is_hit

MOST_CONTACTS, MOST_BYTES, MOST_SEARCHED, MOST_SUPPRESSED = 30_000, 6_000_000, 100, 500
_FIELDS = {
    "email": 254,
    "first_name": 50,
    "last_name": 50,
    "address_line_1": 100,
    "address_line_2": 100,
    "city": 60,
    "country": 50,
    "state_province_region": 50,
    "postal_code": 1000,
    "external_id": 254,
}


class SendGrid(Tool):
    """Contacts, lists and jobs of one account."""

    name, title, secret = "sendgrid", "SendGrid", "sandbox-sendgrid-key"
    bodies: ClassVar = {
        "upsert": Body({"contacts": list}, {"list_ids": list}),
        "search": Body({"emails": list}),
        "create_list": Body({"name": str}),
    }
    schema = """
    create table if not exists sendgrid_contacts (id text primary key, email text unique, fields text);
    create table if not exists sendgrid_lists (id text primary key, name text unique);
    create table if not exists sendgrid_members (list_id text, contact_id text, primary key (list_id, contact_id));
    create table if not exists sendgrid_jobs (id text primary key, status text, total integer, errors text);
    create table if not exists sendgrid_suppressions (
        email text, kind text, group_name text default '', created integer, primary key (email, kind, group_name));
    """

    def routes(self) -> list[Route]:
        contacts, lists = "/v3/marketing/contacts", "/v3/marketing/lists"
        return [
            Route(contacts, self.upsert, methods=["PUT"]),
            Route(f"{contacts}/imports/{{id}}", self.read_job, methods=["GET"]),
            Route("/errors/{id}", self.read_errors, methods=["GET"]),
            Route(f"{contacts}/search/emails", self.search, methods=["POST"]),
            Route(lists, self.find_lists, methods=["GET"]),
            Route(lists, self.create_list, methods=["POST"]),
            Route(f"{lists}/{{id}}/contacts", self.remove, methods=["DELETE"]),
            Route("/v3/suppression/{kind}", self.list_suppressions, methods=["GET"]),
            Route("/v3/asm/suppressions", self.list_group_suppressions, methods=["GET"]),
        ]

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_SENDGRID_URL": url,
            "CDP_SENDGRID_API_KEY": cls.secret,
            "CDP_SENDGRID_ACCOUNT": "sandbox",
        }

    def holdings(self) -> Iterable[Holding]:
        rows = self.store.rows("select * from sendgrid_contacts order by email")
        yield Holding("contacts", "all", [json.loads(row["fields"]) for row in rows])
        for row in self.store.rows("select * from sendgrid_lists order by name"):
            sql = "select email from sendgrid_members join sendgrid_contacts on id = contact_id where list_id = ? order by email"
            yield Holding("lists", row["name"], self.store.rows(sql, row["id"]))

    def is_authentic(self, request: Request) -> bool:
        # a file of errors has an address that is secret enough by itself
        return "/errors/" in request.url.path or super().is_authentic(request)

    def problem(self, status: int, words: str) -> Response:
        return JSONResponse(
            {"errors": [{"message": words, "field": "contacts", "error_id": "sandbox"}]}, status
        )

    async def upsert(self, request: Request) -> Response:
        raw = await request.body()
        body = json.loads(raw)
        contacts, lists = body.get("contacts"), body.get("list_ids") or []
        refusal = self._wrong(raw, contacts, lists)
        if refusal:
            return refusal
        has_failed = is_hit(request, "job_failed")
        errors = [
            contact["email"]
            for place, contact in enumerate(contacts)
            if has_failed
            or contact["email"].endswith("@fake.test")
            or (place == 0 and is_hit(request, "partial"))
        ]
        self._keep([contact for contact in contacts if contact["email"] not in errors], lists)
        status = "failed" if has_failed else "errored" if errors else "completed"
        return self._job(status, len(contacts), errors)

    async def read_job(self, request: Request) -> Response:
        row = self.store.one("select * from sendgrid_jobs where id = ?", request.path_params["id"])
        if row is None:
            return self.problem(404, "job not found")
        if is_hit(request, "job_slow"):
            return JSONResponse({"id": row["id"], "status": "pending", "job_type": "upsert"})
        errors = json.loads(row["errors"])
        results: dict[str, Any] = {"requested_count": row["total"], "errored_count": len(errors)}
        if errors:
            mount = request.url.path.partition("/v3/")[0]
            results["errors_url"] = f"{request.url.scheme}://{request.url.netloc}{mount}/errors/{row['id']}"
        return JSONResponse(
            {"id": row["id"], "status": row["status"], "job_type": "upsert", "results": results}
        )

    async def read_errors(self, request: Request) -> Response:
        row = self.store.one("select * from sendgrid_jobs where id = ?", request.path_params["id"]) or {
            "errors": "[]"
        }
        lines = ["email,error", *(f"{address},contact is not valid" for address in json.loads(row["errors"]))]
        return Response("\n".join(lines), media_type="text/csv")

    async def search(self, request: Request) -> Response:
        addresses = [str(address).lower() for address in (await request.json()).get("emails", [])]
        if not 1 <= len(addresses) <= MOST_SEARCHED:
            return self.problem(400, f"at most {MOST_SEARCHED} emails")
        marks = ", ".join("?" for _ in addresses)
        rows = self.store.rows(f"select * from sendgrid_contacts where email in ({marks})", *addresses)
        if not rows or is_hit(request, "not_yet_visible"):
            return self.problem(404, "no contacts found")
        found = {row["email"]: {"contact": {"id": row["id"], "email": row["email"]}} for row in rows}
        missing = {address: {"error": "contact not found"} for address in addresses if address not in found}
        return JSONResponse({"result": {**found, **missing}})

    async def find_lists(self, _: Request) -> Response:
        return JSONResponse(
            {"result": self.store.rows("select * from sendgrid_lists order by name"), "_metadata": {}}
        )

    async def create_list(self, request: Request) -> Response:
        name, number = (await request.json()).get("name"), str(uuid.uuid4())
        if not name or len(name) > 100 or self.store.one("select 1 from sendgrid_lists where name = ?", name):
            return self.problem(400, "a new name of at most 100 characters is required")
        self.store.write("insert into sendgrid_lists values (?, ?)", number, name)
        return JSONResponse({"id": number, "name": name, "contact_count": 0}, 201)

    async def remove(self, request: Request) -> Response:
        row = self.store.one("select * from sendgrid_lists where id = ?", request.path_params["id"])
        ids = [text for text in request.query_params.get("contact_ids", "").split(",") if text]
        marks = ", ".join("?" for _ in ids)
        known = self.store.rows(f"select * from sendgrid_contacts where id in ({marks})", *ids)
        if row is None or not ids or len(known) < len(ids):
            return self.problem(404, "the list or a contact does not exist")
        sql = "delete from sendgrid_members where list_id = ? and contact_id = ?"
        self.store.write_many(sql, [(row["id"], contact["id"]) for contact in known])
        self.store.deliver("sendgrid", row["name"], "remove", [contact["email"] for contact in known])
        return self._job("completed", len(ids), [])

    async def list_suppressions(self, request: Request) -> Response:
        """Global unsubscribes or spam reports, the newest first."""
        asked, kind = request.query_params, request.path_params["kind"]
        limit, offset = int(asked.get("limit", "500")), int(asked.get("offset", "0"))
        if kind not in ("unsubscribes", "spam_reports") or limit > MOST_SUPPRESSED:
            return self.problem(400, f"a kind of suppression, and a limit of at most {MOST_SUPPRESSED}")
        sql = (
            "select created, email from sendgrid_suppressions where kind = ? and created >= ? "
            "order by created desc, email limit ? offset ?"
        )
        rows = self.store.rows(sql, kind, int(asked.get("start_time", "0")), limit, offset)
        return JSONResponse([{**row, "ip": "10.0.0.1"} if kind == "spam_reports" else row for row in rows])

    async def list_group_suppressions(self, _: Request) -> Response:
        rows = self.store.rows("select * from sendgrid_suppressions where kind = 'group' order by email")
        return JSONResponse(
            [
                {
                    "email": row["email"],
                    "group_id": 1,
                    "group_name": row["group_name"],
                    "created_at": row["created"],
                }
                for row in rows
            ]
        )

    def _wrong(self, raw: bytes, contacts: object, lists: list[str]) -> Response | None:
        if not isinstance(contacts, list) or not 1 <= len(contacts) <= MOST_CONTACTS or len(raw) > MOST_BYTES:
            return self.problem(400, f"at most {MOST_CONTACTS} contacts and {MOST_BYTES} bytes")
        if any(
            self.store.one("select 1 from sendgrid_lists where id = ?", number) is None for number in lists
        ):
            return self.problem(400, "list_ids: not found")
        for contact in contacts:
            if "@" not in str(contact.get("email", "")):
                return self.problem(400, "at least one of the identifiers is required")
            for name, value in contact.items():
                if not isinstance(value, str) or len(value) > _FIELDS.get(name, -1):
                    return self.problem(400, f"{name} is not a known field, not text, or too long")
        return None

    def _keep(self, contacts: list[dict[str, Any]], lists: list[str]) -> None:
        for contact in contacts:
            address = contact["email"].lower()
            known = self.store.one("select * from sendgrid_contacts where email = ?", address)
            number = known["id"] if known else str(uuid.uuid4())
            fields = {**(json.loads(known["fields"]) if known else {}), **contact}
            sql = "insert or replace into sendgrid_contacts values (?, ?, ?)"
            self.store.write(sql, number, address, json.dumps(fields))
            self.store.write_many(
                "insert or ignore into sendgrid_members values (?, ?)",
                [(list_id, number) for list_id in lists],
            )
        for list_id in lists:
            row = self.store.one("select name from sendgrid_lists where id = ?", list_id) or {"name": "?"}
            self.store.deliver("sendgrid", row["name"], "add", [contact["email"] for contact in contacts])

    def _job(self, status: str, total: int, errors: list[str]) -> Response:
        number = str(uuid.uuid4())
        self.store.write(
            "insert into sendgrid_jobs values (?, ?, ?, ?)", number, status, total, json.dumps(errors)
        )
        return JSONResponse({"job_id": number}, 202)
