"""Email addresses: text as somebody typed it → the address, the mailbox behind it, or the reason why it is none.

Pure and deterministic: syntax by `email-validator` (RFC 5321, 5322, 6531), never a question to the network. Whether an
address bounced or unsubscribed is said by the sources, not here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import NamedTuple

LONGEST = 254  # RFC 5321, 4.5.3.1, with erratum 1690

NO_AT = "holds no @"
SEVERAL_AT = "holds several addresses"
BAD_MAILBOX = "mailbox not valid"
BAD_DOMAIN = "domain not valid"
NO_ENDING = "domain without an ending"
RESERVED = "reserved domain"
TOO_LONG = "too long"

# An address that needs no second look. All of it is also valid to the library, which the tests compare.
_PLAIN = re.compile(
    r"(?=[^@]{1,64}@.{3,180}\Z)[a-z0-9_][a-z0-9_+'-]*(?:\.[a-z0-9_+'-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9]|-(?!-)){0,40}(?<!-)\.){1,4}[a-z]{2,24}"
)
_BRACKETED = re.compile(r"<([^<>@]*@[^<>@]*)>")
_EDGES = " \t\r\n\f\v\u00a0\u200b\u200e\u200f\u2060\ufeff'\"<>()[],;:"

# Names of offices, not of people: RFC 2142 and what small companies print on their cards.
_ROLES = """
abuse accounting accounts admin administrator billing bookings careers contact contabilidad compras customerservice dpo
enquiries enquiry feedback finance ftp hello help helpdesk hostmaster hr info information inquiries invoices jobs kontakt
legal mail mailer-daemon marketing media news newsletter no-reply noc noreply office orders postmaster press privacy
purchasing reception recruitment returns sales security service shop store studio support team usenet uucp ventas vente
ventes verkauf webmaster www
"""
ROLES = frozenset(_ROLES.split())

# As the providers document it. Others may know tags too, but nobody can be sure: their addresses stay as they are.
_TAGGED = """
outlook.com hotmail.com hotmail.co.uk hotmail.fr live.com live.co.uk msn.com icloud.com me.com mac.com fastmail.com
fastmail.fm protonmail.com protonmail.ch proton.me pm.me zoho.com zohomail.com yandex.com yandex.ru mailbox.org
posteo.de runbox.com
"""
_IGNORE_DOTS = frozenset(("gmail.com", "googlemail.com"))
_KNOW_TAGS = _IGNORE_DOTS | frozenset(_TAGGED.split())


class Email(NamedTuple):
    """A lower-case address, the mailbox it reaches (`canonical`), its domain, or nulls and the problem.

    `canonical` is for comparing, never for writing to: two addresses with one canonical form are one mailbox at
    providers that are known to ignore dots or tags.
    """

    address: str | None = None
    canonical: str | None = None
    domain: str | None = None
    is_role: bool | None = None
    problem: str | None = None


NONE = Email()


def parse_email(text: str | None) -> Email:
    """The address in a text, also out of `Anna <anna@…>`, `mailto:anna@…` and stray quotes or commas around it.

    Null and blank text give nulls without a problem.
    """
    if text is None:
        return NONE
    address = text.lower()
    if not (_PLAIN.fullmatch(address) and _is_public(address.rpartition("@")[2])):
        bare = _bare(text)
        if not bare:
            return Email(problem=NO_AT) if text.strip() else NONE
        address, problem = _by_library(bare)
        if problem is not None:
            return Email(problem=problem)
    mailbox, _, domain = address.rpartition("@")
    return Email(address, _canonical(mailbox, domain), domain, mailbox.partition("+")[0] in ROLES)


def _bare(text: str) -> str:
    bracketed = _BRACKETED.search(text[: 4 * LONGEST])
    bare = (bracketed.group(1) if bracketed else text).strip(_EDGES)
    bare = bare[7:] if bare[:7].lower() == "mailto:" else bare
    return bare.strip(_EDGES).rstrip(".")


def _by_library(address: str) -> tuple[str, str | None]:
    """The address as the library writes it, in lower case; or why it refuses it."""
    if len(address) > LONGEST:
        return "", TOO_LONG
    if address.count("@") != 1:
        return "", NO_AT if "@" not in address else SEVERAL_AT
    mailbox, _, domain = address.partition("@")
    normal = _normal(mailbox, domain)
    if normal is not None and normal == _normal(*normal.split("@")):
        return normal, None
    if _normal("somebody", domain) is not None:
        return "", BAD_MAILBOX
    return "", _domain_problem(domain.lower())


def _normal(mailbox: str, domain: str) -> str | None:
    """The address in the library's form and lower case; None where it is refused."""
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(f"{mailbox}@{domain}", check_deliverability=False, strict=True)
    except (EmailNotValidError, ValueError):  # ValueError: what the codec for foreign domains stumbles over
        return None
    ending = (found.ascii_domain or "").rpartition(".")[2]
    return unicodedata.normalize("NFC", found.normalized.lower()) if len(ending) > 1 else None


def _domain_problem(domain: str) -> str:
    if "." not in domain.strip("."):
        return NO_ENDING
    return BAD_DOMAIN if _is_public(domain) else RESERVED


def _is_public(domain: str) -> bool:
    """Whether mail can be sent there from everywhere: `.test`, `.local` and the like are set aside (RFC 6761)."""
    return domain.rpartition(".")[2] not in _reserved_endings()


@cache
def _reserved_endings() -> frozenset[str]:
    from email_validator import SPECIAL_USE_DOMAIN_NAMES

    return frozenset(SPECIAL_USE_DOMAIN_NAMES)


def _canonical(mailbox: str, domain: str) -> str:
    if domain in _KNOW_TAGS:
        mailbox = mailbox.partition("+")[0] or mailbox
    if domain in _IGNORE_DOTS:
        mailbox, domain = mailbox.replace(".", ""), "gmail.com"
    return f"{mailbox}@{domain}"
