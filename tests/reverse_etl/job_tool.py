"""A pretend tool that takes batches in as jobs and works on them later: its destination module, and the tool itself."""

import json
from collections import Counter
from dataclasses import replace

import httpx

from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import (
    Acknowledgement,
    Action,
    Outcome,
    Presence,
    Request,
    Sighting,
    Status,
)
from reverse_etl.destinations.answers import (
    classify_by_status,
    for_all,
    handed_over,
    nothing_processed,
    refused,
)
from reverse_etl.destinations.mailchimp import MEMBERSHIP_SPEC
from reverse_etl.destinations.unread import Unread

SPEC = replace(
    MEMBERSHIP_SPEC,
    destination="jobs",
    object="list",
    acknowledgement=Acknowledgement.JOB,
    batch=4,
    wave=8,
    concurrency=1,
    order=0,
)


class JobList(Unread):
    """One list; a job is refused whole, or ends with errors that name addresses."""

    spec = SPEC

    def classify(self, response):
        return classify_by_status(response)

    def open_target(self, name, _account_id, _fields, /):
        return name
        yield

    def encode(self, operations, target):
        side = "remove" if operations[0].action is Action.REMOVE else "add"
        body = {side: [operation.identifiers["email_address"] for operation in operations]}
        return [
            Request("POST", f"/{target.remote}/jobs", json=body, op_ids=tuple(op.op_id for op in operations))
        ]

    def decode(self, _request, response, operations, /):
        if response.status != 202:
            return refused(operations, f"refused ({response.status})")
        job = (response.body or {}).get("id")
        return handed_over(operations, job) if job else nothing_processed(operations)

    def poll(self, job, operations, _target, /):
        answer = yield Request("GET", f"/jobs/{job}")
        if answer.status == 404:
            return for_all(operations, Status.UNKNOWN, "the tool has lost the job")
        if answer.body["state"] == "running":
            return handed_over(operations, job)
        if answer.body["state"] == "failed":
            return for_all(operations, Status.REJECTED, "the job failed", is_permanent=False)
        errors = {}
        for page in range(answer.body["error_pages"]):
            found = yield Request("GET", f"/jobs/{job}/errors", query={"page": str(page)})
            errors |= found.body
        return [self._outcome(operation, errors) for operation in operations]

    def _outcome(self, operation, errors):
        error = errors.get(operation.identifiers["email_address"])
        if error is None:
            return Outcome(operation.op_id, Status.ACCEPTED)
        return Outcome(operation.op_id, Status.REJECTED, error, is_opt_out=error == "unsubscribed")


class LookedUpList(JobList):
    """The same list where people are looked up before they are written, in a view that lags behind."""

    spec = replace(SPEC, inspects=True, lag_hours=1.0)

    def inspect(self, operations, target):
        asked = {"email": [operation.identifiers["email_address"] for operation in operations]}
        op_ids = tuple(operation.op_id for operation in operations)
        return [Request("GET", f"/{target.remote}/members", query=asked, op_ids=op_ids)]

    def read_presence(self, response, operations, /):
        if response.status != 200:
            return {}
        return {
            operation.op_id: Sighting(
                Presence.PRESENT
                if operation.identifiers["email_address"] in response.body
                else Presence.ABSENT
            )
            for operation in operations
        }


class Tool:
    """The tool: a job is done after so many polls (`slow`); some addresses are `bad`, some people opted out.

    `shown` are the members as a look-up shows them. A job handed over while it is `failing` ends without doing anything.
    """

    def __init__(self, slow=1):
        self.members, self.jobs, self.bad, self.opted_out = set(), {}, set(), set()
        self.slow, self.deliveries, self.faults, self.calls = slow, Counter(), {}, []
        self.shown, self.failing = set(), False

    def answer(self, request):
        path = request.url.path
        self.calls.append((request.method, path))
        fault = self.faults.pop(len(self.calls), None)
        if fault == "down":
            raise httpx.ConnectError("refused")
        if path.endswith("/members"):
            return httpx.Response(200, json=sorted(self.shown & set(request.url.params.get_list("email"))))
        if request.method == "POST":
            return self._take(json.loads(request.content), fault)
        return self._tell(path, request.url.params)

    def _take(self, body, fault):
        if fault == "nothing processed":
            return httpx.Response(202, json={})
        job = f"job{len(self.jobs) + 1}"
        self.jobs[job] = {"body": body, "left": self.slow, "fails": self.failing}
        if fault == "no answer":
            raise httpx.ReadTimeout("slow")
        return httpx.Response(202, json={"id": job})

    def _tell(self, path, params):
        name = path.split("/")[2]
        job = self.jobs.get(name)
        if job is None:
            return httpx.Response(404)
        if path.endswith("/errors"):
            items = sorted(job["errors"].items())
            return httpx.Response(200, json=dict(items[int(params["page"]) :: 2]))
        self.work(name)
        if job["left"]:
            return httpx.Response(200, json={"state": "running"})
        state = "failed" if job["fails"] else "done"
        return httpx.Response(200, json={"state": state, "error_pages": 2 if job["errors"] else 0})

    def work(self, name):
        """One step of a job; the last one does it, once."""
        job = self.jobs[name]
        job["left"] = max(job["left"] - 1, 0)
        if job["left"] or "errors" in job:
            return
        job["errors"] = {}
        if job["fails"]:
            return
        for email in job["body"].get("add", []):
            if email in self.bad | self.opted_out:
                job["errors"][email] = "bad" if email in self.bad else "unsubscribed"
            else:
                self.members.add(email)
                self.deliveries[email] += 1
        self.members.difference_update(job["body"].get("remove", []))

    def accounts(self):
        return Accounts(
            {"jobs": Account("jobs", "http://jobs.invalid", "1", mounted=httpx.MockTransport(self.answer))}
        )
