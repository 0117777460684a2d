"""Who may do what: people with a password on the page, programs with a key, and what nobody may.

Passwords and keys are compared in constant time. A password may stand as `scrypt$SALT$HASH` (hexadecimal), as
`pincite password` prints it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.errors import PinciteError, files_of

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SCHEME = "scrypt"
_HASHED = re.compile(r"scrypt\$([0-9a-f]{2}){16}\$([0-9a-f]{2}){64}")
_COST = {"n": 2**14, "r": 8, "p": 1}
_KEY = re.compile(r"[!-~]([ -~]*[!-~])?")  # what a header carries unchanged, whoever sends it


@dataclass(frozen=True, slots=True)
class Access:
    """`people` by name with the hash of their password, `keys` of programs; both empty: everybody who comes.

    Two rights: to add documents, and to remove them. Answers can be judged by whoever has one of them.
    """

    people: Mapping[str, str] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    may_add: bool = True
    may_remove: bool = True

    @property
    def may_judge(self) -> bool:
        """Whether what people say of answers is kept."""
        return self.may_add or self.may_remove

    @property
    def is_open(self) -> bool:
        """Whether neither a password nor a key is asked for."""
        return not self.people and not self.keys

    def admits(self, user: str, password: str) -> bool:
        """Whether a person with that password may come in."""
        known = self.people.get(user)
        return _fits(password, known or _NOBODY) and known is not None  # as long for a name that is not known

    def admits_header(self, header: str | None) -> bool:
        """Whether a request may come in: `Bearer KEY`, or `Basic` with a person's name and password."""
        if self.is_open:
            return True
        scheme, _, value = (header or "").partition(" ")
        if scheme.lower() == "bearer":
            return any(hmac.compare_digest(value.encode(), key.encode()) for key in self.keys)
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            except ValueError:  # no base64, no UTF-8
                return False
            return self.admits(user, password)
        return False


def access(auth: Iterable[str], keys: Iterable[str], *, may_add: bool = True, may_remove: bool = True) -> Access:
    """Access from the command line: each of `auth` is `user:password`, or a file with one such line each.

    Raises PinciteError for anything else.
    """
    people: dict[str, str] = {}
    keys = list(keys)
    if not all(map(str.strip, keys)):
        raise PinciteError("An API key is empty: everybody would have it. Is a variable not set?")
    if not all(map(_KEY.fullmatch, keys)):
        raise PinciteError(
            "An API key has letters beyond ASCII, a control character, or a blank at an end: not every program sends "
            "them unchanged. Choose one of the letters A to Z, digits and signs."
        )
    for entry in auth:
        with files_of(PinciteError, f"read {entry!r}", "--auth takes user:password, or a file of such lines in UTF-8."):
            lines = Path(entry).read_text(encoding="utf-8-sig").splitlines() if Path(entry).is_file() else [entry]
        named = list(filter(None, map(str.strip, lines)))
        if not named:
            raise PinciteError(f"--auth {entry!r} names nobody. Give user:password, or a file with one a line.")
        for line in named:
            user, colon, password = line.partition(":")
            if not user or not colon or not password:
                raise PinciteError("--auth takes user:password, or a file with one user:password a line.")
            if password.startswith(f"{_SCHEME}$") and not _HASHED.fullmatch(password):
                raise PinciteError(f"The hash of {user!r} is cut short. Make it again with `pincite password`.")
            people[user] = password if password.startswith(f"{_SCHEME}$") else hashed(password)
    return Access(people, frozenset(keys), may_add, may_remove)


def hashed(password: str) -> str:
    """A password as it may stand in a file."""
    salt = secrets.token_bytes(16)
    return f"{_SCHEME}${salt.hex()}${_hash(password, salt).hex()}"


def _fits(password: str, known: str) -> bool:
    _, salt, digest = known.split("$")
    return hmac.compare_digest(_hash(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)


_NOBODY = f"{_SCHEME}${'00' * 16}${'00' * 64}"
