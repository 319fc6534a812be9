"""How each source sees people: which fields it asks for and how often they come out wrong, as one readable table.

Only the rates belong here; `sightings` applies them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import duckdb
import pyarrow as pa


@dataclass(frozen=True)
class Habit:
    """Shares from 0 to 1 of a source's records that show each thing; fields a source never asks for are 0."""

    source: str
    number: int
    short_name: float = 0.08  # nickname instead of the given name
    name_typo: float = 0.03
    swapped_names: float = 0.01
    initial_only: float = 0.02
    nameless: float = 0.0
    plain_spelling: float = 0.25  # accents dropped, or the Latin spelling of another alphabet
    odd_case: float = 0.06
    no_email: float = 0.0
    filler_email: float = 0.0
    shared_email: float = 0.06  # the family's mailbox, where there is one
    work_email: float = 0.10  # the work mailbox, where there is one
    email_typo: float = 0.015
    no_phone: float = 0.35
    filler_phone: float = 0.0
    landline: float = 0.18
    phone_typo: float = 0.015
    email_in_phone: float = 0.0
    no_address: float = 0.0
    shop_address: float = 0.0
    street_typo: float = 0.05
    birth_date: float = 0.0
    filler_birth_date: float = 0.0
    birth_date_typo: float = 0.03


HABITS: tuple[Habit, ...] = (
    Habit("shopify_customers", 0, no_address=0.12, no_phone=0.4, email_typo=0.008),
    Habit("shopify_orders", 1, no_phone=0.35, email_typo=0.02),
    Habit("square_customers", 2, short_name=0.15, name_typo=0.06, swapped_names=0.03, no_email=0.35,
          filler_email=0.03, no_phone=0.2, filler_phone=0.03, phone_typo=0.03, email_typo=0.03, no_address=0.55,
          shop_address=0.05, birth_date=0.35, filler_birth_date=0.06),
    Habit("hubspot_contacts", 3, name_typo=0.04, swapped_names=0.03, no_email=0.06, filler_email=0.02,
          work_email=0.45, no_phone=0.3, filler_phone=0.02, email_in_phone=0.015, no_address=0.3, birth_date=0.3,
          filler_birth_date=0.04, email_typo=0.02),
    Habit("mailchimp_members", 4, nameless=0.12, no_phone=0.75, no_address=0.65, email_typo=0.008),
    Habit("segment_users", 5, no_phone=0.6, email_typo=0.008, no_address=1.0),
    Habit("zendesk_requesters", 6, no_phone=0.5, initial_only=0.04, email_typo=0.0, no_address=1.0),
    Habit("loyalty_members", 7, short_name=0.12, name_typo=0.07, swapped_names=0.02, no_email=0.35, filler_email=0.02,
          no_phone=0.3, filler_phone=0.02, phone_typo=0.03, email_typo=0.04, birth_date=0.88, filler_birth_date=0.03,
          birth_date_typo=0.05),
    Habit("surveys_respondents", 8, no_phone=1.0, no_address=1.0, work_email=0.05, email_typo=0.0),
    Habit("reviews_reviewers", 9, no_phone=1.0, no_address=1.0, work_email=0.04, initial_only=0.0, email_typo=0.0),
    Habit("shopify_checkouts", 10, no_phone=0.5, email_typo=0.03),
)  # fmt: skip

SOURCE_NUMBERS = {habit.source: habit.number for habit in HABITS}


def load_habits(connection: duckdb.DuckDBPyConnection) -> None:
    """Create table `habits`: one row per kind of source record."""
    connection.register("habit_rows", pa.Table.from_pylist([asdict(habit) for habit in HABITS]))
    connection.execute("create table habits as select * from habit_rows")
    connection.unregister("habit_rows")
