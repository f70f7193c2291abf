"""Updating a store over HTTP from a server on loopback that misbehaves in every way we know of.

What the services say and ask for is quoted from them: CelesTrak's usage policy of 2026-05-22 and its
answers as users report them (OpenSpace issue 3973), Space-Track's API use guidelines, and the answers
of Space-Track that its clients have to know (python-astrodynamics/spacetrack).
"""

from __future__ import annotations

import dataclasses
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from loopback import Handler, Loopback, file_with_ranges, loopback, omm_json, packed, reply
from offnadir import __version__
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError
from offnadir.orbits._fetch import Client, Limits
from offnadir.orbits._fetch_part import FetchError
from offnadir.orbits._sources import (
    CELESTRAK,
    MIRROR,
    SPACE_TRACK_URL,
    Account,
    Query,
    Source,
    make_queries,
    space_track_account,
)
from offnadir.orbits._store_log import duration
from offnadir.orbits.store import Store, open_store
from offnadir.orbits.update import Outcome, Wrong, update_store

START = Epoch.from_utc("2026-06-01T12:00:00Z")
MINUTE, HOUR = 60.0, 3600.0
# As CelesTrak words it (OpenSpace issue 3973, 2026-03-27).
NOT_UPDATED = (
    "GP data has not updated since your last successful\ndownload of GROUP=starlink at "
    "2026-03-27 08:11:36 UTC.\nData is updated once every 2 hours.\n"
)
RATE_LIMIT = "You've violated your query rate limit.  Please refer to our Acceptable Use guidelines"
PAGE = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Free WLAN</body></html>"
QUICK = Limits(connect_s=2.0, silence_s=0.4, total_s=20.0, most_bytes=1 << 20)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as state:
        yield state


@dataclasses.dataclass
class Desk:
    """A store, a clock that is set by hand, and the pauses that were made instead of slept."""

    store: Store
    server: Loopback
    now: Epoch = START
    limits: Limits = QUICK
    pauses: list[float] = dataclasses.field(default_factory=list)

    def query(self, source: Source = MIRROR, path: str = "gp.php?GROUP=x") -> Query:
        return Query(source=source, url=f"{self.server.url}/{path}", label=f"{source.name} x")

    def update(
        self, *queries: Query, source: Source = MIRROR, force: bool = False, dry_run: bool = False
    ) -> list[Outcome]:
        return update_store(
            self.store,
            queries or (self.query(source),),
            force=force,
            dry_run=dry_run,
            account=lambda: Account(user="kim@example.org", password="s3cret&word"),
            client=self.client(queries[0].source if queries else source),
            now=lambda: self.now,
        )

    def client(self, source: Source) -> Client:
        return Client(
            limits=dataclasses.replace(self.limits, tries=source.tries),
            retry=source.retry,
            redirects=source.redirects,
            sleep=self.pauses.append,
        )

    def later(self, seconds: float) -> None:
        self.now = self.now + seconds


@pytest.fixture
def desk(tmp_path: Path, server: Loopback) -> Iterator[Desk]:
    with open_store(tmp_path / "store" / "elements.sqlite", write=True) as store:
        yield Desk(store, server)


def content(store: Store) -> list[tuple[object, ...]]:
    """Everything in the store but the log."""
    tables = ("meta", "sources", "sets", "records")
    return [
        row
        for table in tables
        for row in store.connection.execute(f"SELECT * FROM {table} ORDER BY 1")
    ]


def log(store: Store) -> list[str]:
    return [row[0] for row in store.connection.execute("SELECT outcome FROM fetches ORDER BY id")]


def leftovers(store: Store) -> list[str]:
    """Files beside the store that are not its own."""
    own = (store.path.name, f"{store.path.name}-wal", f"{store.path.name}-shm")
    return sorted(p.name for p in store.path.parent.iterdir() if p.name not in own)


# --- a good server ------------------------------------------------------------------------------


def test_update_stores_what_the_server_has(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544, 100_001, 340_000, 123_456_789)))
    (outcome,) = desk.update()
    assert (outcome.kind, outcome.sets, outcome.new) == ("new", 4, 4)
    elements = desk.store.elements()
    assert [one.norad_id for one in elements] == [25544, 100_001, 340_000, 123_456_789]
    assert elements[0].epoch.utc() == "2026-05-30T12:25:10.468992Z"
    assert leftovers(desk.store) == []


def test_request_is_what_celestrak_documents() -> None:
    """celestrak.org/NORAD/documentation/gp-data-formats.php: GROUP or CATNR, and FORMAT=json."""
    base = "https://celestrak.org/NORAD/elements/gp.php"
    urls = [q.url for q in make_queries(groups=["resource"], norad_ids=[25544, 100_001, 25544])]
    assert urls == [
        f"{base}?GROUP=resource&FORMAT=json",
        f"{base}?CATNR=25544&FORMAT=json",
        f"{base}?CATNR=100001&FORMAT=json",
    ]
    assert [q.url for q in make_queries()] == [f"{base}?GROUP=active&FORMAT=json"]


def test_request_names_the_program_and_its_version(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544)))
    desk.update()
    (seen,) = desk.server.seen
    assert seen.headers["user-agent"].startswith(f"offnadir/{__version__}")
    assert seen.headers["accept-encoding"] == "gzip"
    assert "range" not in seen.headers


def test_gzip_in_transfer_and_as_file_are_read(desk: Desk) -> None:
    data = packed(omm_json(25544, 25545))
    desk.server.says(reply(data, Content_Encoding="gzip"))
    assert desk.update()[0].new == 2
    desk.server.says(reply(packed(omm_json(25546))))
    assert desk.update(desk.query(path="active.json.gz"))[0].new == 1


def test_conditional_request_repeats_what_the_server_gave(desk: Desk) -> None:
    stamp = "Mon, 01 Jun 2026 10:00:00 GMT"
    desk.server.says(reply(omm_json(25544), ETag='"a1"', Last_Modified=stamp))
    desk.update()
    for _ in range(2):  # a 304 without headers must not make us forget them
        before = content(desk.store)
        desk.later(3 * HOUR)
        desk.server.says(reply(b"", 304))
        (outcome,) = desk.update()
        assert (outcome.kind, outcome.sets) == ("same", 1)
        assert desk.server.seen[0].headers["if-none-match"] == '"a1"'
        assert desk.server.seen[0].headers["if-modified-since"] == stamp
        assert content(desk.store) == before


def test_same_bytes_are_not_imported_again(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544)))
    desk.update()
    desk.later(3 * HOUR)
    assert desk.update()[0].kind == "same"
    assert log(desk.store) == ["new", "same"]


def test_redirect_is_followed_for_a_mirror_and_told_for_celestrak(desk: Desk) -> None:
    away = reply("", 301, Location="/new.json")
    desk.server.says(away, reply(omm_json(25544)))
    assert desk.update()[0].new == 1
    assert [seen.path for seen in desk.server.seen] == ["/gp.php?GROUP=x", "/new.json"]
    desk.server.says(away, reply(omm_json(25545)))
    (outcome,) = desk.update(desk.query(CELESTRAK, "other"))
    assert "moved to /new.json (status 301)" in str(outcome.error)
    assert len(desk.server.seen) == 1


# --- politeness ---------------------------------------------------------------------------------


def test_second_update_within_two_hours_asks_nobody_and_is_no_error(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544)))
    desk.update(source=CELESTRAK)
    desk.later(35 * MINUTE)
    (outcome,) = desk.update(source=CELESTRAK)
    assert outcome.kind == "current"
    assert outcome.error is None
    assert outcome.note.startswith("fetched 35 minutes ago; CelesTrak asks for 2 hours")
    assert len(desk.server.seen) == 1
    desk.later(84 * MINUTE)
    assert desk.update(source=CELESTRAK)[0].kind == "current"
    desk.later(2 * MINUTE)  # two hours and a minute
    assert desk.update(source=CELESTRAK)[0].kind == "same"
    assert len(desk.server.seen) == 2


def test_force_asks_before_its_time(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544), ETag='"a1"'))
    desk.update()
    desk.server.says(reply(omm_json(25544, 25545)))
    (outcome,) = desk.update(force=True)
    assert (outcome.kind, outcome.new) == ("new", 1)
    assert "if-none-match" not in desk.server.seen[0].headers


def test_dry_run_asks_nobody_and_logs_nothing(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544)))
    (outcome,) = desk.update(dry_run=True)
    assert outcome.kind == "due"
    assert desk.server.url in outcome.note
    assert (desk.server.seen, log(desk.store)) == ([], [])


def test_403_is_obeyed_at_once_remembered_and_waited_for_longer_each_time(desk: Desk) -> None:
    desk.server.says(reply("Too many requests from your address", 403))
    for hold in (2 * HOUR, 4 * HOUR, 8 * HOUR):
        (outcome,) = desk.update(source=CELESTRAK)
        assert "Too many requests from your address (status 403)" in str(outcome.error)
        assert outcome.error is not None
        assert outcome.error.exit_code == 3
        asked = len(desk.server.seen)
        desk.later(hold - MINUTE)
        (outcome,) = desk.update(desk.query(CELESTRAK, "another"))  # the whole host is left alone
        assert "not asked again for another" in str(outcome.error)
        assert len(desk.server.seen) == asked
        desk.later(2 * MINUTE)
    assert desk.pauses == []
    assert len(desk.server.seen) == 3


def test_back_off_ends_with_a_success_and_at_a_day(desk: Desk) -> None:
    desk.server.says(reply("no", 403))
    for _ in range(9):
        assert desk.update()[0].kind == "error"
        desk.later(24 * HOUR)
    assert len(desk.server.seen) == 9
    desk.server.says(reply(omm_json(25544)))
    assert desk.update()[0].kind == "new"
    desk.later(3 * HOUR)
    desk.server.says(reply("no", 403))
    desk.update()
    desk.later(2 * HOUR + 1)
    desk.update()
    assert len(desk.server.seen) == 2


def test_a_broken_network_does_not_end_a_back_off(desk: Desk) -> None:
    desk.server.says(reply("no", 403))
    desk.update()
    desk.server.says(hangs_up)
    desk.update(force=True)
    assert log(desk.store) == ["refused", "broken"]
    desk.server.says(reply(WHOLE))
    assert "not asked again" in str(desk.update()[0].error)
    assert desk.server.seen == []


def test_celestrak_is_not_asked_again_after_a_500(desk: Desk) -> None:
    """Its policy: stop at any answer that is not 200, 50x included, and report it to a human."""
    desk.server.says(reply("oops", 500))
    (outcome,) = desk.update(source=CELESTRAK)
    assert "oops (status 500)" in str(outcome.error)
    desk.later(10 * MINUTE)
    desk.update(source=CELESTRAK)
    assert (len(desk.server.seen), desk.pauses) == (1, [])


def test_further_queries_are_not_made_after_a_refusal(desk: Desk) -> None:
    desk.server.says(reply("no", 403))
    queries = [desk.query(CELESTRAK, f"gp.php?CATNR={n}") for n in (1, 2, 3)]
    assert len(desk.update(*queries)) == 1
    assert len(desk.server.seen) == 1


def test_pause_between_the_queries_of_one_run(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544)), reply(omm_json(25545)))
    queries = [desk.query(CELESTRAK, f"gp.php?CATNR={n}") for n in (25544, 25545)]
    assert [one.kind for one in desk.update(*queries)] == ["new", "new"]
    assert desk.pauses == [CELESTRAK.pause_s]


@pytest.mark.parametrize("status", [200, 403])
def test_not_updated_since_is_no_error_if_the_store_has_it(desk: Desk, status: int) -> None:
    desk.server.says(reply(omm_json(25544)))
    desk.update(source=CELESTRAK)
    before = content(desk.store)
    desk.server.says(reply(NOT_UPDATED, status))
    desk.later(3 * HOUR)
    (outcome,) = desk.update(source=CELESTRAK)
    assert (outcome.kind, outcome.error) == ("same", None)
    assert content(desk.store) == before


@pytest.mark.parametrize("status", [200, 403])
def test_not_updated_since_is_an_error_if_another_program_got_it(desk: Desk, status: int) -> None:
    desk.server.says(reply(NOT_UPDATED, status))
    (outcome,) = desk.update(source=CELESTRAK)
    assert "2026-03-27 08:11:36 UTC" in str(outcome.error)
    assert "not to this store" in str(outcome.error)
    desk.later(HOUR)
    desk.update(source=CELESTRAK)
    assert len(desk.server.seen) == 1
    desk.later(HOUR + MINUTE)
    desk.update(source=CELESTRAK)
    assert len(desk.server.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [reply("No GP data found", 404), reply("No GP data found"), reply("[]"), reply("[ ]\n")],
    ids=["404", "200", "empty list", "blank list"],
)
def test_what_does_not_exist_is_the_users_error_and_remembered(desk: Desk, answer: object) -> None:
    desk.server.says(answer)  # type: ignore[arg-type]
    (outcome,) = desk.update(source=CELESTRAK)
    assert isinstance(outcome.error, Wrong)
    assert outcome.error.exit_code == 2
    assert "name of the group or the number" in str(outcome.error)
    desk.later(HOUR)
    assert isinstance(desk.update(source=CELESTRAK)[0].error, Wrong)
    assert len(desk.server.seen) == 1


def test_one_unknown_number_does_not_stop_the_others(desk: Desk) -> None:
    desk.server.says(reply("No GP data found", 404), reply(omm_json(25544)))
    queries = [desk.query(CELESTRAK, f"gp.php?CATNR={n}") for n in (99, 25544)]
    assert [one.kind for one in desk.update(*queries)] == ["error", "new"]


def test_a_clock_that_was_wrong_does_not_block_updates(desk: Desk) -> None:
    desk.server.says(reply(omm_json(25544)))
    desk.later(40 * 365 * 24 * HOUR)
    desk.update()
    desk.now = START
    assert desk.update()[0].kind == "same"


# --- a bad server -------------------------------------------------------------------------------


def slow_start(handler: Handler) -> None:
    handler.wait(5.0)


def falls_silent(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"[" + b" " * 1000)
    handler.wait(5.0)


def drips(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.loopback.over.is_set():
        handler.wfile.write(b" ")
        handler.wait(0.02)


def headers_drip(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not handler.loopback.over.is_set():
        handler.wfile.write(b"X")
        handler.wait(0.02)


def refusal_drips(handler: Handler) -> None:
    handler.send_response(403)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.loopback.over.is_set():
        handler.wfile.write(b"no")
        handler.wait(0.02)


def hangs_up(handler: Handler) -> None:
    handler.connection.close()


def talks_nonsense(handler: Handler) -> None:
    handler.wfile.write(b"\x00\x01 220 mail.example.org ESMTP\r\n\r\n")


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    while not handler.loopback.over.is_set():
        handler.wfile.write(b"[" * 65536)


def cut_short_in_chunks(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"64\r\n" + b"[" * 100 + b"\r\n64\r\n[[[")


WHOLE = omm_json(*range(1, 41))
BAD = [omm_json(n, MEAN_MOTION="fast" if n > 30 else 15.5)[1:-1] for n in range(1, 90)]
MISBEHAVIOUR = {
    "slow": (slow_start, "sent nothing for"),
    "falls silent": (falls_silent, "fell silent"),
    "drips": (drips, "took longer than"),
    "hangs up": (hangs_up, "broke the connection off"),
    "nonsense": (talks_nonsense, "127.0.0.1"),
    "403": (reply("Forbidden", 403), "Forbidden (status 403)"),
    "403 page": (reply(PAGE, 403), "Free WLAN (status 403)"),
    "401": (reply("", 401), "no explanation (status 401)"),
    "404 page": (reply(PAGE, 404), "Free WLAN (status 404)"),
    "429": (reply("", 429), "too many requests (status 429)"),
    "500": (reply("oops", 500), "the server answered 500: oops (4 tries)"),
    "503": (reply(PAGE, 503, Retry_After="86400"), "the server answered 503"),
    "204": (reply("", 204), "status 204"),
    "206 unasked": (reply(WHOLE, 206), "status 206"),
    "304 unasked": (reply("", 304), "status 304"),
    "truncated": (reply(WHOLE[:4000], length=len(WHOLE)), "the connection broke in the middle"),
    "truncated unseen": (reply(WHOLE[:4000], length=-1, Connection="close"), "cut short"),
    "truncated chunks": (cut_short_in_chunks, "the connection broke in the middle"),
    "length too small": (reply(WHOLE, length=4000), "cut short"),
    "length nonsense": (reply(WHOLE[:-1], length=-1, Content_Length="many"), ""),
    "empty": (reply(b""), "the file is empty"),
    "blank": (reply(b" \n\n "), "the file is empty"),
    "HTML": (reply(PAGE, Content_Type="application/json"), "it looks like a web page"),
    "text": (reply("Come back tomorrow"), "refused"),
    "JSON error": (reply('{"error": "out of order"}'), "refused as OMM JSON"),
    "JSON number": (reply("42"), "refused"),
    "JSON null": (reply("null"), "refused"),
    "binary": (reply(bytes(range(256)) * 40), "it is binary data"),
    "gzip garbage": (reply(b"\x8f" * 3000, Content_Encoding="gzip"), "damaged gzip"),
    "gzip cut short": (reply(packed(WHOLE)[:-50], Content_Encoding="gzip"), "damaged gzip"),
    "gzip file garbage": (reply(b"\x1f\x8b\x08" + b"\x8f" * 3000), "cut short"),
    "gzip bomb": (reply(packed(b"[" * (4 << 20)), Content_Encoding="gzip"), "larger than 1 MiB"),
    "brotli": (reply(WHOLE, Content_Encoding="br"), "nobody asked for"),
    "huge, declared": (reply(b"[", length=1 << 40), "larger than 1 MiB"),
    "huge, undeclared": (endless, "larger than 1 MiB"),
    "redirect loop": (reply("", 302, Location="/gp.php?GROUP=x"), "round in circles"),
    "redirect nowhere": (reply("", 302, Location="https://no-host.invalid/"), "cannot be resolved"),
    "redirect to a file": (reply("", 302, Location="file:///etc/passwd"), "no address of the web"),
    "redirect to nonsense": (reply("", 302, Location="http://[::1"), "no address of the web"),
    "headers drip": (headers_drip, "did not begin its answer"),
    "refusal drips": (refusal_drips, "status 403"),
    "half of the records bad": (reply(b"[" + b",".join(BAD[:60]) + b"]"), "30 of its 60 records"),
    "nested without end": (reply(b'[{"X":' + b"[" * 600 + b"]" * 600 + b"}]"), "20 levels"),
    "most records bad": (reply(b"[" + b",".join(BAD) + b"]"), "59 of its 89 records"),
    "fewer than half": (
        reply(omm_json(*range(1, 20))),
        "19 element sets where it had 40 last time",
    ),
}


@pytest.mark.parametrize("kind", MISBEHAVIOUR)
def test_store_is_never_left_worse(desk: Desk, kind: str) -> None:
    """Sets stay as they were, the file is sound, nothing is left beside it, the message helps."""
    bad, words = MISBEHAVIOUR[kind]
    desk.limits = dataclasses.replace(QUICK, total_s=1.0 if "drip" in kind else 20.0)
    desk.server.says(reply(WHOLE))
    desk.update()
    before = content(desk.store)
    desk.later(3 * HOUR)
    desk.server.says(bad)
    (outcome,) = desk.update()
    assert outcome.kind == "error"
    message = str(outcome.error)
    assert words in message
    assert message.startswith("mirror x was not updated: ")
    assert "The store is as it was" in message
    assert "40 element sets" in message
    assert message.splitlines()[-1].endswith(".")
    assert outcome.error is not None
    assert outcome.error.exit_code == (2 if isinstance(outcome.error, Wrong) else 3)
    assert content(desk.store) == before
    assert leftovers(desk.store) == []
    assert desk.store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    # And it recovers.
    desk.later(25 * HOUR)
    desk.server.says(reply(omm_json(*range(1, 42))))
    assert desk.update()[0].new == 1


def test_nothing_in_the_first_place_stays_nothing(desk: Desk) -> None:
    desk.server.says(reply(PAGE))
    (outcome,) = desk.update()
    assert "(empty)" in str(outcome.error)
    assert len(desk.store) == 0


def test_pauses_grow_and_a_later_try_succeeds(desk: Desk) -> None:
    desk.limits = dataclasses.replace(QUICK, total_s=60.0)
    bad = [reply("", 500), reply("", 502), reply("", 503)]
    desk.server.says(*bad, reply(WHOLE))
    assert desk.update()[0].kind == "new"
    for pause, middle in zip(desk.pauses, (1.0, 3.0, 9.0), strict=True):
        assert 0.7 * middle <= pause <= 1.3 * middle
    desk.pauses.clear()
    desk.server.says(reply("", 503, Retry_After="20"), reply(omm_json(41)))
    assert desk.update(desk.query(path="y"))[0].kind == "new"
    assert desk.pauses == [20.0]  # as the server asks


def test_force_takes_a_small_answer(desk: Desk) -> None:
    desk.server.says(reply(WHOLE))
    desk.update()
    desk.server.says(reply(omm_json(1, 2, 777)))
    assert desk.update(force=True)[0].new == 1


def test_a_bad_record_is_counted_and_the_rest_is_stored(desk: Desk) -> None:
    records = json.loads(omm_json(1, 2, 3))
    records[1]["ECCENTRICITY"] = 1.5
    desk.server.says(reply(json.dumps(records)))
    (outcome,) = desk.update()
    assert outcome.new == 2
    (bad,) = outcome.rejected
    assert bad.where == "mirror x: record 2"
    assert "ECCENTRICITY = 1.5" in bad.reason


def test_what_json_has_and_utf8_has_not_is_stored_all_the_same(desk: Desk) -> None:
    desk.server.says(reply(omm_json(5, OBJECT_NAME="A\ud83d\ude80B\ud800", RCS=float("nan"))))
    assert desk.update()[0].new == 1
    (stored,) = desk.store.history()
    assert stored.fields["OBJECT_NAME"] == "A\N{ROCKET}B\N{REPLACEMENT CHARACTER}"
    assert stored.fields["RCS"] is None


def test_sets_that_stand_there_twice_are_not_missed_next_time(desk: Desk) -> None:
    desk.server.says(reply(omm_json(*range(1, 11), *range(1, 11), *range(1, 11))))
    assert desk.update()[0].sets == 10
    desk.later(3 * HOUR)
    desk.server.says(reply(omm_json(*range(2, 11))))
    assert desk.update()[0].kind == "new"


def test_a_full_disk_or_a_read_only_store_changes_nothing(tmp_path: Path, server: Loopback) -> None:
    path = tmp_path / "elements.sqlite"
    with open_store(path, write=True) as store:
        desk = Desk(store, server)
        server.says(reply(omm_json(1)))
        desk.update()
        before = content(store)
        pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
        store.connection.execute(f"PRAGMA max_page_count = {pages}")  # as if the disk were full
        server.says(reply(omm_json(*range(1, 900))))
        with pytest.raises(FileError, match="disk is full"):
            desk.update(force=True)
        assert content(store) == before
        assert leftovers(store) == []


# --- resuming -----------------------------------------------------------------------------------


def test_download_is_continued_within_a_run(desk: Desk) -> None:
    whole = file_with_ranges(WHOLE, etag='"v1"')
    desk.server.says(file_with_ranges(WHOLE, etag='"v1"', stop_after=5000), whole)
    assert desk.update()[0].new == 40
    assert desk.server.seen[1].headers["range"] == "bytes=5000-"
    assert desk.server.seen[1].headers["if-range"] == '"v1"'
    assert leftovers(desk.store) == []


def test_download_is_continued_by_a_later_run(desk: Desk) -> None:
    desk.server.says(file_with_ranges(WHOLE, etag='"v1"', stop_after=1500))
    (outcome,) = desk.update()
    assert "the connection broke" in str(outcome.error)
    got = 4 * 1500  # four tries, each of which went on where the last had stopped
    assert len(leftovers(desk.store)) == 2
    desk.server.says(file_with_ranges(WHOLE, etag='"v1"'))
    assert desk.update()[0].new == 40  # a broken network is no reason to wait
    assert desk.server.seen[0].headers["range"] == f"bytes={got}-"
    assert leftovers(desk.store) == []


def test_download_of_a_file_that_changed_starts_over(desk: Desk) -> None:
    desk.server.says(
        file_with_ranges(WHOLE, etag='"v1"', stop_after=5000),
        file_with_ranges(omm_json(*range(101, 151)), etag='"v2"'),
    )
    assert desk.update()[0].new == 50
    assert desk.server.seen[1].headers["if-range"] == '"v1"'


def test_server_that_continues_in_the_wrong_place_is_not_trusted(desk: Desk) -> None:
    wrong = reply(WHOLE[100:], 206, Content_Range=f"bytes 100-{len(WHOLE) - 1}/{len(WHOLE)}")
    desk.server.says(file_with_ranges(WHOLE, etag='"v1"', stop_after=5000), wrong, reply(WHOLE))
    assert desk.update()[0].new == 40
    assert "range" not in desk.server.seen[2].headers


def test_server_that_cannot_continue_is_asked_from_the_start(desk: Desk) -> None:
    desk.server.says(
        file_with_ranges(WHOLE, etag='"v1"', stop_after=5000), reply("", 416), reply(WHOLE)
    )
    assert desk.update()[0].new == 40


@pytest.mark.parametrize("etag", ['W/"v1"', ""])
def test_without_a_strong_validator_nothing_is_continued(desk: Desk, etag: str) -> None:
    desk.server.says(
        reply(WHOLE[:5000], length=len(WHOLE), Accept_Ranges="bytes", ETag=etag), reply(WHOLE)
    )
    assert desk.update()[0].new == 40
    assert "range" not in desk.server.seen[1].headers


def test_half_a_file_of_long_ago_is_forgotten(desk: Desk) -> None:
    desk.server.says(file_with_ranges(WHOLE, etag='"v1"', stop_after=100))
    desk.update()
    part = next(p for p in desk.store.path.parent.iterdir() if p.name.endswith(".part"))
    old = time.time() - 30 * HOUR
    os.utime(part, (old, old))
    desk.server.says(file_with_ranges(WHOLE, etag='"v1"'))
    assert desk.update()[0].new == 40
    assert "range" not in desk.server.seen[0].headers


def test_partial_files_of_long_ago_are_swept_and_young_ones_are_not(desk: Desk) -> None:
    folder = desk.store.path.parent
    names = [f".elements.sqlite.{n}.part" for n in ("aaaa", "bbbb")]
    for name in (*names, ".other.sqlite.cccc.part"):
        (folder / name).write_bytes(b"[")
    old = time.time() - 5 * 24 * HOUR
    for name in (names[0], ".other.sqlite.cccc.part"):
        os.utime(folder / name, (old, old))
    desk.server.says(reply(WHOLE))
    desk.update()
    assert leftovers(desk.store) == [names[1], ".other.sqlite.cccc.part"]


def test_two_updates_at_once_make_one_request(desk: Desk) -> None:
    """The second finds the first at work and does not wait for it."""
    entered = []

    def second_meanwhile(handler: Handler) -> None:
        with open_store(desk.store.path, write=True) as other:
            again = Desk(other, desk.server)
            entered.extend(again.update())
        reply(WHOLE)(handler)

    desk.limits = dataclasses.replace(QUICK, silence_s=20.0)
    desk.server.says(second_meanwhile)
    assert desk.update()[0].new == 40
    assert "another offnadir is fetching the same" in str(entered[0].error)
    assert len(desk.server.seen) == 1


def test_killed_in_the_middle_of_an_import_the_store_is_as_before(desk: Desk) -> None:
    desk.server.says(reply(omm_json(1, 2)))
    desk.update()
    before = content(desk.store)
    script = (
        "import os, sys\n"
        "from offnadir.orbits.store import open_store, read_published\n"
        "store = open_store(sys.argv[1], write=True)\n"
        "store.connection.execute('PRAGMA cache_size = 1')\n"  # so that pages reach the file
        "store.connection.execute('BEGIN IMMEDIATE')\n"
        "store.put([read_published(sys.argv[2])])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    file = desk.store.path.parent.parent / "many.json"
    file.write_bytes(omm_json(*range(1000, 3000)))
    died = subprocess.run(
        [sys.executable, "-c", script, str(desk.store.path), str(file)], check=False
    )
    assert died.returncode == -9
    assert content(desk.store) == before
    assert desk.store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


# --- mirrors ------------------------------------------------------------------------------------


def test_mirror_takes_groups_and_numbers_in_its_own_way() -> None:
    def urls(source: str, **wanted: list[object]) -> list[str]:
        return [query.url for query in make_queries(source, **wanted)]  # type: ignore[arg-type]

    assert urls("https://m.example/gp.php", groups=["a"]) == [
        "https://m.example/gp.php?GROUP=a&FORMAT=json"
    ]
    assert urls("https://m.example/gp?key=1", norad_ids=[5]) == [
        "https://m.example/gp?key=1&CATNR=5&FORMAT=json"
    ]
    assert urls("https://m.example/{group}.json", groups=["a", "b"]) == [
        "https://m.example/a.json", "https://m.example/b.json"
    ]  # fmt: skip
    assert urls("https://m.example/{norad}.json", norad_ids=[7]) == ["https://m.example/7.json"]
    assert urls("https://m.example/all.tle") == ["https://m.example/all.tle"]


@pytest.mark.parametrize(
    ("source", "wanted", "field"),
    [
        ("ftp://m.example/x", {}, "--source"),
        ("celestrack", {}, "--source"),
        ("https:///x", {}, "--source"),
        ("https://m.example/{group}.json", {"norad_ids": [1]}, "--source"),
        ("https://m.example/{norad}.json", {}, "--source"),
        ("celestrak", {"groups": ["a b"]}, "--group"),
        ("celestrak", {"groups": ["../x"]}, "--group"),
        ("celestrak", {"norad_ids": [0]}, "--norad"),
        ("celestrak", {"norad_ids": [10**9]}, "--norad"),
        ("celestrak", {"norad_ids": list(range(1, 27))}, "--norad"),
        ("space-track", {"groups": ["active"]}, "--group"),
    ],
)
def test_wrong_wishes_are_told_by_field(
    source: str, wanted: dict[str, list[object]], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_queries(source, **wanted)  # type: ignore[arg-type]
    assert caught.value.field == field


def test_half_an_address_is_no_url() -> None:
    with pytest.raises(InputError, match="--source"):
        make_queries("http://[::1")


def test_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        make_queries("https://kim:s3cret@m.example/all.json")
    assert "s3cret" not in str(caught.value)
    assert "m.example" in str(caught.value)


# --- Space-Track --------------------------------------------------------------------------------


def space_track(desk: Desk, *numbers: int) -> Query:
    (query,) = make_queries("space-track", norad_ids=numbers)
    return dataclasses.replace(query, url=query.url.replace(SPACE_TRACK_URL, desk.server.url))


LOGIN = reply('""', Set_Cookie="chocolatechip=abc123; path=/; secure; HttpOnly")


def test_space_track_logs_in_once_asks_and_logs_out(desk: Desk) -> None:
    text = json.dumps([{k: str(v) for k, v in json.loads(omm_json(25544))[0].items()}])
    desk.server.says(LOGIN, reply(text), reply('"Successfully logged out"'))
    (outcome,) = desk.update(space_track(desk))
    assert outcome.new == 1
    login, query, logout = desk.server.seen
    assert (login.method, login.path) == ("POST", "/ajaxauth/login")
    form = parse_qs(login.body.decode())
    assert form == {"identity": ["kim@example.org"], "password": ["s3cret&word"]}
    assert query.path.startswith(
        "/basicspacedata/query/class/gp/decay_date/null-val/epoch/%3Enow-30/"
    )
    assert query.path.endswith("/format/json")
    assert query.headers["cookie"] == "chocolatechip=abc123"
    assert logout.path == "/ajaxauth/logout"
    (stored,) = desk.store.history()
    assert stored.fields["MEAN_MOTION"] == "15.49496548"  # as text, as it came
    assert stored.elements.eccentricity == 0.0007245


def test_space_track_takes_many_numbers_in_one_query() -> None:
    """Its guidelines: combine numbers into one comma-delimited list."""
    (query,) = make_queries("space-track", norad_ids=[100_001, 25544, 25544])
    assert "/class/gp/norad_cat_id/25544,100001/" in query.url
    assert query.url.startswith("https://www.space-track.org/basicspacedata/")


def test_space_track_is_asked_once_an_hour_whatever_the_query(desk: Desk) -> None:
    desk.server.says(LOGIN, reply(omm_json(25544)), reply("bye"))
    desk.update(space_track(desk))
    desk.later(50 * MINUTE)
    (outcome,) = desk.update(space_track(desk, 25544))
    assert outcome.kind == "current"
    assert "Space-Track asks for 60 minutes" in outcome.note
    assert len(desk.server.seen) == 3


@pytest.mark.parametrize(
    "answer", [reply('{"Login":"Failed"}'), reply("", 401)], ids=["200", "401"]
)
def test_wrong_password_is_the_users_error_and_stays_secret(desk: Desk, answer: object) -> None:
    desk.server.says(answer)  # type: ignore[arg-type]
    (outcome,) = desk.update(space_track(desk))
    assert isinstance(outcome.error, Wrong)
    assert "kim@example.org" in str(outcome.error)
    assert len(desk.server.seen) == 1  # neither the query nor a second try
    assert b"s3cret" not in dump(desk.store)
    assert "s3cret" not in str(outcome) + repr(Account(user="kim", password="s3cret"))


@pytest.mark.parametrize(
    "answer",
    [
        reply(json.dumps([{"error": RATE_LIMIT}])),
        reply(json.dumps({"error": RATE_LIMIT})),
        reply(f"<html>{RATE_LIMIT}</html>", 500),
        reply("", 429),
    ],
    ids=["200 list", "200 object", "500", "429"],
)
def test_rate_limit_in_its_many_clothes_stops_everything(desk: Desk, answer: object) -> None:
    desk.server.says(LOGIN, answer, reply("bye"))  # type: ignore[arg-type]
    (outcome,) = desk.update(space_track(desk))
    assert outcome.kind == "error"
    assert log(desk.store) == ["refused"]
    assert len(desk.server.seen) == 3
    desk.later(HOUR)
    desk.update(space_track(desk))
    assert len(desk.server.seen) == 3


def test_credentials_reach_neither_store_nor_messages(desk: Desk) -> None:
    desk.server.says(LOGIN, reply(PAGE), reply("bye"))
    (outcome,) = desk.update(space_track(desk))
    told = str(outcome) + str(outcome.error)
    for secret in ("s3cret", "chocolatechip", "abc123"):
        assert secret not in told
        assert secret.encode() not in dump(desk.store)


def dump(store: Store) -> bytes:
    """All bytes of the store's files."""
    folder = store.path.parent
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_cookie_goes_only_where_it_came_from(desk: Desk) -> None:
    with loopback() as other:
        other.says(reply(omm_json(25544)))
        client = desk.client(MIRROR)
        desk.server.says(LOGIN, reply("", 302, Location=f"{other.url}/x"))
        client.post_form(f"{desk.server.url}/login", {"a": "b"})
        part = desk.store.path.with_name("x.part")
        assert client.download(f"{desk.server.url}/y", part).status == 200
        assert desk.server.seen[1].headers["cookie"] == "chocolatechip=abc123"
        assert "cookie" not in other.seen[0].headers


ENVIRONMENT = {"OFFNADIR_SPACE_TRACK_USER": "kim", "OFFNADIR_SPACE_TRACK_PASSWORD": "pw"}


def test_account_from_the_environment() -> None:
    assert space_track_account(ENVIRONMENT) == Account(user="kim", password="pw")


def test_account_from_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "offnadir" / "space-track.toml"
    path.parent.mkdir()
    path.write_text('user = "kim"\npassword = "p#w"\n')
    path.chmod(0o600)
    expected = Account(user="kim", password="p#w")
    assert space_track_account({"XDG_CONFIG_HOME": str(tmp_path)}) == expected
    assert space_track_account({"OFFNADIR_SPACE_TRACK_FILE": str(path)}) == expected


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_account_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "space-track.toml"
    path.write_text('user = "kim"\npassword = "s3cret"\n')
    path.chmod(mode)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    with pytest.raises(FileError, match="chmod 600"):
        space_track_account({"OFFNADIR_SPACE_TRACK_FILE": str(path)})


@pytest.mark.parametrize("text", ["user = kim\npassword = s3cret\n", 'user = "s3cret"\n', "\xff"])
def test_account_file_that_is_wrong_is_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "space-track.toml"
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(FileError) as caught:
        space_track_account({"OFFNADIR_SPACE_TRACK_FILE": str(path)})
    assert "s3cret" not in str(caught.value)


def test_account_that_is_missing_is_told_with_both_ways(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        space_track_account({"XDG_CONFIG_HOME": str(tmp_path)})
    assert "Space-Track account: must be given: set OFFNADIR_SPACE_TRACK_USER" in str(caught.value)
    assert "space-track.toml" in str(caught.value)


# --- the network --------------------------------------------------------------------------------


def test_no_server_at_all_is_told_at_once(desk: Desk) -> None:
    with socket.socket() as closed:  # bound, but not listening
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        (outcome,) = desk.update(dataclasses.replace(desk.query(), url=f"http://{host}/x"))
    assert f"no connection to {host} (Connection refused)" in str(outcome.error)
    assert "Check the network" in str(outcome.error)
    assert desk.pauses == []


def test_name_that_does_not_resolve(desk: Desk) -> None:
    query = dataclasses.replace(desk.query(), url="http://no-such-host.invalid/x")
    (outcome,) = desk.update(query)
    assert "no-such-host.invalid cannot be resolved" in str(outcome.error)


def test_https_is_never_left_for_http(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    client = desk.client(MIRROR)
    desk.server.says(reply("", 302, Location=f"{desk.server.url}/plain"))
    real = Client._pool

    def pool(self: Client, url: str) -> object:
        class Plain:
            def clear(self) -> None:
                pass

            def request(self, method: str, url: str, **options: object) -> object:
                plain = url.replace("https://", "http://")
                return real(client, plain).request(method, plain, **options)  # type: ignore[arg-type]

        return Plain()

    monkeypatch.setattr(Client, "_pool", pool)
    secure = desk.server.url.replace("http://", "https://")
    with pytest.raises(FetchError, match="which is not https"):
        client.download(f"{secure}/x", desk.store.path.with_name("x.part"))


def test_proxy_of_the_environment_is_used(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", desk.server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    desk.server.says(reply(omm_json(25544)))
    query = dataclasses.replace(desk.query(), url="http://mirror.example/gp.json")
    assert desk.update(query)[0].new == 1
    assert desk.server.seen[0].path == "http://mirror.example/gp.json"


def test_lengths_of_time_in_words() -> None:
    assert duration(20) == "1 minute"
    assert duration(35 * MINUTE) == "35 minutes"
    assert duration(89 * MINUTE) == "89 minutes"
    assert duration(2 * HOUR) == "2 hours"
    assert duration(47.4 * HOUR) == "47 hours"
    assert duration(72 * HOUR) == "3 days"


def test_log_table_speaks_for_itself(desk: Desk) -> None:
    """A person with the sqlite3 program can see what was asked, and when."""
    desk.server.says(reply(omm_json(1), ETag='"e"'))
    desk.update()
    with sqlite3.connect(f"file:{desk.store.path}?mode=ro", uri=True) as other:
        row = other.execute("SELECT url, outcome, status, etag, sets FROM fetches").fetchone()
    other.close()
    assert row == (f"{desk.server.url}/gp.php?GROUP=x", "new", 200, '"e"', 1)
