"""What must hold for a pixel on the ground whatever the orbit and attitude."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from offnadir.constants import EARTH_RATE_RAD_S, GM_EARTH_M3_S2
from offnadir.earth import east_north_up, geodetic_to_itrf_m, itrf_to_geodetic
from offnadir.errors import InputError, UnitRangeError
from offnadir.geometry import (
    Attitude,
    ground_pixel,
    gsd_across_m,
    gsd_along_m,
    image_motion,
    pixel_corners_rad,
    point_at,
    ray_to_ellipsoid_m,
    swath_width_m,
)
from offnadir.geometry._look import orbit_frame, swath_edges
from offnadir.units import deg, km

IFOV = 1.1e-6
angles = st.floats(-180 * deg, 180 * deg)


@st.composite
def satellites(draw, lowest=300 * km, highest=1500 * km):
    """Inertial position and velocity of a circular orbit at a random place, in the ITRF's axes."""
    radius = 6371 * km + draw(st.floats(lowest, highest))
    lat, lon, course = draw(st.floats(-1.5, 1.5)), draw(angles), draw(angles)
    east, north, up = east_north_up(lat, lon)
    v = np.sqrt(GM_EARTH_M3_S2 / radius) * (np.sin(course) * east + np.cos(course) * north)
    return radius * up, v


def at(state, t_s):
    """The same satellite, over the turning Earth, `t_s` later: two bodies, by turning its plane."""
    r, v = state
    radius = np.linalg.norm(r)
    turn = np.linalg.norm(v) / radius * t_s
    ahead = v / np.linalg.norm(v)
    r_in = radius * (np.cos(turn) * r / radius + np.sin(turn) * ahead)
    v_in = np.linalg.norm(v) * (np.cos(turn) * ahead - np.sin(turn) * r / radius)
    a = EARTH_RATE_RAD_S * t_s
    rot = np.array([[np.cos(a), np.sin(a), 0], [-np.sin(a), np.cos(a), 0], [0, 0, 1]])
    r_itrf = rot @ r_in
    return r_itrf, rot @ v_in - np.cross([0, 0, EARTH_RATE_RAD_S], r_itrf)


def rot_itrf_camera(r, v, roll, pitch, yaw):
    """Camera to ITRF from three plain rotations: the long way."""
    cr, sr, cp, sp, cy, sy = (f(a) for a in (roll, pitch, yaw) for f in (np.cos, np.sin))
    about_x = np.array([[1, 0, 0], [0, cr, sr], [0, -sr, cr]])  # roll is left-handed
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return orbit_frame(r, v).T @ about_x @ about_y @ about_z


def where(r, rot, x, y, alt_m):
    """Ground under a ray through the focal plane, in focal lengths."""
    ray = rot @ [x, y, 1.0]
    return ray_to_ellipsoid_m(r, ray / np.linalg.norm(ray), alt_m)


attitudes = st.tuples(
    st.floats(-35 * deg, 35 * deg), st.floats(-30 * deg, 30 * deg), st.floats(-180 * deg, 180 * deg)
)
fields = st.tuples(st.floats(-20000, 20000), st.floats(-20000, 20000))


def turned(angles, **rates):
    return Attitude(roll_rad=angles[0], pitch_rad=angles[1], yaw_rad=angles[2], **rates)


@given(satellites(), attitudes, fields, st.floats(-400, 8000))
def test_jacobian_is_the_derivative_of_the_ray(state, angles, field, alt_m):
    """Against central differences of `ray_to_ellipsoid_m`, 1e-6 of the pixel."""
    r, v = at(state, 0.0)
    row, column = field
    pixel = ground_pixel(
        r, v, turned(angles), IFOV, IFOV, row_px=row, column_px=column, alt_m=alt_m
    )
    rot = rot_itrf_camera(r, v, *angles)
    place = where(r, rot, IFOV * row, IFOV * column, alt_m)
    lat, lon, _ = itrf_to_geodetic(place)
    assert_allclose([pixel.lat_rad, pixel.lon_rad], [lat, lon], atol=1e-10 / np.cos(lat))
    assert_allclose(pixel.range_m, np.linalg.norm(place - r), rtol=1e-12)
    local = east_north_up(lat, lon)
    step_px = 100.0
    for axis in (0, 1):
        d = np.eye(2)[axis] * step_px
        ends = [
            where(r, rot, IFOV * (row + s * d[0]), IFOV * (column + s * d[1]), alt_m)
            for s in (-1, 1)
        ]
        moved = local @ (ends[1] - ends[0]) / (2 * step_px)
        size = np.linalg.norm(moved)
        assert_allclose(pixel.jacobian_m[:, axis], moved[:2], atol=1e-6 * size)
        length = (pixel.gsd_along_track_m, pixel.gsd_across_track_m)[axis]
        assert_allclose(length, size, rtol=1e-6)


@given(satellites(), st.floats(-1.0, 1.0), st.floats(-0.7, 0.7))
def test_a_roll_or_a_pitch_alone_is_what_the_two_formulas_say(state, roll, pitch):
    """The lengths p s / f and p s / (f cos i), with the incidence on the ellipsoid."""
    r, v = at(state, 0.0)
    for attitude, side in ((Attitude(roll_rad=roll), "roll"), (Attitude(pitch_rad=pitch), "pitch")):
        pixel = ground_pixel(r, v, attitude, IFOV, IFOV)
        if not np.isfinite(pixel.range_m):
            continue
        square = gsd_along_m(IFOV, 1.0, pixel.range_m)
        long = gsd_across_m(IFOV, 1.0, pixel.range_m, pixel.incidence_rad)
        # The plane of a look is not quite the vertical one through it: the ellipsoid's normal leans
        # out of it by up to 1.3e-3 rad; the stretched direction turns, and size changes by its square.
        ahead, right = pixel.gsd_along_track_m, pixel.gsd_across_track_m
        expected = (square, long) if side == "roll" else (long, square)
        assert_allclose([ahead, right], expected, rtol=3e-4)
        assert_allclose([pixel.short_axis_m, pixel.long_axis_m], [square, long], rtol=1e-9)
        assert_allclose(pixel.gsd_mean_m, np.sqrt(square * long), rtol=1e-9)


@given(satellites())
def test_at_nadir_a_pixel_is_square(state):
    r, v = at(state, 0.0)
    pixel = ground_pixel(r, v, Attitude(), IFOV, IFOV)
    _, _, height = itrf_to_geodetic(r)
    assert_allclose(pixel.range_m, height, rtol=1e-9)
    assert_allclose(pixel.incidence_rad, 0.0, atol=1e-7)
    sizes = [pixel.gsd_along_track_m, pixel.gsd_across_track_m, pixel.gsd_mean_m]
    assert_allclose(sizes, IFOV * height, rtol=1e-9)


@given(satellites())
def test_a_steered_scan_at_nadir_runs_along_the_track(state):
    """The heading is where the point under the satellite goes, and the rows of the picture follow it."""
    r, v = at(state, 0.0)
    lat, lon, _ = itrf_to_geodetic(r)
    below = [geodetic_to_itrf_m(*itrf_to_geodetic(at(state, t)[0])[:2], 0.0) for t in (-1, 1)]
    east, north, _ = east_north_up(lat, lon) @ (below[1] - below[0])
    attitude = point_at(r, v, geodetic_to_itrf_m(lat, lon, 0.0))
    pixel = ground_pixel(r, v, attitude, IFOV, 2 * IFOV)
    apart = (pixel.heading_rad - np.arctan2(east, north) + np.pi) % (2 * np.pi) - np.pi
    # Radii of curvature north and east differ by 0.7 %, and the ground's speed by part of it.
    assert_allclose(apart, 0.0, atol=1e-3)
    size = pixel.gsd_along_track_m
    assert_allclose(pixel.jacobian_track_m, [[size, 0], [0, 2 * size]], atol=2e-3 * size)


@given(satellites(), attitudes, st.floats(-180 * deg, 180 * deg))
def test_yaw_turns_a_pixel_and_keeps_its_area_and_ellipse(state, angles, yaw):
    r, v = at(state, 0.0)
    one = ground_pixel(r, v, turned(angles), IFOV, IFOV)
    other = ground_pixel(r, v, turned((*angles[:2], yaw)), IFOV, IFOV)
    turn = yaw - angles[2]
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert_allclose(other.jacobian_m, one.jacobian_m @ spin, atol=1e-9 * one.long_axis_m)
    assert_allclose(other.gsd_mean_m, one.gsd_mean_m, rtol=1e-9)
    assert_allclose(other.long_axis_m, one.long_axis_m, rtol=1e-9)
    det = np.linalg.det(one.jacobian_m)
    assert_allclose(one.gsd_mean_m**2, abs(det), rtol=1e-9)
    assert det < 0  # ahead and right, on a map seen from above
    assert_allclose(
        np.linalg.svd(one.jacobian_m)[1], [one.long_axis_m, one.short_axis_m], rtol=1e-9
    )
    assert_allclose(abs(np.linalg.det(one.jacobian_track_m)), abs(det), rtol=1e-9)


@given(satellites(), st.tuples(st.floats(0.1, 0.6), st.floats(-0.4, 0.4), angles))
def test_the_long_axis_lies_along_the_look(state, angles):
    r, v = at(state, 0.0)
    pixel = ground_pixel(r, v, turned(angles), IFOV, IFOV)
    apart = (pixel.long_axis_azimuth_rad - pixel.azimuth_rad + np.pi / 2) % np.pi - np.pi / 2
    assert 0 <= pixel.long_axis_azimuth_rad <= np.pi
    assert_allclose(apart, 0.0, atol=1e-6)


@given(satellites(), attitudes, st.floats(0, 60 * deg), angles)
def test_a_slope_facing_the_satellite_is_seen_squarely(state, angles, slope, aspect):
    r, v = at(state, 0.0)
    attitude = turned(angles)
    level = ground_pixel(r, v, attitude, IFOV, IFOV)
    flat = ground_pixel(r, v, attitude, IFOV, IFOV, slope_rad=0.0, aspect_rad=aspect)
    assert_allclose(flat.jacobian_m, level.jacobian_m, rtol=1e-12)
    assert_allclose(flat.facet_incidence_rad, level.incidence_rad, atol=1e-9)
    if level.incidence_rad < 85 * deg:
        squarely = ground_pixel(
            r, v, attitude, IFOV, IFOV, slope_rad=level.incidence_rad, aspect_rad=level.azimuth_rad
        )
        assert_allclose(squarely.facet_incidence_rad, 0.0, atol=1e-9)
        assert_allclose(squarely.gsd_mean_m, IFOV * level.range_m, rtol=1e-9)
        assert_allclose(squarely.long_axis_m, squarely.short_axis_m, rtol=1e-6)
    # Any slope: area p^2 s^2 / cos(i on the slope), and cos(slope) of that on the map.
    tilted = ground_pixel(r, v, attitude, IFOV, IFOV, slope_rad=slope, aspect_rad=aspect)
    i, az = level.incidence_rad, level.azimuth_rad
    cos_facet = np.cos(i) * np.cos(slope) + np.sin(i) * np.sin(slope) * np.cos(az - aspect)
    assert_allclose(tilted.incidence_rad, i)
    if cos_facet > 1e-3:
        assert_allclose(np.cos(tilted.facet_incidence_rad), cos_facet, atol=1e-9)
        area = (IFOV * level.range_m) ** 2 / cos_facet
        assert_allclose(tilted.gsd_mean_m**2, area, rtol=1e-6)
        det = np.abs(np.linalg.det(tilted.jacobian_m))
        assert_allclose(det, area * np.cos(slope), rtol=1e-6)
    elif cos_facet < 0:
        assert np.isnan(tilted.gsd_mean_m)
        assert np.isnan(tilted.facet_incidence_rad)
        assert np.isnan(tilted.jacobian_m).all()
        assert np.isfinite(tilted.range_m)


@given(satellites(), attitudes, st.floats(1.0, 50.0))
def test_a_tower_leans_by_its_height_times_the_parallax(state, angles, height_m):
    """The top of a tower is seen where the ray through it meets the ground: away from the satellite."""
    r, v = at(state, 0.0)
    foot = ground_pixel(r, v, turned(angles), IFOV, IFOV)
    local = east_north_up(foot.lat_rad, foot.lon_rad)
    base = geodetic_to_itrf_m(foot.lat_rad, foot.lon_rad, 0.0)
    sight = base + height_m * local[2] - r
    seen = local @ (ray_to_ellipsoid_m(r, sight / np.linalg.norm(sight)) - base)
    away = [np.sin(foot.azimuth_rad + np.pi), np.cos(foot.azimuth_rad + np.pi)]
    lean = height_m * foot.parallax
    # The foot's incidence holds for the top within height / range.
    assert_allclose(seen[:2], lean * np.array(away), atol=5e-4 * height_m)


@given(satellites(), attitudes, fields, st.floats(0, 5000))
def test_corners_lie_half_a_pixel_out(state, angles, field, alt_m):
    r, v = at(state, 0.0)
    big = 1e-4  # a pixel of some 60 m, so that rounding of angles does not count
    place = {"row_px": field[0] / 100, "column_px": field[1] / 100, "alt_m": alt_m}
    pixel = ground_pixel(r, v, turned(angles), big, big, **place)
    corners = pixel_corners_rad(r, v, turned(angles), big, big, **place)
    assert corners.shape == (4, 2)
    centre = geodetic_to_itrf_m(pixel.lat_rad, pixel.lon_rad, alt_m)
    local = east_north_up(pixel.lat_rad, pixel.lon_rad)
    flat = ((geodetic_to_itrf_m(*corners.T, alt_m) - centre) @ local.T)[:, :2]
    half = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) / 2
    assert_allclose(flat, half @ pixel.jacobian_m.T, atol=3e-3 * pixel.long_axis_m)
    x, y = flat.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))
    assert_allclose(area, pixel.gsd_mean_m**2, rtol=1e-3)  # above 0: counter-clockwise


@given(satellites(), st.floats(-0.6, 0.6), st.floats(0.5 * deg, 20 * deg))
def test_swath_is_the_arc_between_its_ends(state, roll, fov_rad):
    """Against the sum of short chords; ends as `swath_edges` has them."""
    r, v = at(state, 0.0)
    attitude = Attitude(roll_rad=roll)
    columns = 2 * np.tan(fov_rad / 2) / IFOV
    width = swath_width_m(r, v, attitude, IFOV, columns)
    rot = rot_itrf_camera(r, v, roll, 0.0, 0.0)
    x = np.linspace(-1, 1, 4001) * np.tan(fov_rad / 2)
    rays = (rot @ np.stack([0 * x, x, 1 + 0 * x])).T
    line = ray_to_ellipsoid_m(r, rays / np.linalg.norm(rays, axis=1)[:, None])
    if np.isnan(line).any():
        assert np.isnan(width)
        return
    assert_allclose(width, np.linalg.norm(np.diff(line, axis=0), axis=1).sum(), rtol=2e-5)
    aim = ray_to_ellipsoid_m(r, rot[:, 2])
    ends = swath_edges(r, v, aim, fov_rad / 2)
    assert_allclose(ends, [line[0], line[-1]], atol=1e-3)


@given(
    satellites(),
    attitudes,
    fields,
    st.tuples(*[st.floats(-0.03, 0.03)] * 3),
    st.floats(-400, 8000),
)
def test_image_motion_is_the_derivative_of_the_projection(state, angles, field, rates, alt_m):
    """A fixed place through the camera a little before and after, orbit and Earth and all."""
    r, v = at(state, 0.0)
    attitude = turned(
        angles, roll_rate_rad_s=rates[0], pitch_rate_rad_s=rates[1], yaw_rate_rad_s=rates[2]
    )
    row, column = field
    motion = image_motion(r, v, attitude, IFOV, IFOV, row_px=row, column_px=column, alt_m=alt_m)
    place = where(r, rot_itrf_camera(r, v, *angles), IFOV * row, IFOV * column, alt_m)
    dt = 0.01
    seen = []
    for t in (-dt, dt):
        r_t, v_t = at(state, t)
        rot = rot_itrf_camera(r_t, v_t, *(a + w * t for a, w in zip(angles, rates, strict=True)))
        x, y, z = rot.T @ (place - r_t)
        seen.append(np.array([x / z, y / z]) / IFOV)
    along, across = (seen[1] - seen[0]) / (2 * dt)
    assert_allclose(motion.line_rate_hz, -along, atol=0.05)  # of some 10,000
    assert_allclose(motion.drift_px_s, across, atol=0.05)


@given(satellites(), st.floats(-4, 4), st.floats(-4, 4), st.floats(-0.02, 0.02))
def test_steering_leaves_no_drift_and_still_looks_at_the_place(state, north, east, pitch_rate):
    r, v = at(state, 0.0)
    lat, lon, _ = itrf_to_geodetic(r)
    lat = np.clip(lat + north * deg, -1.5, 1.5)
    place = geodetic_to_itrf_m(lat, lon + east * deg, 0.0)
    steered = point_at(r, v, place, pitch_rate_rad_s=pitch_rate)
    plain = point_at(r, v, place, steer_yaw=False, pitch_rate_rad_s=pitch_rate)
    if np.isnan(steered.roll_rad):
        assert np.isnan(plain.pitch_rad)
        return
    moves, drifts = (image_motion(r, v, a, IFOV, IFOV) for a in (steered, plain))
    assert_allclose(moves.drift_px_s, 0.0, atol=1e-7)
    speed = np.hypot(drifts.line_rate_hz, drifts.drift_px_s)
    assert_allclose(np.abs(moves.line_rate_hz), speed, rtol=1e-9)
    assert abs(steered.yaw_rad) <= np.pi / 2
    seen = ground_pixel(r, v, steered, IFOV, IFOV)
    assert_allclose(geodetic_to_itrf_m(seen.lat_rad, seen.lon_rad, 0.0), place, atol=1e-3)


@given(satellites(), st.floats(-0.5, 0.5), st.floats(0.1, 0.9), st.floats(1e-5, 1e-2))
def test_pitching_back_slows_the_scan_and_smear_is_what_is_left(state, roll, factor, time_s):
    """The line rate is linear in the pitch rate; half of what stops it halves it."""
    r, v = at(state, 0.0)

    def motion(pitch_rate):
        attitude = Attitude(roll_rad=roll, pitch_rate_rad_s=pitch_rate)
        return image_motion(r, v, attitude, IFOV, IFOV)

    free = motion(0.0)
    if np.isnan(free.line_rate_hz):
        return
    assert free.speed_factor == 1.0
    stop = -free.line_rate_hz * IFOV
    slowed = motion(stop * (1 - factor))
    assert_allclose(slowed.speed_factor, factor, rtol=1e-9)
    assert_allclose(slowed.line_rate_hz, factor * free.line_rate_hz, rtol=1e-9)
    ahead, right = slowed.smear_px(free.line_rate_hz, time_s)
    assert_allclose(ahead, (1 - factor) * free.line_rate_hz * time_s, rtol=1e-9)
    assert_allclose(right, slowed.drift_px_s * time_s)
    assert_allclose(slowed.smear_px(slowed.line_rate_hz, time_s)[0], 0.0, atol=1e-12)
    assert_allclose(slowed.smear_px(0.0, time_s)[0], -slowed.line_rate_hz * time_s)


@given(satellites(), st.floats(100, 8000))
def test_a_mountain_top_passes_faster(state, alt_m):
    r, v = at(state, 0.0)
    low, high = (image_motion(r, v, Attitude(), IFOV, IFOV, alt_m=h) for h in (0.0, alt_m))
    _, _, height = itrf_to_geodetic(r)
    # Speed over range: v / s less the rate of the orbit.
    assert_allclose(
        high.line_rate_hz - low.line_rate_hz,
        (v @ orbit_frame(r, v)[0]) * (1 / (height - alt_m) - 1 / height) / IFOV,
        rtol=1e-5,
    )


@given(satellites(), st.floats(75 * deg, 179 * deg), angles)
def test_past_the_limb_there_is_nothing(state, off_nadir, yaw):
    """From 300 km up the limb is at most 72.8 deg from nadir."""
    r, v = at(state, 0.0)
    attitude = Attitude(roll_rad=off_nadir, yaw_rad=yaw)
    pixel = ground_pixel(r, v, attitude, IFOV, IFOV)
    for name in (*pixel.__slots__[:6], *pixel.__slots__[7:]):
        assert np.isnan(getattr(pixel, name)).all(), name
    assert np.isnan(image_motion(r, v, attitude, IFOV, IFOV).line_rate_hz)
    assert np.isnan(swath_width_m(r, v, attitude, IFOV, 20000))
    assert np.isnan(pixel_corners_rad(r, v, attitude, IFOV, IFOV)).all()
    antipode = geodetic_to_itrf_m(*itrf_to_geodetic(-r)[:2], 0.0)
    assert np.isnan(point_at(r, v, antipode).roll_rad)


def test_many_equal_one_by_one_and_shapes_broadcast():
    rng = np.random.default_rng(11)
    n = 20_000  # more than two blocks
    up = rng.normal(size=(n, 3))
    up /= np.linalg.norm(up, axis=1)[:, None]
    r = up * 6.98e6
    v = np.cross(up, rng.normal(size=(n, 3)))
    roll, yaw = rng.uniform(-0.6, 0.6, n), rng.uniform(-0.1, 0.1, n)
    v *= 7500 / np.linalg.norm(v, axis=1)[:, None]
    roll[5] = np.nan
    many = ground_pixel(r, v, Attitude(roll_rad=roll, yaw_rad=yaw), IFOV, 2 * IFOV, slope_rad=0.1)
    assert many.jacobian_m.shape == (n, 2, 2)
    assert np.isnan(many.jacobian_m).any(axis=(1, 2)).sum() == 1
    for i in (0, 5, 8191, 8192, n - 1):
        alone = ground_pixel(
            r[i], v[i], Attitude(roll_rad=roll[i], yaw_rad=yaw[i]), IFOV, 2 * IFOV, slope_rad=0.1
        )
        for name in alone.__slots__:
            assert_allclose(getattr(alone, name), getattr(many, name)[i], rtol=1e-9)
    columns = np.linspace(-15000, 15000, 7)
    grid = ground_pixel(r[:4, None], v[:4, None], Attitude(), IFOV, IFOV, column_px=columns)
    assert grid.range_m.shape == (4, 7)
    assert pixel_corners_rad(r[:4, None], v[:4, None], Attitude(), IFOV, IFOV).shape == (4, 1, 4, 2)


def test_poles_are_places_too():
    r, v = np.array([0.0, 0, 7000 * km]), np.array([7500.0, 0, 0])
    pixel = ground_pixel(r, v, Attitude(), IFOV, IFOV)
    assert_allclose([pixel.lat_rad, pixel.lon_rad], [np.pi / 2, 0.0], atol=1e-12)
    assert_allclose(pixel.gsd_mean_m, IFOV * (7000 * km - 6356752.3142), rtol=1e-9)
    beside = r + np.array([1.0, 0, 0])
    near = ground_pixel(beside, v, Attitude(), IFOV, IFOV)
    assert_allclose(pixel.gsd_mean_m, near.gsd_mean_m, rtol=1e-9)
    motion = [image_motion(p, v, Attitude(), IFOV, IFOV).line_rate_hz for p in (r, beside)]
    assert_allclose(motion[0], motion[1], rtol=1e-6)


def test_wrong_units_are_told():
    r, v = np.array([7000 * km, 0.0, 0]), np.array([0.0, 0, 7500])
    with pytest.raises(UnitRangeError, match="roll_rad"):
        Attitude(roll_rad=20.0)
    with pytest.raises(UnitRangeError, match="slope_rad"):
        ground_pixel(r, v, Attitude(), IFOV, IFOV, slope_rad=np.array([0.1, 30.0]))
    with pytest.raises(InputError, match="ifov_across_rad"):
        ground_pixel(r, v, Attitude(), IFOV, 0.0)
    with pytest.raises(InputError, match="ifov_along_rad"):
        image_motion(r, v, Attitude(), -IFOV, IFOV)
    with pytest.raises(InputError, match="columns"):
        swath_width_m(r, v, Attitude(), IFOV, float("nan"))
