"""The rules of accounts, pure: what an address, a name, a slug and a set of roles may be."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from enum import Enum

from email_validator import EmailNotValidError, validate_email

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import TextRule, TokenRule

MAX_EMAIL_CHARACTERS = 254
MIN_PASSWORD_CHARACTERS = 8
MAX_PASSWORD_CHARACTERS = 128
MAX_NAME_CHARACTERS = 80
MAX_ABOUT_CHARACTERS = 2_000
MAX_ADDRESSES = 20
SLUG_CHARACTERS = 40

NAME = TextRule(MAX_NAME_CHARACTERS, least=1)
ABOUT = TextRule(MAX_ABOUT_CHARACTERS, has_lines=True)
EMAIL = TextRule(MAX_EMAIL_CHARACTERS)
PASSWORD = TextRule(MAX_PASSWORD_CHARACTERS, is_trimmed=False)
CREDENTIAL = TextRule(1_000, is_trimmed=False)
REFRESH_TOKEN = TextRule(500, is_trimmed=False)
VERIFICATION_TOKEN = TextRule(1_000)
LOCALE = TokenRule(20, form="A language tag such as en or de-AT, at most 20 characters")
PHONE = TextRule(40, form="A phone number in international form, such as +4915112345678; at most 40 characters")
PHONE_DIGITS = TokenRule(16)
SLUG = TextRule(SLUG_CHARACTERS)
NEW_SLUG = TextRule(SLUG_CHARACTERS, form="3 to 40 of a-z, 0-9 and -, a letter or digit at both ends")
ADDRESS_LINE = TextRule(200, least=1)
SECOND_ADDRESS_LINE = TextRule(ADDRESS_LINE.most)
CITY = TextRule(100, least=1)
POSTAL_CODE = TextRule(20, least=1)
COUNTRY = TextRule(2, form="A country as two capital letters, such as DE")

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38})[a-z0-9]")
_LOCALE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_RELEASED = "released.invalid"
_COUNTRY = re.compile(r"[A-Z]{2}")


class Role(Enum):
    """What an account may be; roles add up."""

    BUYER = "BUYER"
    SELLER = "SELLER"
    SUPPORT = "SUPPORT"
    ADMIN = "ADMIN"


def email_of(text: str) -> str:
    """Return the one form of an e-mail address that is stored, compared and sent to: lower case, its domain in ASCII.

    The part before the @ is ASCII and has neither quotes nor comments, so that every mail server reads the address as we do.

    Raises:
        InvalidInput: when the text is not one such address.
    """
    try:
        # `test_environment` lets the reserved domain `.test` pass, to which no mail can go, and keeps the parser off the DNS.
        parsed = validate_email(
            text.strip(), allow_smtputf8=False, check_deliverability=False, strict=True, test_environment=True
        )
    except EmailNotValidError as error:
        raise InvalidInput("This is not an e-mail address that mail can be sent to", "input", "email") from error
    assert parsed.ascii_email is not None, "an address whose local part is ASCII has an ASCII form"
    return parsed.ascii_email.lower()


def released_address(account_id: str) -> str:
    """Return what an account has in place of an address that another account has now: nobody can sign up with it, and no mail goes there."""
    return f"{account_id}@{_RELEASED}"


def is_released(address: str) -> bool:
    """True for what `released_address` returns."""
    return address.endswith(f"@{_RELEASED}")


def sign_in_address(text: str) -> str:
    """Return the form of an address under which its account is found; accounts older than `email_of` have looser addresses."""
    try:
        return email_of(text)
    except InvalidInput:
        return text.strip().lower()[:MAX_EMAIL_CHARACTERS]


def password_of(text: str) -> str:
    """Return a new password in the form that is hashed: 8 to 128 characters, in Unicode normal form KC.

    Keyboards write one character in several ways; the normal form makes them the same password.

    Raises:
        InvalidInput: when it is shorter or longer.

    Source: NIST SP 800-63B, section 5.1.1.2.
    """
    password = unicodedata.normalize("NFKC", text[: MAX_PASSWORD_CHARACTERS + 1])
    if not MIN_PASSWORD_CHARACTERS <= len(password) <= MAX_PASSWORD_CHARACTERS:
        raise InvalidInput(
            f"A password has {MIN_PASSWORD_CHARACTERS} to {MAX_PASSWORD_CHARACTERS} characters", "input", "password"
        )
    return password


def password_forms(text: str) -> list[str]:
    """Return the forms of a given password to compare with a kept hash: the normal form first, then as it was given."""
    given = text[:MAX_PASSWORD_CHARACTERS]
    return list(dict.fromkeys((unicodedata.normalize("NFKC", given)[:MAX_PASSWORD_CHARACTERS], given)))


def name_of(text: str, *path: str, limit: int = MAX_NAME_CHARACTERS) -> str:
    """Trimmed text of 1 to `limit` characters."""
    name = text.strip()
    if not 1 <= len(name) <= limit:
        raise InvalidInput(f"1 to {limit} characters are needed", *path)
    return name


def optional_of(text: str | None, *path: str, limit: int) -> str | None:
    """Return trimmed text of at most `limit` characters; None when there is none or nothing is left of it."""
    return name_of(text, *path, limit=limit) if text is not None and text.strip() else None


def slug_of(text: str) -> str:
    """A slug: 3 to 40 of a-z, 0-9 and inner hyphens."""
    if not _SLUG.fullmatch(text):
        raise InvalidInput(
            "A slug has 3 to 40 of a-z, 0-9 and -, and begins and ends with a letter or digit", "input", "slug"
        )
    return text


def locale_of(text: str) -> str:
    """A language tag such as en or de-AT."""
    if len(text) > LOCALE.most or not _LOCALE.fullmatch(text):
        raise InvalidInput("A locale is a language tag such as en or de-AT", "input", "locale")
    return text


def phone_of(text: str) -> str:
    """A telephone number in international form, such as +4915112345678."""
    number = re.sub(r"[ ()-]", "", text)
    if not _PHONE.fullmatch(number):
        raise InvalidInput("A phone number is in international form, such as +4915112345678", "input", "phone")
    return number


def country_of(text: str) -> str:
    """An ISO 3166 code of two letters."""
    if not _COUNTRY.fullmatch(text):
        raise InvalidInput("A country is a code of two capital letters, such as DE", "input", "country")
    return text


def free_slug(wanted: str, taken: Collection[str]) -> str:
    """The first of wanted-2, wanted-3, .. that is not taken."""
    number = 2
    while True:
        suffix = f"-{number}"
        candidate = wanted[: SLUG_CHARACTERS - len(suffix)].rstrip("-") + suffix
        if candidate not in taken:
            return candidate
        number += 1


def ordered_roles(roles: Iterable[Role]) -> list[Role]:
    """The roles once each, in the order in which they are declared."""
    given = set(roles)
    return [role for role in Role if role in given]
