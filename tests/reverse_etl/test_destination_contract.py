"""What every destination owes the runner, whatever tool it speaks to: nothing lost, nothing twice, nothing believed blindly."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reverse_etl import never_sent
from reverse_etl.contract import Acknowledgement, Action, Polled, Request, Response, Status, Verdict
from reverse_etl.destinations import DESTINATIONS
from reverse_etl.errors import ForbiddenRequest, TargetFailed
from tests.reverse_etl.destination_samples import (
    HTTP,
    LIMITS,
    PLUGINS,
    REMOVALS,
    operations,
    target_for,
    with_notes,
)

RELAXED = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
ACTIONS = st.sampled_from(list(Action))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 400) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "id", "data", "results", "errors", "attributes", "email", "message", "error", "meta", "batch_index", "context",
        "recordIdsMissing", "members_added", "total_added", "num_received", "num_invalid_entries", "keys", "title",
    ]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
# tools whose documented answer to a success is a bare status: there is nothing in a body to believe or not
SAYS_ONLY_A_STATUS = {
    ("webhook", "call"),
    ("files", "file"),
    ("s3", "file"),
    ("sftp", "file"),
    ("email", "digest"),
}


def test_the_limits_of_every_destination_are_known():
    assert set(LIMITS) == set(PLUGINS)


@pytest.mark.parametrize("name", PLUGINS, ids="/".join)
@RELAXED
@given(action=ACTIONS, data=st.data())
def test_every_operation_is_carried_exactly_once_and_within_the_limits(name, action, data):
    spec = DESTINATIONS[name].spec
    count = data.draw(st.integers(1, min(spec.batch, 300)) | st.just(min(spec.batch, 2_000)))
    ops = operations(name, count, action)
    if spec.other and action is not Action.REMOVE:
        sizes = data.draw(st.lists(st.sampled_from([0, 3, 900, 31_000, 120_000]), min_size=1, max_size=4))
        ops = with_notes(ops, ["x" * sizes[at % len(sizes)] for at in range(len(ops))])
    requests = DESTINATIONS[name].encode(ops, target_for(name))
    assert Counter(op_id for request in requests for op_id in request.op_ids) == Counter(
        op.op_id for op in ops
    )
    records, most_bytes, most_each = LIMITS[name]
    if action is Action.REMOVE:
        records = REMOVALS.get(name, records)
    for request in requests:
        assert len(request.op_ids) <= (records or len(ops))
        size = len(json.dumps(request.json).encode()) if request.json is not None else 0
        is_too_large_by_itself = len(request.op_ids) == 1
        assert most_bytes is None or size <= most_bytes or is_too_large_by_itself
        if most_each and not is_too_large_by_itself and action is not Action.REMOVE:
            carried = {op.op_id: op for op in ops}
            assert all(len(json.dumps(carried[op_id].payload)) <= most_each for op_id in request.op_ids)


@pytest.mark.parametrize("name", PLUGINS, ids="/".join)
@settings(RELAXED, max_examples=60)
@given(body=JSON, status=st.sampled_from([200, 201, 202, 204, 207, 250]), action=ACTIONS)
def test_no_answer_is_believed_that_the_tool_would_not_give(name, body, status, action):
    plugin = DESTINATIONS[name]
    ops = operations(name, min(plugin.spec.batch, 3), action)
    for request in plugin.encode(ops, target_for(name)):
        carried = [op for op in ops if op.op_id in request.op_ids]
        outcomes = plugin.decode(request, Response(status, body), carried)
        assert sorted(outcome.op_id for outcome in outcomes) == sorted(request.op_ids)
        accepted = [outcome for outcome in outcomes if outcome.status is Status.ACCEPTED]
        if accepted and name not in SAYS_ONLY_A_STATUS:
            assert _is_documented(name, request, status, body)
        for outcome in outcomes:
            assert outcome.status is not Status.PENDING or (
                plugin.spec.acknowledgement is Acknowledgement.JOB and outcome.job
            )


def _is_documented(name, request, status, body):
    """Whether a success without a word about anybody is how this tool answers."""
    if name[0] in ("hubspot", "klaviyo") and status == 204:
        return True
    if name[0] == "customerio" and (status, body) == (200, {}):
        return True
    if name == ("mailchimp", "contact") and request.method == "DELETE":
        return status == 204
    # anything else names records, jobs or counts, so a random body can hit it only by naming them
    return bool(body)


@pytest.mark.parametrize(
    "name",
    [name for name in PLUGINS if name not in SAYS_ONLY_A_STATUS and name[0] != "customerio"],
    ids="/".join,
)
@pytest.mark.parametrize("action", list(Action))
def test_a_success_that_mentions_nothing_is_no_success(name, action):
    plugin = DESTINATIONS[name]
    ops = operations(name, min(plugin.spec.batch, 3), action)
    for request in plugin.encode(ops, target_for(name)):
        carried = [op for op in ops if op.op_id in request.op_ids]
        for body in ({}, None, [], "ok"):
            outcomes = plugin.decode(request, Response(200, body), carried)
            assert {outcome.status for outcome in outcomes} == {Status.UNKNOWN}


@pytest.mark.parametrize("name", PLUGINS, ids="/".join)
@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_refused_batch_is_halved_and_a_refused_row_has_a_reason(name, status):
    plugin = DESTINATIONS[name]
    for count in (min(plugin.spec.batch, 4), 1):
        ops = operations(name, count)
        (request,) = plugin.encode(ops, target_for(name))[:1]
        carried = [op for op in ops if op.op_id in request.op_ids]
        answer = Response(status, {"message": "no: p0@x.org is bad"})
        outcomes = plugin.decode(request, answer, carried)
        assert [outcome.op_id for outcome in outcomes] == list(request.op_ids)
        assert {outcome.status for outcome in outcomes} <= {Status.SPLIT, Status.REJECTED}
        if len(carried) == 1:
            assert outcomes[0].status is Status.REJECTED
            assert outcomes[0].reason
            assert "p0@" not in outcomes[0].reason


@pytest.mark.parametrize("name", PLUGINS, ids="/".join)
def test_the_verdict_on_an_answer_as_a_whole(name):
    classify = DESTINATIONS[name].classify
    assert classify(Response(429)) is Verdict.SLOW_DOWN
    assert classify(Response(401, {"error": {"message": "no"}})) is Verdict.STOP
    for answer in (Response(0, error="lost"), Response(500), Response(503), Response(408)):
        assert classify(answer) is Verdict.TRY_AGAIN
    assert classify(Response(400)) is Verdict.REFUSED


@pytest.mark.parametrize(
    "name", [name for name in PLUGINS if not DESTINATIONS[name].spec.is_snapshot], ids="/".join
)
def test_a_removal_names_people_as_they_were_last_sent(name):
    plugin, target = DESTINATIONS[name], target_for(name)
    added, removed = operations(name, 3), operations(name, 3, Action.REMOVE)
    if plugin.spec.inspects:  # by the tool's own ids, which are looked up by what was last sent
        asked = plugin.inspect(removed, target)
        assert [op_id for request in asked for op_id in request.op_ids] == [op.op_id for op in removed]
        sent = "".join(_words(request) for request in [*asked, *plugin.encode(added, target)])
        wanted = [next(iter(op.identifiers.values())) for op in removed]
        if name == ("mailchimp", "contact"):
            wanted = [op.remote_id for op in removed]
        assert all(value in sent for value in wanted)
        return
    sent, gone = (
        "".join(_words(request) for request in plugin.encode(ops, target)) for ops in (added, removed)
    )
    for op in removed:
        key = next(iter(op.identifiers.values()))
        assert key in sent
        assert key in gone


def _words(request):
    query = dict(request.query)
    return f"{request.path} {query} {json.dumps(request.json)} {(request.content or b'').decode()}"


@pytest.mark.parametrize("name", HTTP, ids="/".join)
def test_what_must_never_be_written_stops_the_request(name):
    spec = DESTINATIONS[name].spec
    for field in spec.forbidden_fields:
        with pytest.raises(ForbiddenRequest):
            never_sent.check(Request("POST", "/x", json={"people": [{field: "yes"}]}), spec)
    for path in spec.forbidden_paths:
        with pytest.raises(ForbiddenRequest):
            never_sent.check(Request("POST", f"/api/{path}-jobs", json={}), spec)
    for action in Action:
        for request in DESTINATIONS[name].encode(operations(name, 1, action), target_for(name)):
            never_sent.check(request, spec)


def test_tools_that_know_consent_forbid_writing_it():
    silent = {"postgres", "webhook", "email", "files", "s3", "sftp", "meta", "google"}
    for name in PLUGINS:
        spec = DESTINATIONS[name].spec
        assert (
            spec.destination in silent
            or spec.forbidden_fields
            or spec.forbidden_paths
            or name[0] == "mailchimp"
        )


@pytest.mark.parametrize(
    "name", [name for name in PLUGINS if isinstance(DESTINATIONS[name], Polled)], ids="/".join
)
@settings(RELAXED, max_examples=60)
@given(body=JSON, status=st.sampled_from([200, 404, 400]))
def test_a_job_is_believed_only_when_it_says_so(name, body, status):
    plugin, ops = DESTINATIONS[name], operations(name, 3)
    conversation = plugin.poll("j1", ops, target_for(name))
    try:
        next(conversation)
        conversation.send(Response(status, body))
    except StopIteration as end:
        assert sorted(outcome.op_id for outcome in end.value) == sorted(op.op_id for op in ops)
        assert {outcome.status for outcome in end.value} <= {Status.UNKNOWN, Status.PENDING}


@pytest.mark.parametrize("name", PLUGINS, ids="/".join)
@settings(RELAXED, max_examples=40)
@given(body=JSON, status=st.sampled_from([200, 207, 404, 400]))
def test_an_answer_about_a_target_is_a_target_or_a_sentence(name, body, status):
    conversation = DESTINATIONS[name].open_target(target_for(name).name, "acc", ("email",))
    try:
        next(conversation)
        for _ in range(5):
            conversation.send(Response(status, body))
    except StopIteration as end:
        assert isinstance(end.value, str)
    except TargetFailed as error:
        assert "could not be opened" in str(error) or "filled by its own filters" in str(error)
