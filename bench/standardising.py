"""`python -m bench.standardising [--values N]`: phones, emails and names standardised through the engine's functions.

Every value is distinct, so nothing is remembered; spellings, countries and mistakes are mixed as exports mix them. Beside
it stands what the libraries need for some of the same values, asked one by one.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import phonenumbers
from email_validator import EmailNotValidError, validate_email
from faker import Faker
from nameparser import parse

from bench.processes import RESULTS
from warehouse.functions.registration import register_functions

ASKED_ALONE = 5_000  # values given to each library by itself

# i is the number of the value; names come from 10 countries' pools of given and family names
VALUES = {
    "phone": """
        select case i % 10
            when 0 then '+44 7' || (300000000 + i) when 1 then '00447' || (400000000 + i)
            when 2 then '+336' || (10000000 + i) when 3 then '+1 (305) ' || (2000000 + i)
            when 4 then '020 7' || (1000000 + i) when 5 then '0' || (7100000000 + i)
            when 6 then '+49151' || (10000000 + i) when 7 then '07' || (500000000 + i) || ' ext 1'
            when 8 then '07' || (800000000 + i) else 'call ' || i end
        from range($values) as r(i)""",
    "email": """
        select case i % 50
            when 0 then 'not given ' || i when 1 then ' Anna.' || i || '@Mail.Example.com,'
            when 2 then 'anna' || i || '@mail' when 3 then 'jürgen' || i || '@example.com'
            else ['anna.smith', 'B.Jones+shop', 'c_lee', 'Dora'][1 + i % 4] || i || '@'
                || ['gmail.com', 'outlook.com', 'mail.example.org', 'shop' || i % 1000 || '.example.co.uk'][1 + i // 4 % 4] end
        from range($values) as r(i)""",
    "name": """
        select case i % 20
            when 0 then 'Dr. ' || g || ' ' || f when 1 then f || ', ' || g when 2 then g || ' van ' || f
            when 3 then upper(g) || ' ' || upper(f) when 4 then g || ' M. ' || f when 5 then g || ' ' || f || ' Jr.'
            else g || ' ' || f end
        from (
            select i, $given[1 + i % len($given)] as g,
                $family[1 + i // len($given) % len($family)] || coalesce('-' || $given[1 + i // len($given) // len($family)], '') as f
            from range($values) as r(i)
        )""",
}
CALLS = {"phone": "cdp_phone(v, null, 'GB')", "email": "cdp_email(v)", "name": "cdp_name(v)"}


@dataclass(frozen=True)
class Measurement:
    """What `values` distinct values of one kind cost; rates are values per CPU-second (machines are shared)."""

    kind: str
    values: int
    wall_seconds: float
    cpu_seconds: float
    library_rate: float
    peak_mib: float

    def line(self) -> str:
        rate = self.values / self.cpu_seconds
        return (
            f"{self.kind:<6} {self.values:>9,} values {self.wall_seconds:7.1f} s {self.cpu_seconds:7.1f} CPU-s "
            f"{rate:>9,.0f}/CPU-s; library alone {self.library_rate:>7,.0f}/CPU-s, {rate / self.library_rate:5.1f} ×; "
            f"peak {self.peak_mib:5.0f} MiB"
        )


def main(values: int) -> None:
    """Measure the three functions and print a line for each."""
    found = [_measure(kind, values) for kind in VALUES]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"standardising_{values}.tsv").write_text("\n".join(one.line() for one in found) + "\n")


def _measure(kind: str, values: int) -> Measurement:
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set memory_limit = '4GB'")
        register_functions(connection)
        _make_values(connection, kind, values)
        connection.execute(f"select {CALLS[kind]} from (select 'x' as v)").fetchall()  # imports the library
        wall, cpu = time.perf_counter(), time.process_time()
        connection.execute(f"create table standard as select {CALLS[kind]} as s from delivered")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sample = connection.execute(f"select v from delivered using sample {ASKED_ALONE} rows").fetchall()
        measurement = Measurement(kind, values, wall, cpu, _library_rate(kind, sample), peak)
        print(measurement.line(), flush=True)
        return measurement


def _make_values(connection: duckdb.DuckDBPyConnection, kind: str, values: int) -> None:
    Faker.seed(5)
    people = Faker(["en_GB", "de_DE", "fr_FR", "es_ES", "pl_PL", "it_IT", "nl_NL", "tr_TR", "cs_CZ", "pt_PT"])
    pools = {
        "given": sorted({people.first_name() for _ in range(1_500)}),
        "family": sorted({people.last_name() for _ in range(3_000)}),
    }
    asked = {"values": values} | (pools if kind == "name" else {})
    connection.execute(f"create table delivered as select distinct v from ({VALUES[kind]}) as t(v)", asked)
    (distinct,) = connection.execute("select count(*) from delivered").fetchone() or (0,)
    if distinct != values:
        raise ValueError(
            f"Only {distinct:,} of {values:,} {kind} values are distinct: widen VALUES in {__file__}."
        )


def _library_rate(kind: str, sample: list[tuple[str]]) -> float:
    ask: Callable[[str], object] = {"phone": _ask_phonenumbers, "email": _ask_email_validator, "name": parse}[
        kind
    ]
    start = time.process_time()
    for (text,) in sample:
        ask(text)
    return len(sample) / (time.process_time() - start)


def _ask_phonenumbers(text: str) -> object:
    try:
        number = phonenumbers.parse(text, "GB")
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164, phonenumbers.number_type(number), phonenumbers.region_code_for_number(number)


def _ask_email_validator(text: str) -> object:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        return None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=1_000_000)
    main(parser.parse_args().values)
