"""What a segment promises: read from the manifest by itself, with errors that name the file, the key and the nearest key."""

from __future__ import annotations

import pytest
from segment_shop import TERMS

from segments.contracts import find_segment, read_segments, require_contracts
from segments.errors import ContractError, UnknownSegment


def manifest(**models: dict[str, object] | None) -> dict[str, object]:
    """Models `segment_<name>` with their contracts; `reads_<name>` in a contract makes one read another."""
    nodes = {}
    for name, terms in models.items():
        terms = dict(terms) if terms is not None else None
        reads = terms.pop("reads", []) if terms else []
        nodes[f"model.cdp.segment_{name}"] = {
            "resource_type": "model",
            "name": f"segment_{name}",
            "fqn": ["cdp", "segments", "library", f"segment_{name}"],
            "schema": "segments",
            "original_file_path": f"dbt_project/models/segments/segment_{name}.sql",
            "patch_path": "cdp://dbt_project/models/segments/_segments__models.yml",
            "config": {"meta": {"owner": "marketing"} if terms is None else {"segment": terms}},
            "depends_on": {"nodes": [f"model.cdp.segment_{other}" for other in reads]},
        }
    nodes["model.cdp.segment_membership"] = {
        "resource_type": "model", "name": "segment_membership", "fqn": ["cdp", "membership", "segment_membership"],
    }  # fmt: skip
    return {"nodes": nodes}


def problem(**changes: object) -> str:
    terms = {key: value for key, value in {**TERMS, **changes}.items() if value != "left out"}
    return str(read_segments(manifest(tea=terms), ["shopify", "square"])["tea"].problem)


def test_the_list_is_the_folder_each_after_those_it_reads():
    found = read_segments(manifest(a={**TERMS, "reads": ["c"]}, b=TERMS, c={**TERMS, "reads": ["b"]}))
    assert list(found) == ["b", "c", "a"]
    assert found["a"].built_from == ("c",)
    require_contracts(found)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"identity_confidenc": "strict"}, "`identity_confidenc` is not a key of meta.segment, did you mean `identity_confidence`?"),
        ({"owner": "left out"}, "`owner` is missing from meta.segment"),
        ({"purpose": "left out"}, "`purpose` is missing"),
        ({"purpose": "marketting"}, "'marketting' is not a purpose that consent is kept for, did you mean `marketing`?"),
        ({"size_band": [5, 1]}, "the smallest size 5 is above the largest 1"),
        ({"holdout_share": 0.7}, "`holdout_share`"),
        ({"channel": "emial"}, "`channel.0`"),
        ({"identity_confidence": "certain"}, "'strict', 'standard' or 'loose'"),
        ({"sources": []}, "`sources` is empty, but people are reached by email"),
        ({"sources": "left out", "channel": ["none", "ads"]}, "`sources` is empty, but people are reached by ads"),
        ({"sources": ["shopfy"]}, "'shopfy', which is no source, did you mean `shopify`?"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_file_and_key(changes, said):
    found = problem(**changes)
    assert said in found
    assert "segment_tea.sql" in found and "_segments__models.yml" in found


def test_a_mistake_spoils_its_own_segment_only():
    found = read_segments(manifest(good=TERMS, bad={}, none=None))
    assert found["good"].contract is not None
    assert "has no contract" in str(found["none"].problem)
    with pytest.raises(ContractError, match="segment bad"):
        require_contracts(found)


def test_channels_and_sources_may_be_short():
    found = read_segments(manifest(tea={**TERMS, "channel": ["email", "ads"], "sources": ["shopify"]}))["tea"]
    assert found.contract and found.contract.channel == ["email", "ads"]
    assert found.contract.sources == {"shopify": None}


def test_what_reaches_nobody_or_is_made_from_segments_names_no_source():
    bare = {**TERMS, "sources": []}
    found = read_segments(
        manifest(quiet={**bare, "channel": "none"}, tea=TERMS, mixed={**bare, "reads": ["tea"]})
    )
    require_contracts(found)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownSegment, match="did you mean `lapsed_buyers`"):
        find_segment(read_segments(manifest(lapsed_buyers=TERMS)), "lapsed_buyer")
    assert find_segment(read_segments(manifest(tea=TERMS)), "segment_tea").name == "tea"
