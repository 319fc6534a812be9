"""The file that analysts tune: what it says holds, and mistakes in it are told with the key and the nearest known one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from identity_people import put, record, run, stores

from identity import rules
from identity.errors import MatchingInvalid
from identity.matching import FILE, SCHEMA_FILE, PairRule, json_schema, read_matching

PAIR = [
    record("hubspot_contacts", "1", first_name="anna", last_name="garside", company="garside & sons"),
    record("square_customers", "2", first_name="anna", last_name="holroyd", company="garside & sons"),
]


def _changed(tmp_path: Path, old: str, new: str) -> Path:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "matching.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("email_names: 6", "email_name: 6", r"limits\.email_name: unknown key, did you mean `email_names`\?"),
        ("email_names: 6", "email_names: many", r"limits\.email_names: .*integer"),
        ("\nblocking:", "\nblockings:", r"blockings: unknown key, did you mean `blocking`\?"),
        ("twins: {ceiling: -12}", "twins: {celing: -12}", r"rules\.twins\.celing: unknown key, did you mean `ceiling`\?"),
        ("twins: {ceiling: -12}", "twin: {ceiling: -12}", r"rules\.twin is not a shipped rule, did you mean `twins`\?"),
        ("twins: {ceiling: -12}", "twins: {}", r"rules\.twins: give it a floor or a ceiling"),
        ("strict_cut: 4 ", "strict_cut: -4 ", r"strict_cut must not be below cut"),
        ("limits:\n", "limits: [\n", r"cannot be read"),
    ],
)  # fmt: skip
def test_mistakes_name_the_key_and_the_nearest_one(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(MatchingInvalid, match=told):
        read_matching(_changed(tmp_path, old, new), known=rules.CONDITIONS)


def test_a_file_without_conflicts_is_refused(tmp_path: Path) -> None:
    path = _changed(tmp_path, "limits:", "limits:")
    path.write_text(path.read_text(encoding="utf-8").replace(", is_conflict: true", ""), encoding="utf-8")
    with pytest.raises(MatchingInvalid, match="at least one must be a conflict"):
        read_matching(path, known=rules.CONDITIONS)


def test_every_shipped_rule_is_listed_and_every_number_is_the_engines() -> None:
    found = read_matching(known=rules.CONDITIONS)
    assert set(found.rules) == set(rules.CONDITIONS)
    assert found.limits == rules.LIMITS
    assert [rule.name for rule in rules.BLOCKING_RULES] == list(found.blocking)


def test_the_schema_in_the_project_is_the_present_one() -> None:
    assert json.loads(SCHEMA_FILE.read_text(encoding="utf-8")) == json_schema()


def test_a_rule_of_ones_own_joins_and_sql_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = (
        "rules:\n  same_company_and_name: {floor: 9, when: \"g_company = 'same' and g_first_name = 'same'\"}"
    )
    key = "blocking:\n  company_name: {keys: [\"company || '|' || first_root\"]}"
    file = _changed(tmp_path, "\nrules:", f"\n{rule}")
    file.write_text(file.read_text(encoding="utf-8").replace("\nblocking:", f"\n{key}"), encoding="utf-8")
    found = read_matching(file, known=rules.CONDITIONS)
    with stores(tmp_path / "data") as connection:
        assert run(connection, PAIR, "shipped").customers == 2
        monkeypatch.setattr(rules, "BLOCKING_RULES", found.blocking_rules())
        monkeypatch.setattr(rules, "PAIR_RULES", found.pair_rules(rules.CONDITIONS))
        assert run(connection, PAIR, "own").customers == 1
        broken = PairRule("broken", "g_colour = 'same'", ceiling=-1.0)
        monkeypatch.setattr(rules, "PAIR_RULES", (*rules.PAIR_RULES, broken))
        with pytest.raises(MatchingInvalid, match=r"does not understand `rules`.*g_colour"):
            run(connection, PAIR, "broken rule")
        monkeypatch.undo()
        keys = (*rules.BLOCKING_RULES, replace(rules.BLOCKING_RULES[0], keys=("emial",)))
        monkeypatch.setattr(rules, "BLOCKING_RULES", keys)
        put(connection, PAIR)
        with pytest.raises(MatchingInvalid, match=r"does not understand `blocking`.*emial"):
            run(connection, PAIR, "broken key")
