"""A pretend tool that takes batches in as jobs and works on them later: its destination module, and the tool itself."""

import json
from collections import Counter
from dataclasses import replace

import httpx

from reverse_etl.accounts import Account, Accounts
from reverse_etl.contract import Acknowledgement, Action, Outcome, Request, Status
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


class Tool:
    """The tool: a job is done after so many polls (`slow`); some addresses are `bad`, some people opted out."""

    def __init__(self, slow=1):
        self.members, self.jobs, self.bad, self.opted_out = set(), {}, set(), set()
        self.slow, self.deliveries, self.faults, self.calls = slow, Counter(), {}, []

    def answer(self, request):
        path = request.url.path
        self.calls.append((request.method, path))
        fault = self.faults.pop(len(self.calls), None)
        if fault == "down":
            raise httpx.ConnectError("refused")
        if request.method == "POST":
            return self._take(json.loads(request.content), fault)
        return self._tell(path, request.url.params)

    def _take(self, body, fault):
        if fault == "nothing processed":
            return httpx.Response(202, json={})
        job = f"job{len(self.jobs) + 1}"
        self.jobs[job] = {"body": body, "left": self.slow}
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
        return httpx.Response(200, json={"state": "done", "error_pages": 2 if job["errors"] else 0})

    def work(self, name):
        """One step of a job; the last one does it, once."""
        job = self.jobs[name]
        job["left"] = max(job["left"] - 1, 0)
        if job["left"] or "errors" in job:
            return
        job["errors"] = {}
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
