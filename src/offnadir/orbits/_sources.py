"""Services that publish element sets: what to ask them, and the manners that each asks for.

CelesTrak (usage policy of 2026-05-22, celestrak.org/usage-policy.php): GP data changes once in two hours
and is given once per change; a program stops at the first answer that is not 200 and tells a human;
50 such answers in two hours close the firewall. So nothing is retried there and no redirect followed.
Space-Track (space-track.org/documentation, API use guidelines): gp once an hour, fewer than 30 requests
a minute and 300 an hour, many objects in one query, one login for all queries.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from offnadir.errors import MISSING, FileError, InputError
from offnadir.orbits._fetch import check_url

CELESTRAK_URL: Final = "https://celestrak.org/NORAD/elements/gp.php"
SPACE_TRACK_URL: Final = "https://www.space-track.org"
MOST_NUMBERS: Final = (
    25  # one request each at CelesTrak; half of the errors that close its firewall
)

_HOUR_S = 3600.0
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch
_USER, _PASSWORD = "OFFNADIR_SPACE_TRACK_USER", "OFFNADIR_SPACE_TRACK_PASSWORD"
_FILE = "OFFNADIR_SPACE_TRACK_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A service and its manners.

    After a success the same is not asked for again within `interval_s` (by anyone of the host if
    `by_host`). After a refusal the host is left alone for `refused_s`, twice that after the next, up to
    a day; after another answer that is not the data for `failed_s`, in the same way.
    """

    name: str
    title: str
    interval_s: float
    by_host: bool = False
    refused_s: float = 2 * _HOUR_S
    failed_s: float = 0.0
    retry: tuple[int, ...] = (500, 502, 503, 504)
    redirects: bool = True
    tries: int = 4
    pause_s: float = 1.0  # between two requests of one run


CELESTRAK: Final = Source(
    name="celestrak",
    title="CelesTrak",
    interval_s=2 * _HOUR_S,
    failed_s=_HOUR_S / 4,
    retry=(),
    redirects=False,
    tries=2,  # after a broken connection, which no server asked us to respect
)
SPACE_TRACK: Final = Source(
    name="space-track",
    title="Space-Track",
    interval_s=_HOUR_S,
    by_host=True,
    failed_s=_HOUR_S / 60,
    retry=(502, 503, 504),  # its 500 means too many requests, or no login
    redirects=False,
    pause_s=3.0,
)
MIRROR: Final = Source(name="mirror", title="the mirror", interval_s=2 * _HOUR_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One request: where, and what it is called in messages and as the source of the sets."""

    source: Source
    url: str
    label: str

    @property
    def host(self) -> str:
        """Whom it goes to."""
        return urlsplit(self.url).netloc.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The user's own account; the password shows in no repr."""

    user: str
    password: str = field(repr=False)


def make_queries(
    source: str = "celestrak",
    *,
    groups: Sequence[str] = (),
    norad_ids: Sequence[int] = (),
) -> list[Query]:
    """The requests for groups and numbers: of CelesTrak, of Space-Track, or of a mirror's URL.

    The URL of a mirror may have `{group}` or `{norad}` where these belong; else it is asked as
    CelesTrak's own gp.php is, and one without any group or number is fetched as it stands. CelesTrak
    gives "active" if nothing is named, Space-Track everything in orbit.
    """
    for group in groups:
        if not _GROUP(group):
            raise InputError("--group", group, "the name of a group, such as active or resource")
    for number in norad_ids:
        if not 0 < number <= 999_999_999:
            raise InputError("--norad", number, "a NORAD number of up to nine digits")
    if source == SPACE_TRACK.name:
        return [_space_track(groups, norad_ids)]
    if source != CELESTRAK.name:
        return _mirror(check_url(source, "--source"), groups, norad_ids)
    if not groups and not norad_ids:
        groups = ("active",)
    return _gp(CELESTRAK, CELESTRAK_URL, groups, norad_ids)


def space_track_account(environment: Mapping[str, str] = os.environ) -> Account:
    """User and password from the environment, or from a file that only its owner can read."""
    if environment.get(_USER) and environment.get(_PASSWORD):
        return Account(user=environment[_USER], password=environment[_PASSWORD])
    config = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    path = Path(environment.get(_FILE) or Path(config) / "offnadir" / "space-track.toml")
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise FileError(path, f"others can read the password: chmod 600 {path}")
            content = tomllib.load(file)
    except FileNotFoundError as error:
        wish = f"given: set {_USER} and {_PASSWORD}, or write user and password to {path}"
        raise InputError("Space-Track account", MISSING, wish) from error
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The message of the parser would quote the line, and with it the password.
        trouble = 'not TOML; it wants two lines, user = "..." and password = "..."'
        raise FileError(path, trouble) from None
    user, password = content.get("user"), content.get("password")
    if not (isinstance(user, str) and isinstance(password, str) and user and password):
        raise FileError(path, 'wants two lines, user = "..." and password = "..."')
    return Account(user=user, password=password)


def _gp(source: Source, base: str, groups: Sequence[str], norad_ids: Sequence[int]) -> list[Query]:
    """Requests in the form of CelesTrak's gp.php: one a group, one a number."""
    if len(norad_ids) > MOST_NUMBERS:
        wish = f"up to {MOST_NUMBERS} numbers, since each is a request of its own"
        hint = "take a --group, or --source space-track, which answers all in one"
        raise InputError("--norad", f"{len(norad_ids)} numbers", wish, hint=hint)
    wanted = [("GROUP", group) for group in dict.fromkeys(groups)]
    wanted += [("CATNR", str(number)) for number in dict.fromkeys(norad_ids)]
    joint = "&" if "?" in base else "?"
    return [
        Query(
            source=source,
            url=f"{base}{joint}{key}={quote(value)}&FORMAT=json",
            label=f"{source.name if source is CELESTRAK else urlsplit(base).netloc} {key}={value}",
        )
        for key, value in wanted
    ]


def _mirror(url: str, groups: Sequence[str], norad_ids: Sequence[int]) -> list[Query]:
    if "{group}" not in url and "{norad}" not in url:
        if groups or norad_ids:
            return _gp(MIRROR, url, groups, norad_ids)
        return [Query(source=MIRROR, url=url, label=_plain(url))]
    if (groups and "{group}" not in url) or (norad_ids and "{norad}" not in url):
        raise InputError("--source", url, "a URL with {group} for --group and {norad} for --norad")
    filled = [url.replace("{group}", quote(group)) for group in groups or ("active",)]
    if "{norad}" in url:
        filled = [url.replace("{norad}", str(number)) for number in norad_ids]
    if not filled or any("{" in one for one in filled):
        raise InputError("--source", url, "a URL with either {group} or {norad}, and one given")
    return [Query(source=MIRROR, url=one, label=_plain(one)) for one in dict.fromkeys(filled)]


def _plain(url: str) -> str:
    """The URL without what follows its path, which may be a key."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _space_track(groups: Sequence[str], norad_ids: Sequence[int]) -> Query:
    """One query for everything in orbit with a set of the last 30 days, or for certain objects."""
    if groups:
        hint = "it has no groups: leave --group out, or name objects with --norad"
        raise InputError("--group", groups[0], "left out with Space-Track", hint=hint)
    if norad_ids:
        numbers = ",".join(map(str, sorted(set(norad_ids))))
        which, label = f"norad_cat_id/{numbers}", f"space-track gp {numbers}"
    else:
        which, label = "decay_date/null-val/epoch/%3Enow-30", "space-track gp"
    path = (
        f"basicspacedata/query/class/gp/{which}/orderby/norad_cat_id/emptyresult/show/format/json"
    )
    return Query(source=SPACE_TRACK, url=f"{SPACE_TRACK_URL}/{path}", label=label)
