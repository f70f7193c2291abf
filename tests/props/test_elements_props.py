"""What must hold for readers of element sets, whatever the file."""

from __future__ import annotations

import gzip
import math
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from naive.elements import WRITERS, signed
from offnadir.epoch import Epoch
from offnadir.errors import InputError, OffnadirError
from offnadir.orbits import (
    ElementFile,
    ElementSet,
    element_set_to_omm,
    nearest_sets,
    omm_to_element_set,
    read_elements,
    select_satellites,
)

NAME = "SENTINEL-2A"
LINE1 = "1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998"
LINE2 = "2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212"
TLE = "\n".join(["0 ISS (ZARYA)",
                 "1 25544U 98067A   26150.51748228  .00011776  00000+0  21767-3 0  9998",
                 "2 25544  51.6337  27.5746 0007245 114.7080 245.4664 15.49496548569014",
                 NAME, LINE1, LINE2, ""])  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def read(folder: Path, content: bytes) -> ElementFile:
    path = folder / "elements"
    path.write_bytes(content)
    return read_elements(path)


def bare(elements) -> list[ElementSet]:
    return [replace(one, source="") for one in elements]


# Numbers as a TLE can hold them: whole numbers of units in the last place.
names = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x17F, categories=("L", "N", "P", "S", "Zs")),
    min_size=1,
    max_size=24,
).map(str.strip).filter(lambda text: text and text.isprintable() and not text.startswith("#"))  # fmt: skip
plain_names = st.from_regex(r"[A-Z][A-Z0-9 ()-]{0,22}[A-Z0-9)]", fullmatch=True)


@st.composite
def tles(draw, names=plain_names):
    """(name, line 1, line 2) with every column drawn, and the same as an OMM by its decimals."""

    def power(low, high):
        mantissa = draw(st.integers(0, 99999))
        exponent = draw(st.integers(low, high))
        sign = draw(st.sampled_from(" -"))
        text = f"{sign}{mantissa:05d}{'-' if exponent <= 0 else '+'}{abs(exponent)}"
        return text, float(f"{sign}0.{mantissa:05d}e{exponent}")

    def angle(most):
        value = draw(st.integers(0, most * 10_000))
        return f"{value // 10_000:3d}.{value % 10_000:04d}", value / 10_000

    number = draw(st.integers(1, 99_999))
    year = draw(st.integers(1957, 2056))
    day = draw(st.integers(1, 365))
    fraction = draw(st.integers(0, 10**8 - 1))
    ndot = draw(st.integers(-(10**8) + 1, 10**8 - 1))
    nddot, nddot_value = power(-9, 0)
    bstar, bstar_value = power(-9, 1)
    ecc = draw(st.integers(0, 9_999_999))
    motion = draw(st.integers(1, 17 * 10**8))
    revolution, set_no = draw(st.integers(0, 99_999)), draw(st.integers(0, 9_999))
    (incl, incl_deg), (raan, raan_deg) = angle(180), angle(360)
    (argp, argp_deg), (anomaly, anomaly_deg) = angle(360), angle(360)
    ndot_text = f"{'-' if ndot < 0 else ' '}.{abs(ndot):08d}"
    line1 = (
        f"1 {number:05d}U 98067A   {year % 100:02d}{day:03d}.{fraction:08d} {ndot_text} "
        f"{nddot} {bstar} 0 {set_no:4d}"
    )
    line2 = (
        f"2 {number:05d} {incl} {raan} {ecc:07d} {argp} {anomaly} "
        f"{motion // 10**8:2d}.{motion % 10**8:08d}{revolution:5d}"
    )
    midnight = Epoch.from_utc_ns(_new_year_ns(year) + (day - 1) * 86_400_000_000_000)
    epoch = Epoch(midnight.tai_ns + int(Fraction(fraction, 10**8) * 86_400_000_000_000))
    name = draw(names)
    omm = {
        "OBJECT_NAME": name,
        "OBJECT_ID": "1998-067A",
        "EPOCH": epoch.utc(6).removesuffix("Z"),
        "MEAN_MOTION": motion / 10**8,
        "ECCENTRICITY": ecc / 10**7,
        "INCLINATION": incl_deg,
        "RA_OF_ASC_NODE": raan_deg,
        "ARG_OF_PERICENTER": argp_deg,
        "MEAN_ANOMALY": anomaly_deg,
        "EPHEMERIS_TYPE": 0,
        "CLASSIFICATION_TYPE": "U",
        "NORAD_CAT_ID": number,
        "ELEMENT_SET_NO": set_no,
        "REV_AT_EPOCH": revolution,
        "BSTAR": bstar_value,
        "MEAN_MOTION_DOT": ndot / 10**8,
        "MEAN_MOTION_DDOT": nddot_value,
    }
    return (name, signed(line1), signed(line2)), omm, epoch


def _new_year_ns(year: int) -> int:
    return Epoch.from_utc(f"{year}-01-01").utc_ns


@settings(deadline=None)
@given(st.lists(tles(), min_size=1, max_size=3))
def test_every_format_says_the_same(folder, drawn):
    text = "\n".join(line for lines, _, _ in drawn for line in lines)
    of_tle = read(folder, text.encode())
    assert of_tle.rejected == ()
    assert [one.epoch for one in of_tle.elements] == [epoch for _, _, epoch in drawn]
    omms = [omm for _, omm, _ in drawn]
    for kind, write in WRITERS.items():
        file = read(folder, write(omms).encode())
        assert bare(file.elements) == bare(of_tle.elements), kind
        assert file.rejected == ()


@settings(deadline=None)
@given(st.lists(tles(names), min_size=1, max_size=3), st.sampled_from(sorted(WRITERS)))
def test_any_name_survives_omm_files(folder, drawn, kind):
    omms = [omm for _, omm, _ in drawn]
    file = read(folder, WRITERS[kind](omms).encode())
    assert [one.name for one in file.elements] == [omm["OBJECT_NAME"] for omm in omms]


@settings(deadline=None)
@given(tles(), st.sampled_from(sorted(WRITERS)))
def test_what_was_read_goes_out_as_omm_and_comes_back_to_the_last_bit(folder, drawn, kind):
    (one,) = read(folder, "\n".join(drawn[0]).encode()).elements
    omm = element_set_to_omm(one)
    assert omm_to_element_set(omm, source=one.source) == one
    (back,) = read(folder, WRITERS[kind]([omm]).encode()).elements
    assert replace(back, source=one.source) == one
    # ... and the decimals are those of the file, not ones with a tail of nines.
    assert omm == drawn[1]


@given(
    st.integers(-(10**18) // 3, 7 * 10**18),
    st.floats(1e-9, 1.2e-3),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 3.14159),
    st.lists(st.floats(-6.28, 6.28), min_size=3, max_size=3),
    st.floats(-100, 100),
    st.lists(st.floats(-1e-9, 1e-9), min_size=2, max_size=2),
)
def test_computed_sets_come_back_within_one_unit_in_the_last_place(
    tai_ns, motion, ecc, incl, angles, bstar, rates
):
    one = ElementSet(
        norad_id=999_999_999,
        name="computed",
        epoch=Epoch(tai_ns),
        mean_motion_rad_s=motion,
        eccentricity=ecc,
        inclination_rad=incl,
        raan_rad=angles[0],
        arg_perigee_rad=angles[1],
        mean_anomaly_rad=angles[2],
        bstar=bstar,
        half_ndot_rad_s2=rates[0],
        sixth_nddot_rad_s3=rates[1] * 1e-5,
    )
    back = omm_to_element_set(element_set_to_omm(one))
    for field in ("mean_motion_rad_s", "inclination_rad", "raan_rad", "arg_perigee_rad",
                  "mean_anomaly_rad", "half_ndot_rad_s2", "sixth_nddot_rad_s3"):  # fmt: skip
        was, now = getattr(one, field), getattr(back, field)
        assert abs(was - now) <= math.ulp(was), field
        back = replace(back, **{field: was})
    assert back == one  # all other fields are exact
    again = omm_to_element_set(element_set_to_omm(back))
    assert element_set_to_omm(again) == element_set_to_omm(
        omm_to_element_set(element_set_to_omm(again))
    )


@given(st.integers(1, 2), st.integers(3, 69), st.integers(1, 9))
def test_a_flipped_digit_is_always_refused(folder, which, column, shift):
    lines = [LINE1, LINE2]
    line = lines[which - 1]
    digit = line[column - 1]
    assume(digit.isdigit())
    flipped = str((int(digit) + shift) % 10)
    lines[which - 1] = line[: column - 1] + flipped + line[column:]
    file = read(folder, "\n".join([TLE.rstrip("\n"), *lines]).encode())
    assert len(file.elements) == 2
    (rejected,) = file.rejected
    assert rejected.where.endswith(f":{6 + which}")


def attempt(folder: Path, content: bytes) -> None:
    """Read; anything but a result or our own error is a failure of the test."""
    try:
        file = read(folder, content)
    except OffnadirError:
        return
    for one in file.elements:
        assert 0 < one.mean_motion_rad_s < 0.00124
        assert 0 <= one.eccentricity < 1
        assert 0 <= one.inclination_rad <= math.pi
        assert all(math.isfinite(x) for x in (one.raan_rad, one.arg_perigee_rad))
        assert all(math.isfinite(x) for x in (one.mean_anomaly_rad, one.bstar))
        assert 0 <= one.norad_id <= 999_999_999
        assert one.name.isprintable()
        assert omm_to_element_set(element_set_to_omm(one), source=one.source) == one
    for bad in file.rejected:
        assert bad.reason
        assert bad.where.startswith(file.path)
        assert bad.text.isprintable()


OMM = element_set_to_omm(
    ElementSet(
        norad_id=40697,
        name=NAME,
        object_id="2015-028A",
        epoch=Epoch.from_utc("2026-05-30T14:12:56.340864Z"),
        mean_motion_rad_s=0.0010405213584662183,
        eccentricity=0.0001116,
        inclination_rad=1.72,
        raan_rad=3.94,
        arg_perigee_rad=1.57,
        mean_anomaly_rad=4.71,
        bstar=0.00022277,
    )
)
SEEDS = {"TLE": TLE.encode(), **{kind: w([OMM, OMM]).encode() for kind, w in WRITERS.items()}}


@settings(deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"\x1f\x8b", b"<", b"[", b"{", b"1 ", b"\xff\xfe"]),
)
def test_random_bytes_raise_only_our_errors(folder, content, start):
    attempt(folder, start + content)


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(sorted(SEEDS)),
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 30), st.binary(max_size=12)),
        min_size=1,
        max_size=6,
    ),
    st.booleans(),
)
@example("XML", [(0, 0, b"\xff\xfe")], False)
@example("JSON", [(1, 1, b"9" * 12)], False)
@example("KVN", [(SEEDS["KVN"].index(b"14.3") + 6, 0, b"\x1c")], False)
def test_mutated_files_raise_only_our_errors(folder, kind, edits, packed):
    content = bytearray(SEEDS[kind])
    for place, length, new in edits:
        at = place % (len(content) + 1)
        content[at : at + length] = new
    attempt(folder, gzip.compress(bytes(content)) if packed else bytes(content))


@settings(deadline=None)
@given(st.sampled_from(sorted(SEEDS)), st.integers(0, 10**6))
def test_files_cut_short_raise_only_our_errors(folder, kind, length):
    content = SEEDS[kind]
    attempt(folder, content[: length % len(content)])
    packed = gzip.compress(content)
    with pytest.raises(OffnadirError):
        read(folder, packed[: length % len(packed)])


anything = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
anything |= st.lists(st.integers(), max_size=2) | st.sampled_from(["0", "1.5", "T0438", "", " 7 "])
keywords = [*OMM, "CENTER_NAME", "REF_FRAME", "TIME_SYSTEM", "MEAN_ELEMENT_THEORY", "BTERM"]


@given(st.dictionaries(st.sampled_from(keywords), anything, max_size=4))
def test_any_value_of_a_keyword_is_taken_or_refused_by_name(changes):
    try:
        one = omm_to_element_set({**OMM, **changes})
    except InputError as error:
        if error.field not in changes:
            raise
    else:
        assert omm_to_element_set(element_set_to_omm(one)) == one


texts = st.sampled_from("0123456789 +-.eE")


@settings(deadline=None, max_examples=300)
@given(st.integers(1, 2), st.integers(3, 61), st.text(texts, min_size=1, max_size=8))
def test_any_text_in_any_column_is_read_or_refused(folder, which, column, text):
    """The checksum is made right, so that the columns themselves are put to the test."""
    lines = [LINE1, LINE2]
    line = lines[which - 1]
    lines[which - 1] = signed(line[: column - 1] + text + line[column - 1 + len(text) :])
    file = read(folder, "\n".join([TLE.rstrip("\n"), *lines]).encode())
    assert len(file.elements) + len(file.rejected) == 3
    attempt(folder, "\n".join([TLE.rstrip("\n"), *lines]).encode())


sets = st.builds(
    lambda number, day, name: replace(
        omm_to_element_set(OMM),
        norad_id=number,
        name=name,
        epoch=Epoch.from_utc("2026-01-01") + day * 3600.0,
    ),
    st.integers(1, 4),
    st.integers(0, 40),
    st.sampled_from(["SAT A", "SAT B", "Other"]),
)
nears = st.none() | st.integers(-10, 50).map(lambda h: Epoch.from_utc("2026-01-01") + h * 1800.0)


@given(st.lists(sets, min_size=1, max_size=12), nears, st.randoms())
def test_choice_does_not_depend_on_order(elements, near, random):
    chosen = nearest_sets(elements, near=near)
    assert {one.norad_id for one in chosen} == {one.norad_id for one in elements}
    assert len(chosen) == len({one.norad_id for one in chosen})
    for one in chosen:
        of_it = [other for other in elements if other.norad_id == one.norad_id]
        if near is None:
            assert one.epoch == max(other.epoch for other in of_it)
        else:
            assert abs(one.epoch - near) == min(abs(other.epoch - near) for other in of_it)
    mixed = list(elements)
    random.shuffle(mixed)
    key = {one.norad_id: one.epoch for one in chosen}
    assert {one.norad_id: one.epoch for one in nearest_sets(mixed, near=near)} == key
    picked = select_satellites(elements, elements[0].name.lower(), near=near)
    named = {one.norad_id for one in elements if one.name == elements[0].name}
    assert {one.norad_id for one in picked} == named
    assert all(one in chosen for one in picked)
