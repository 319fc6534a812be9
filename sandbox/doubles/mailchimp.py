"""A pretend Mailchimp 3.0: contacts, static segments and merge fields of any list, with its refusals.

Rules as documented: HTTP basic auth, required fields, 500 members per segment update, nobody who unsubscribed is
subscribed again, archived contacts leave their segments and come back with what they once said.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.doubles.tool import Body, Holding, Tool, is_basic

LIST_ID = "5andb0x115"
MOST_MEMBERS = 500
MOST_LISTED = 1000
_PAGING = (("count", "10"), ("offset", "0"))
STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional")
_COMPLIANCE = (
    "{} is in a compliance state due to unsubscribe, bounce, or compliance review and cannot be subscribed."
)


class Mailchimp(Tool):
    """Lists with their contacts and static segments."""

    name, title, secret = "mailchimp", "Mailchimp", "sandbox-key-us1"
    bodies: ClassVar = {
        "put_member": Body(
            {"email_address": str, "status_if_new": str}, {"status": str, "merge_fields": dict}
        ),
        "create_segment": Body({"name": str, "static_segment": list}),
        "change_members": Body({}, {"members_to_add": list, "members_to_remove": list}),
        "create_merge_field": Body({"tag": str, "name": str, "type": str}),
    }
    schema = """
    create table if not exists mailchimp_members (
        list_id text, hash text, email text, status text, opted_out integer default 0, merge_fields text default '{}',
        primary key (list_id, hash));
    create table if not exists mailchimp_segments (
        id integer primary key autoincrement, list_id text, name text, unique (list_id, name));
    create table if not exists mailchimp_segment_members (segment_id integer, hash text, primary key (segment_id, hash));
    create table if not exists mailchimp_merge_fields (list_id text, tag text, primary key (list_id, tag));
    """

    @classmethod
    def environment(cls, url: str) -> dict[str, str]:
        return {
            "CDP_MAILCHIMP_URL": url,
            "CDP_MAILCHIMP_API_KEY": cls.secret,
            "CDP_MAILCHIMP_LIST_ID": LIST_ID,
        }

    def is_authentic(self, request: Request) -> bool:
        return is_basic(request, self.secret)

    def problem(self, status: int, words: str) -> Response:
        return problem(status, "Invalid Resource", words)

    def unauthorised(self) -> Response:
        words = "Your API key may be invalid, or you've attempted to access the wrong datacenter."
        return problem(401, "API Key Invalid", words)

    def holdings(self) -> Iterable[Holding]:
        for list_id, held in self.lists().items():
            people = [
                {"email": email, "status": member["status"], **member["merge_fields"]}
                for email, member in held["members"].items()
            ]
            yield Holding("lists", list_id, people)
            for name, emails in held["segments"].items():
                yield Holding("segments", name, [{"email": email} for email in emails])

    def state(self) -> dict[str, Any]:
        return {"lists": self.lists()}

    def lists(self) -> dict[str, Any]:
        """List → members by address, and addresses by segment."""
        lists: dict[str, Any] = {}
        for row in self.store.rows("select * from mailchimp_members order by email"):
            members = lists.setdefault(row["list_id"], {"members": {}, "segments": {}})["members"]
            members[row["email"]] = {"status": row["status"], "merge_fields": json.loads(row["merge_fields"])}
        for segment in self.store.rows("select * from mailchimp_segments order by id"):
            emails = self.store.rows(
                "select email from mailchimp_segment_members join mailchimp_members using (hash) "
                "where segment_id = ? and list_id = ? order by email",
                segment["id"],
                segment["list_id"],
            )
            segments = lists.setdefault(segment["list_id"], {"members": {}, "segments": {}})["segments"]
            segments[segment["name"]] = [row["email"] for row in emails]
        return lists

    def routes(self) -> list[Route]:
        lists = "/3.0/lists/{list_id}"
        return [
            Route(f"{lists}/members", self.list_members, methods=["GET"]),
            Route(f"{lists}/segments/{{segment_id:int}}/members", self.list_members, methods=["GET"]),
            Route(f"{lists}/members/{{hash}}", self.read_member, methods=["GET"]),
            Route(f"{lists}/members/{{hash}}", self.put_member, methods=["PUT"]),
            Route(f"{lists}/members/{{hash}}", self.archive_member, methods=["DELETE"]),
            Route(f"{lists}/segments", self.list_segments, methods=["GET"]),
            Route(f"{lists}/segments", self.create_segment, methods=["POST"]),
            Route(f"{lists}/segments/{{segment_id:int}}", self.change_members, methods=["POST"]),
            Route(f"{lists}/merge-fields", self.list_merge_fields, methods=["GET"]),
            Route(f"{lists}/merge-fields", self.create_merge_field, methods=["POST"]),
        ]

    async def read_member(self, request: Request) -> Response:
        member = self._member(request.path_params["list_id"], request.path_params["hash"])
        return (
            _shown(member)
            if member
            else problem(404, "Resource Not Found", "The requested resource is missing.")
        )

    async def list_members(self, request: Request) -> Response:
        """One page of a list's or a segment's members; archived contacts are not shown."""
        count, offset = (int(request.query_params.get(name, default)) for name, default in _PAGING)
        segment = request.path_params.get("segment_id")
        if not 0 <= count <= MOST_LISTED:
            return problem(400, "Invalid Resource", f"count must be at most {MOST_LISTED}.")
        rows = self.store.rows(
            "select * from mailchimp_members where list_id = ? and status <> 'archived' and (? is null or hash in "
            "(select hash from mailchimp_segment_members where segment_id = ?)) order by hash limit ? offset ?",
            request.path_params["list_id"],
            segment,
            segment,
            count,
            offset,
        )
        return JSONResponse({"members": [_to_json(row) for row in rows]})

    async def put_member(self, request: Request) -> Response:
        list_id, wanted = request.path_params["list_id"], request.path_params["hash"]
        body = await request.json()
        refusal = _wrong_member(body, wanted)
        if refusal:
            return refusal
        member = self._member(list_id, wanted)
        is_new = member is None or member["status"] == "archived"
        status = body["status_if_new"] if is_new else body.get("status", member["status"] if member else "")
        if (
            member
            and member["opted_out"]
            and (is_new or "status" in body)
            and status in ("subscribed", "pending")
        ):
            return problem(400, "Member In Compliance State", _COMPLIANCE.format(body["email_address"]))
        self._keep(list_id, wanted, body, status, member)
        self.store.deliver(
            "mailchimp", list_id, "add" if is_new else "update", [body["email_address"].lower()]
        )
        return _shown(self._member(list_id, wanted) or {})

    async def archive_member(self, request: Request) -> Response:
        list_id, wanted = request.path_params["list_id"], request.path_params["hash"]
        member = self._member(list_id, wanted)
        if member is None:
            return problem(404, "Resource Not Found", "The requested resource could not be found.")
        if member["status"] == "archived":
            return problem(405, "Method Not Allowed", "This list member cannot be removed.")
        self.store.write(
            "update mailchimp_members set status = 'archived' where list_id = ? and hash = ?", list_id, wanted
        )
        self.store.write("delete from mailchimp_segment_members where hash = ?", wanted)
        self.store.deliver("mailchimp", list_id, "remove", [member["email"]])
        return Response(status_code=204)

    async def list_segments(self, request: Request) -> Response:
        rows = self.store.rows(
            "select id, name from mailchimp_segments where list_id = ?", request.path_params["list_id"]
        )
        return JSONResponse({"segments": rows, "total_items": len(rows)})

    async def create_segment(self, request: Request) -> Response:
        body = await request.json()
        if not body.get("name") or not isinstance(body.get("static_segment"), list):
            return problem(400, "Invalid Resource", "name and static_segment are required.")
        list_id = request.path_params["list_id"]
        if self.store.one(
            "select 1 from mailchimp_segments where list_id = ? and name = ?", list_id, body["name"]
        ):
            return problem(400, "Bad Request", "Sorry, that tag already exists.")
        number = self.store.write(
            "insert into mailchimp_segments (list_id, name) values (?, ?)", list_id, body["name"]
        )
        return JSONResponse({"id": number, "name": body["name"], "type": "static", "list_id": list_id})

    async def change_members(self, request: Request) -> Response:
        list_id, number = request.path_params["list_id"], request.path_params["segment_id"]
        segment = self.store.one(
            "select * from mailchimp_segments where id = ? and list_id = ?", number, list_id
        )
        body = await request.json()
        add, remove = body.get("members_to_add") or [], body.get("members_to_remove") or []
        if segment is None:
            return problem(404, "Resource Not Found", "The requested resource could not be found.")
        if len(add) > MOST_MEMBERS or len(remove) > MOST_MEMBERS:
            return problem(400, "Invalid Resource", f"At most {MOST_MEMBERS} members may be changed at once.")
        if not all(isinstance(email, str) and "@" in email for email in [*add, *remove]):
            return problem(400, "Invalid Resource", "Every member must be an email address.")
        return self._change(list_id, segment, add, remove)

    async def list_merge_fields(self, request: Request) -> Response:
        rows = self.store.rows(
            "select tag from mailchimp_merge_fields where list_id = ?", request.path_params["list_id"]
        )
        return JSONResponse({"merge_fields": rows, "total_items": len(rows)})

    async def create_merge_field(self, request: Request) -> Response:
        body = await request.json()
        tag = str(body.get("tag") or "")
        if not body.get("name") or not body.get("type") or not 1 <= len(tag) <= 10:
            return problem(
                400, "Invalid Resource", "name, type and a tag of at most 10 characters are required."
            )
        self.store.write(
            "insert or ignore into mailchimp_merge_fields values (?, ?)", request.path_params["list_id"], tag
        )
        return JSONResponse({"merge_id": 1, "tag": tag, "name": body["name"], "type": body["type"]})

    def _member(self, list_id: str, wanted: str) -> dict[str, Any] | None:
        return self.store.one(
            "select * from mailchimp_members where list_id = ? and hash = ?", list_id, wanted
        )

    def _keep(
        self, list_id: str, wanted: str, body: dict[str, Any], status: str, member: dict[str, Any] | None
    ) -> None:
        known = {row["tag"] for row in self.store.rows("select tag from mailchimp_merge_fields")}
        fields = json.loads(member["merge_fields"]) if member else {}
        fields |= {tag: value for tag, value in (body.get("merge_fields") or {}).items() if tag in known}
        opted_out = int(status in ("unsubscribed", "cleaned") or bool(member and member["opted_out"]))
        self.store.write(
            "insert or replace into mailchimp_members values (?, ?, ?, ?, ?, ?)",
            list_id,
            wanted,
            body["email_address"].lower(),
            status,
            opted_out,
            json.dumps(fields),
        )

    def _change(self, list_id: str, segment: dict[str, Any], add: list[str], remove: list[str]) -> Response:
        added, errors = [], []
        for email in add:
            member = self._member(list_id, email_hash(email))
            if member is None or member["status"] == "archived":
                errors.append({"email_addresses": [email], "error": "Email address isn't on the list."})
            else:
                added.append(member)
        removed = [
            member
            for email in remove
            if (member := self._member(list_id, email_hash(email))) and self._is_in(segment["id"], member)
        ]
        pairs = [(segment["id"], member["hash"]) for member in added]
        self.store.write_many("insert or ignore into mailchimp_segment_members values (?, ?)", pairs)
        gone = [(segment["id"], member["hash"]) for member in removed]
        self.store.write_many("delete from mailchimp_segment_members where segment_id = ? and hash = ?", gone)
        self.store.deliver("mailchimp", segment["name"], "add", [member["email"] for member in added])
        self.store.deliver("mailchimp", segment["name"], "remove", [member["email"] for member in removed])
        errors += [
            {"email_addresses": [email], "error": "Email address isn't in this segment."}
            for email in remove
            if email.lower() not in {member["email"] for member in removed}
        ]
        return _changed(added, removed, errors)

    def _is_in(self, segment_id: int, member: dict[str, Any]) -> bool:
        sql = "select 1 from mailchimp_segment_members where segment_id = ? and hash = ?"
        return self.store.one(sql, segment_id, member["hash"]) is not None


def email_hash(email: str) -> str:
    """Mailchimp's subscriber hash."""
    return hashlib.md5(email.lower().encode()).hexdigest()


def problem(status: int, title: str, detail: str) -> Response:
    """An error as Mailchimp words it (application/problem+json)."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": "sandbox"}
    return JSONResponse(body, status, media_type="application/problem+json")


def _wrong_member(body: dict[str, Any], wanted: str) -> Response | None:
    email = body.get("email_address")
    if not isinstance(email, str) or "@" not in email or "status_if_new" not in body:
        return problem(400, "Invalid Resource", "email_address and status_if_new are required.")
    if email_hash(email) != wanted:
        return problem(400, "Invalid Resource", "The subscriber hash does not belong to this email address.")
    if body["status_if_new"] not in STATUSES or body.get("status", "subscribed") not in STATUSES:
        return problem(400, "Invalid Resource", f"A status must be one of {', '.join(STATUSES)}.")
    if email.endswith(("@example.invalid", "@fake.test")):
        return problem(
            400, "Invalid Resource", f"{email} looks fake or invalid, please enter a real email address."
        )
    return None


def _shown(member: dict[str, Any]) -> Response:
    return JSONResponse(_to_json(member))


def _to_json(member: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": member["hash"],
        "email_address": member["email"],
        "status": member["status"],
        "merge_fields": json.loads(member["merge_fields"]),
    }


def _changed(
    added: list[dict[str, Any]], removed: list[dict[str, Any]], errors: list[dict[str, Any]]
) -> Response:
    return JSONResponse(
        {
            "members_added": [{"id": member["hash"], "email_address": member["email"]} for member in added],
            "members_removed": [
                {"id": member["hash"], "email_address": member["email"]} for member in removed
            ],
            "errors": errors,
            "total_added": len(added),
            "total_removed": len(removed),
            "error_count": len(errors),
        }
    )
