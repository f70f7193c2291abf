"""Files of positions: OEM as KVN and XML, SP3, tables."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from skyfield.api import load
from skyfield.framelib import itrs
from skyfield.positionlib import Geocentric

from offnadir.access import find_windows
from offnadir.earth import EarthOrientation, Site, itrf_to_geodetic
from offnadir.epoch import Epoch, Span
from offnadir.errors import InputError
from offnadir.orbits import is_ephemeris_file, make_ephemeris, read_ephemerides
from offnadir.units import arcsec, deg

# NASA's public ephemeris of the ISS (CCSDS OEM, EME2000, UTC, km and km/s), from 2021-12-17.
STATES = """\
2021-351T12:00:00.000Z 6440.673009 -1789.160582 -1256.631090 0.237022445 4.944737573 -5.840658248
2021-351T12:04:00.000Z 6263.121533 -551.880585 -2595.615201 -1.707289669 5.303057594 -5.249465092
2021-351T12:08:00.000Z 5631.267331 725.444543 -3745.817636 -3.525774941 5.276545309 -4.277238978
2021-351T12:12:00.000Z 4591.384848 1950.220093 -4623.863773 -5.086974022 4.867941860 -2.995416752
2021-351T12:16:00.000Z 3219.140467 3033.837163 -5166.269233 -6.278817269 4.107429227 -1.497239917
2021-351T12:20:00.000Z 1614.006250 3897.979584 -5333.865172 -7.016074640 3.050035345 0.109109687
2021-351T12:24:00.000Z -107.880981 4480.131966 -5114.491160 -7.245851484 1.771639604 1.708038774
2021-351T12:28:00.000Z -1821.936360 4737.985653 -4523.839960 -6.951050884 0.363805647 3.184325640
2021-351T12:32:00.000Z -3403.930316 4652.492730 -3604.431050 -6.151789023 -1.072254905 4.430938397
2021-351T12:36:00.000Z -4738.874047 4229.379305 -2422.722891 -4.904628455 -2.432520909 5.356646169
2021-351T12:40:00.000Z -5729.419522 3498.924468 -1064.469913 -3.299223569 -3.617672810 5.892940402
2021-351T12:44:00.000Z -6303.128805 2513.926871 371.431570 -1.452286953 -4.540587387 5.999597627
2021-351T12:48:00.000Z -6417.989739 1345.927876 1780.209592 0.500977022 -5.133260617 5.668263390
2021-351T12:52:00.000Z -6065.616427 79.936045 3059.020807 2.417383949 -5.352185807 4.923245590
"""
META = """\
OBJECT_NAME = ISS
OBJECT_ID = 1998-067-A
CENTER_NAME = EARTH
REF_FRAME = EME2000
TIME_SYSTEM = UTC
"""
ROWS = [line.split() for line in STATES.splitlines()]


def kvn(rows=ROWS, meta=META) -> str:
    head = "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = 2021-12-17T00:00:00\nORIGINATOR = JSC\n"
    lines = "\n".join(" ".join(row) for row in rows)
    return f"{head}\nMETA_START\n{meta}META_STOP\nCOMMENT states\n\n{lines}\n"


def xml(rows=ROWS) -> str:
    keys = ("EPOCH", "X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
    meta = "".join(f"<{k}>{v}</{k}>" for k, v in (r.split(" = ") for r in META.splitlines()))
    states = "".join(
        "<stateVector>"
        + "".join(f"<{k}>{v}</{k}>" for k, v in zip(keys, row, strict=True))
        + "</stateVector>"
        for row in rows
    )
    return (
        '<?xml version="1.0"?><ndm><oem id="CCSDS_OEM_VERS" version="2.0"><header/><body><segment>'
        f"<metadata>{meta}</metadata><data>{states}</data></segment></body></oem></ndm>"
    )


def written(tmp_path, text, name="file.oem"):
    path = tmp_path / name
    path.write_text(text)
    return path


def positions(path, times):
    (track,) = read_ephemerides(path).tracks
    return track.ephemeris(Span(times[0] + -30.0, times[-1] + 30.0)).position_itrf_m(
        [t.tai_ns for t in times]
    )


def test_states_left_out_of_the_file_are_read_back(tmp_path):
    """Every other state is left out: Hermite's polynomial over 8 minutes comes within metres."""
    path = written(tmp_path, kvn(ROWS[::2]))
    whole = written(tmp_path, kvn(), "whole.oem")
    from offnadir.orbits._positions import instants

    times = [Epoch(int(t)) for t in instants([row[0] for row in ROWS[5:9:2]], "UTC", "")]
    apart_m = np.linalg.norm(positions(path, times) - positions(whole, times), axis=1)
    assert apart_m.max() < 3.0


def test_itrf_positions_are_those_of_skyfield(tmp_path):
    """EME2000 through precession, nutation and the Earth's rotation, against another library."""
    path = written(tmp_path, kvn())
    time = Epoch.from_utc("2021-12-17T12:24:00Z")
    (row,) = [r for r in ROWS if r[0].startswith("2021-351T12:24:00")]
    ours_m = positions(path, [time, time + 1.0])[0]
    ut1_minus_tai, x, y = (float(v[0]) for v in EarthOrientation.bundled().at([time.tai_ns]))
    timescale = load.timescale(delta_t=32.184 - ut1_minus_tai)
    timescale.polar_motion_table = ([0.0], [x / arcsec], [y / arcsec])
    at = timescale.utc(2021, 12, 17, 12, 24, 0)
    theirs = Geocentric(np.array(row[1:4], float) / 149597870.7, t=at).frame_xyz(itrs).m
    # Skyfield takes the axes for those of GCRF: the frame bias is 23 mas, 0.7 m.
    assert np.linalg.norm(ours_m - theirs) < 1.5
    assert np.linalg.norm(ours_m) == pytest.approx(
        np.linalg.norm(np.array(row[1:4], float)) * 1e3, abs=0.05
    )


def test_kvn_and_xml_and_gzip_give_the_same(tmp_path):
    one = read_ephemerides(written(tmp_path, kvn()))
    two = read_ephemerides(written(tmp_path, xml(), "file.xml"))
    packed = tmp_path / "file.gz"
    packed.write_bytes(gzip.compress(kvn().encode()))
    three = read_ephemerides(packed)
    assert (one.format, two.format, three.format) == ("OEM KVN", "OEM XML", "OEM KVN")
    for other in (two, three):
        for a, b in zip(one.tracks[0].stretches, other.tracks[0].stretches, strict=True):
            assert np.array_equal(a.r_m, b.r_m)
            assert np.array_equal(a.tai_ns, b.tai_ns)
    assert one.tracks[0].satellite == "ISS"
    assert one.tracks[0].object_id == "1998-067-A"


def test_nothing_is_known_outside_the_coverage_or_in_a_gap(tmp_path):
    rows = ROWS[:5] + ROWS[9:]
    file = read_ephemerides(written(tmp_path, kvn(rows)))
    (track,) = file.tracks
    assert len(track.stretches) == 2
    assert "1 gaps" in file.rejected[0]
    span = Span(track.coverage.start + -3600.0, track.coverage.stop + 3600.0)
    ephemeris = track.ephemeris(span)
    inside = track.coverage.start + 360.0
    gap = track.coverage.start + 6.0 * 240.0
    known = np.isfinite(
        ephemeris.position_itrf_m([inside.tai_ns, gap.tai_ns, (span.start + 60.0).tai_ns])
    )
    assert known.all(axis=1).tolist() == [True, False, False]


def test_a_segment_with_useable_times_is_used_only_there(tmp_path):
    meta = META + "USEABLE_START_TIME = 2021-351T12:08:00\nUSEABLE_STOP_TIME = 2021-351T12:40:00\n"
    (track,) = read_ephemerides(written(tmp_path, kvn(meta=meta))).tracks
    assert track.coverage.start.utc(0) == "2021-12-17T12:08:00Z"
    assert track.coverage.stop.utc(0) == "2021-12-17T12:40:00Z"


def test_sp3_and_a_table_of_the_same_positions_agree_with_sgp4(tmp_path, flock):
    elements = flock[0]
    start = Epoch.from_utc("2026-05-31T00:00:00Z")
    span = Span(start, start + 5400.0)
    ephemeris = make_ephemeris(elements, Span(start + -3600.0, start + 9000.0))
    # GPS time was 18 s ahead of UTC.
    ticks = [start + (60.0 * i - 18.0) for i in range(-45, 136)]
    r_km = ephemeris.position_itrf_m([t.tai_ns for t in ticks]) / 1e3
    lines = ["#cP2026  5 31  0  0  0.00000000     181 ORBIT IGS14 FIT  TST", "%c L  cc GPS ccc"]
    table = ["time_utc,x_itrf_km,y_itrf_km,z_itrf_km,satellite,norad_id"]
    for tick, (x, y, z) in zip(ticks, r_km, strict=True):
        clock = (tick + 18.0).utc(6)  # as GPS time
        date, time = clock.rstrip("Z").split("T")
        lines.append("*  " + " ".join([*date.split("-"), *time.split(":")]))
        lines.append(f"PL01{x:14.6f}{y:14.6f}{z:14.6f} 999999.999999")
        lines.append("PL02      0.000000      0.000000      0.000000 999999.999999")
        table.append(f"{tick.utc(6)},{x:.6f},{y:.6f},{z:.6f},S2A,40697")
    sp3 = read_ephemerides(written(tmp_path, "\n".join(lines) + "\nEOF\n", "x.sp3"))
    csv = read_ephemerides(written(tmp_path, "\n".join(table) + "\n", "x.csv"))
    assert [t.satellite for t in sp3.tracks] == ["L01"]
    assert csv.tracks[0].norad_id == 40697
    at = start.tai_ns + np.arange(0, 5400, 7) * 10**9
    truth = ephemeris.position_itrf_m(at)
    seoul = Site(name="Seoul", lat_rad=37.57 * deg, lon_rad=126.98 * deg)
    for file in (sp3, csv):
        fitted = file.tracks[0].ephemeris(span)
        assert np.linalg.norm(fitted.position_itrf_m(at) - truth, axis=1).max() < 0.02
        ours = find_windows(fitted, seoul)
        assert len(ours) == len(find_windows(make_ephemeris(elements, span), seoul))
        assert np.isnan(ours["timing_sigma_s"]).all()


def test_files_are_told_by_their_content(tmp_path, elements_file):
    assert is_ephemeris_file(written(tmp_path, kvn()))
    assert is_ephemeris_file(written(tmp_path, xml(), "a.xml"))
    assert not is_ephemeris_file(elements_file)
    assert not is_ephemeris_file(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (kvn(meta=META.replace("EME2000", "MARSIAU")), "REF_FRAME"),
        (kvn(meta=META.replace("UTC", "MET")), "TIME_SYSTEM"),
        (kvn(meta=META.replace("EARTH", "MOON")), "CENTER_NAME"),
        (kvn(meta=META.replace("OBJECT_NAME = ISS\n", "")), "OBJECT_NAME"),
        (kvn(rows=[]), "time and a position"),
        (xml()[:900], "sound XML"),
        ("hello\n", "OEM"),
        ("time_utc,x_itrf_m,y_itrf_m\n2026-01-01,1,2\n", "x, y and z"),
        ("x_itrf_m,y_itrf_m,z_itrf_m\n1,2,3\n", "time_utc"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named(tmp_path, text, told):
    with pytest.raises(InputError, match=told):
        read_ephemerides(written(tmp_path, text))


def test_bad_lines_are_counted_and_the_rest_is_used(tmp_path):
    rows = [*ROWS[:6], ["2021-351T12:23:00.000", "x", "1", "2", "3", "4", "5"], ROWS[5], *ROWS[6:]]
    file = read_ephemerides(written(tmp_path, kvn(rows)))
    assert len(file.tracks[0].stretches[0].tai_ns) == len(ROWS)
    assert len(file.rejected) == 2
    assert any(":2" in line and "x 1 2" in line for line in file.rejected)


def test_a_table_of_latitude_longitude_and_height_is_that_of_itrf(tmp_path, flock):
    """At the height of a satellite, which is none of a place."""
    span = Span(Epoch.from_utc("2026-05-31"), Epoch.from_utc("2026-05-31T02:00:00Z"))
    one = make_ephemeris(flock[0], span)
    tai_ns = span.start.tai_ns + np.arange(0, 7201, 30) * 10**9
    r_m = one.position_itrf_m(tai_ns)
    lat_rad, lon_rad, alt_m = itrf_to_geodetic(r_m)
    lines = [
        f"{Epoch(t).utc(0)},{a!r},{b!r},{c!r}"
        for t, a, b, c in zip(
            tai_ns.tolist(), (lat_rad / deg).tolist(), (lon_rad / deg).tolist(), alt_m.tolist(),
            strict=True,
        )
    ]  # fmt: skip
    text = "\n".join(["time_utc,lat_deg,lon_deg,alt_m", *lines])
    file = read_ephemerides(written(tmp_path, text, "table.csv"))
    assert file.rejected == ()
    again = file.tracks[0].ephemeris(span).position_itrf_m(tai_ns)
    assert np.nanmax(np.linalg.norm(again - r_m, axis=1)) < 0.01


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("2026-05-31T00:00:30Z,1e300,0,0,5", "position = '1e+297 km'"),
        ("2026-05-31T00:00:30Z,7000,0,0,5", "position = '7 km'"),
        ("2026-05-31T00:00:30+09:00,7e6,0,0,5", "time_utc = '2026-05-31T00:00:30+09:00'"),
        ("9999-05-31T00:00:30Z,7e6,0,0,5", "in the years 1900 to 2199"),
        ("2026-02-30T00:00:30Z,7e6,0,0,5", "no such time"),
        ("noon,7e6,0,0,5", "time_utc = 'noon'"),
        ("2026-05-31T00:00:30Z,7e6,0,0,-5", "norad_id = -5"),
        ("2026-05-31T00:00:30Z,7e6,0,0,99999999999999999999", "norad_id = 99999999999999999999"),
    ],
)
def test_a_row_that_no_satellite_can_have_is_told_with_its_line(tmp_path, line, told):
    rows = [f"2026-05-31T00:0{i}:00Z,7000000.0,{i * 450000.0},0.0,999999999" for i in range(10)]
    text = "\n".join(["time_utc,x_itrf_m,y_itrf_m,z_itrf_m,norad_id", *rows[:1], line, *rows[1:]])
    file = read_ephemerides(written(tmp_path, text, "table.csv"))
    (track,) = file.tracks
    assert track.norad_id == 999_999_999
    (trouble,) = file.rejected
    assert told in trouble
    assert "table.csv:3" in trouble


def circle(count=40, step_s=60, radius_km=6900.0):
    """(seconds, x, y, z) [km] of a circle over the equator."""
    turn = 2 * np.pi / 5700.0
    return [
        (
            i * step_s,
            radius_km * np.cos(turn * i * step_s),
            radius_km * np.sin(turn * i * step_s),
            0.0,
        )
        for i in range(count)
    ]


def clock(seconds):
    return f"2026-05-31T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def sp3(points=None, frame="IGS20", system="GPS", end="EOF\n"):
    lines = [
        f"#cP2026  5 31  0  0  0.00000000      40 ORBIT {frame:5} FIT  TST",
        f"%c L  cc {system} ccc",
    ]
    for seconds, *xyz in points or circle():
        lines.append(
            f"*  2026  5 31 {seconds // 3600:2d} {seconds // 60 % 60:2d} {seconds % 60:11.8f}"
        )
        lines.append("PL01" + "".join(f"{c:14.6f}" for c in xyz) + " 999999.999999")
    return "\n".join(lines) + "\n" + end


def table(header="time_utc,x_itrf_km,y_itrf_km,z_itrf_km", when=clock, scale=1.0):
    rows = [",".join([when(s), *(f"{c * scale:.6f}" for c in xyz)]) for s, *xyz in circle()]
    return "\n".join([header, *rows]) + "\n"


def test_heights_of_satellites_are_read_from_a_table_of_latitudes(tmp_path):
    rows = [f"{clock(60 * i)},{i - 20},{3.5 * i},520000.0" for i in range(40)]
    text = "time_utc,lat_deg,lon_deg,alt_m\n" + "\n".join(rows) + "\n2026-05-31T02:00:00,91,0,1\n"
    file = read_ephemerides(written(tmp_path, text))
    (track,) = file.tracks
    at = Epoch.from_utc("2026-05-31T00:20:00Z").tai_ns
    (r_m,) = track.ephemeris(track.coverage).position_itrf_m([at])
    truth_m = 6378137.0 + 520000.0  # over the equator, at 70 degrees east
    assert r_m == pytest.approx([truth_m * np.cos(70 * deg), truth_m * np.sin(70 * deg), 0], abs=1)
    assert len(file.rejected) == 1
    assert "lat_deg = 91.0" in file.rejected[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (sp3(system="GAL"), "TIME_SYSTEM = 'GAL'"),
        (sp3(frame="J2000"), "coordinate system = 'J2000'"),
        (sp3(frame="ECI"), "coordinate system = 'ECI  '"),
        (table(when=lambda s: clock(s) + "+02:00"), "without an offset"),
        (table(scale=1e3), "metres and kilometres"),
        (table("time_utc,x_itrf_m,y_itrf_m,z_itrf_m"), "metres and kilometres"),
        (kvn([[f"2021-366T00:{i:02}:00", *ROWS[0][1:]] for i in range(9)]), "no such time"),
        (kvn([[f"9999-12-17T00:{i:02}:00", *ROWS[0][1:]] for i in range(9)]), "the years 1900"),
        (kvn(meta=META + "USEABLE_START_TIME = soon\n"), "USEABLE_START_TIME = 'soon'"),
        (kvn(meta=META + "USEABLE_START_TIME = 2031-001\n"), "leave no states"),
        (xml().replace("<X>", '<X units="m">'), "units of X = 'm'"),
        (table() + "a" * 200_000 + ",1,2,3\n", "sound CSV"),
    ],
)  # fmt: skip
def test_what_would_be_read_wrongly_is_refused(tmp_path, text, told):
    with pytest.raises(InputError, match=told.replace("(", "[(]").replace("+", "[+]")):
        read_ephemerides(written(tmp_path, text))


def test_namespaces_long_comments_and_times_with_blanks_or_without_seconds_are_read(tmp_path):
    plain = read_ephemerides(written(tmp_path, xml(), "a.xml")).tracks[0]
    spaced = xml().replace("<oem", '<oem xmlns="urn:ccsds:schema:ndmxml"', 1)
    assert read_ephemerides(written(tmp_path, spaced, "b.xml")).tracks[0].coverage == plain.coverage
    commented = written(tmp_path, "COMMENT " + "x" * 5000 + "\n" + kvn(), "c.oem")
    assert is_ephemeris_file(commented)
    assert read_ephemerides(commented).tracks[0].coverage == plain.coverage
    for when in (lambda s: clock(s).replace("T", " "), lambda s: clock(s)[:-3]):
        track = read_ephemerides(written(tmp_path, table(when=when))).tracks[0]
        assert track.coverage.start.utc(0) == "2026-05-31T00:00:00Z"


def test_a_leap_second_is_a_second_of_its_own(tmp_path):
    rows = [
        [when, *ROWS[0][1:]]
        for when in ("2016-12-31T23:59:59", "2016-12-31T23:59:60.5", "2017-01-01T00:00:00")
    ]
    (stretch,) = read_ephemerides(written(tmp_path, kvn(rows))).tracks[0].stretches
    assert np.diff(stretch.tai_ns).tolist() == [1_500_000_000, 500_000_000]


def test_sp3_out_of_order_is_sorted_and_one_cut_short_is_told(tmp_path):
    points = circle()
    mixed = [points[7], *points[:7], *points[8:]]
    file = read_ephemerides(written(tmp_path, sp3(mixed, end="")))
    (track,) = file.tracks
    assert track.coverage.start.utc(0) == "2026-05-30T23:59:42Z"
    assert len(track.stretches[0].tai_ns) == len(points)
    assert "cut short" in file.rejected[0]


def test_sp3_without_a_number_leaves_the_row_out(tmp_path):
    file = read_ephemerides(written(tmp_path, sp3().replace("   6900.000000", "           nan", 1)))
    assert len(file.tracks[0].stretches[0].tai_ns) == 39
    assert "nan" in file.rejected[0]
