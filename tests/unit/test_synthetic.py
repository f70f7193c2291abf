"""Made-up ground: what it is like where, and that it is the same however it is looked at."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from offnadir.errors import InputError
from offnadir.imagery._grid import Grid, utm_crs
from offnadir.imagery._synthetic import Block, SyntheticScene
from offnadir.imagery._synthetic_coast import is_land
from offnadir.imagery._synthetic_spectra import MATERIALS, band_reflectance
from offnadir.imagery._synthetic_targets import BRIGHT, DARK, GREYS
from offnadir.imagery._synthetic_world import frame_of
from offnadir.sensors import Band
from offnadir.units import deg, nm

RED = Band(name="red", low_m=630 * nm, high_m=690 * nm)
NIR = Band(name="nir", low_m=770 * nm, high_m=890 * nm)
BUSAN = {"lat_rad": 35.1 * deg, "lon_rad": 129.04 * deg}


@pytest.fixture(scope="module")
def coast():
    """A town by the sea."""
    return SyntheticScene(**BUSAN, seed=3)


def grid(scene, step, size, x=0.0, y=0.0):
    """A grid of the scene's own projection, about a place in its metres."""
    half = step * size / 2
    return Grid(
        crs=scene.crs, transform=(step, 0, x - half, 0, -step, y + half), shape=(size, size)
    )


def test_random_table_is_splitmix():
    """The first number of SplitMix64 from a state of 0 is 0xE220A8397B1DCDAF (its authors' code)."""
    from offnadir.imagery._synthetic_ground_kernels import _random_table

    table = _random_table(8)
    assert table[0, 0] == np.float32(0xE220A8 / 2**23 - 1)
    assert abs(table.mean()) < 0.2


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "land"),
    [
        (48.86, 2.35, True),  # Paris
        (37.57, 126.98, True),  # Seoul
        (-25.34, 131.04, True),  # Uluru
        (-82.0, 90.0, True),  # Antarctica
        (19.6, -155.5, True),  # Mauna Loa
        (90.0, 0.0, False),
        (0.0, -150.0, False),  # the Pacific
        (37.0, 130.5, False),  # the sea east of Korea
        (41.5, 51.0, False),  # the Caspian Sea
        (57.0, 19.0, False),  # the Baltic
    ],
)
def test_land_and_sea(lat_deg, lon_deg, land):
    assert is_land(np.array([lat_deg * deg]), np.array([lon_deg * deg]))[0] == land


def test_half_plane_cuts_a_square():
    """A line at 45 deg cuts h^2 off a unit square, at a height h over its corner."""
    from offnadir.imagery._coverage_kernels import half_plane

    reach = math.sqrt(0.5) / 2
    for h in (0.1, 0.3, 0.6):
        assert_allclose(half_plane(h - 2 * reach, reach, reach), h * h, atol=1e-12)
    assert_allclose(half_plane(0.2, 0.5, 0.0), 0.7)
    # tan 5 deg: against a million points
    u, v = np.meshgrid((np.arange(1000) + 0.5) / 1000 - 0.5, (np.arange(1000) + 0.5) / 1000 - 0.5)
    c, s = math.cos(5 * deg), math.sin(5 * deg)
    for d in (-0.5, -0.44, -0.2, 0.1, 0.47):
        assert_allclose(half_plane(d, c / 2, s / 2), (u * c + v * s + d > 0).mean(), atol=1e-3)


def test_spectra_of_the_ground():
    """Healthy crops have a vegetation index of 0.6 to 0.95; water is black in the near infrared."""
    red, nir = (dict(zip(MATERIALS, band_reflectance(band), strict=True)) for band in (RED, NIR))
    for plant in ("crop", "forest"):
        assert 0.6 < (nir[plant] - red[plant]) / (nir[plant] + red[plant]) < 0.95
    assert nir["deep water"] < 0.01
    assert_allclose([red["white"], nir["white"]], 1.0)
    with pytest.raises(InputError, match="band"):
        band_reflectance(Band(name="thermal", low_m=10e-6, high_m=12e-6))


@pytest.mark.parametrize(("x", "y"), [(600.0, 500.0), (4000.0, 6000.0), (2500.0, -4000.0)])
def test_patches_agree_where_they_overlap(coast, x, y):
    """The same pixels, as parts of two grids."""
    one = coast.patch(grid(coast, 0.5, 200, x, y), RED).reflectance
    two = coast.patch(grid(coast, 0.5, 200, x + 40.0, y - 25.0), RED).reflectance
    assert_allclose(one[50:, 80:], two[:-50, :-80], atol=1e-4)
    assert one.std() > 1e-4


def test_a_patch_in_another_projection_shows_the_same(coast):
    """UTM turns this place by 14 arc minutes and scales it: the targets' greys are still where they are."""
    crs = utm_crs(coast.lat_rad, coast.lon_rad)
    whole = Grid(crs=crs, transform=(1, 0, 0, 0, -1, 0), shape=(1, 1))
    row, column = whole.of_lat_lon(coast.lat_rad, coast.lon_rad)
    there = Grid(
        crs=crs,
        transform=(0.5, 0, float(column) - 100, 0, -0.5, -float(row) + 100),
        shape=(400, 400),
    )
    patch = coast.patch(there, RED).reflectance
    for target in coast.targets():
        if target.kind == "grey":
            r, c = there.of_lat_lon(target.lat_rad, target.lon_rad)
            r, c = round(float(r)), round(float(c))
            assert_allclose(
                patch[r - 10 : r + 10, c - 10 : c + 10], target.reflectance[0], rtol=1e-6
            )


@pytest.mark.parametrize(
    ("x", "y", "rms"), [(600.0, 500.0, 0.02), (4000.0, 6000.0, 0.015), (2500.0, -4000.0, 0.005)]
)
def test_wide_pixels_are_means_of_narrow_ones(coast, x, y, rms):
    fine = coast.patch(grid(coast, 0.25, 960, x, y), RED).reflectance
    for factor in (8, 40):
        size = 960 // factor
        wide = coast.patch(grid(coast, 0.25 * factor, size, x, y), RED).reflectance
        means = fine.reshape(size, factor, size, factor).mean((1, 3))
        assert abs(wide.mean() / means.mean() - 1) < 0.04
        assert np.sqrt(((wide - means) ** 2).mean()) < rms


def test_targets_have_their_reflectance(coast):
    """Each grey in the middle of its square; dark to the left and bright to the right of each edge."""
    targets = {target.name: target for target in coast.targets()}
    assert len(targets) == 3 + 18 + 8
    here = grid(coast, 0.1, 3200)
    patch = coast.patch(here, NIR).reflectance
    for number, grey in enumerate(GREYS, 1):
        target = targets[f"grey-{number}"]
        row, column = (round(float(v)) for v in here.of_lat_lon(target.lat_rad, target.lon_rad))
        square = patch[row - 110 : row + 110, column - 110 : column + 110]
        assert_allclose(square, grey, rtol=1e-6)
    for number in (1, 2, 3):
        target = targets[f"edge-{number}"]
        row, column = here.of_lat_lon(target.lat_rad, target.lon_rad)
        turn = target.edge_azimuth_rad
        for away_m, value in ((-3.0, DARK), (-0.2, DARK), (0.2, BRIGHT), (3.0, BRIGHT)):
            for along_m in (-10.0, 0.0, 10.0):
                east = away_m * math.cos(turn) + along_m * math.sin(turn)
                north = -away_m * math.sin(turn) + along_m * math.cos(turn)
                r, c = round(float(row) - 10 * north), round(float(column) + 10 * east)
                assert_allclose(patch[r, c], value, rtol=1e-6)


def test_bars_have_their_period(coast):
    """The spectrum of five bars of period p has its peak at 1 / p, whichever way they lie."""
    for target in coast.targets():
        if target.kind == "bars":
            x, y = coast.world.local_m(target.lat_rad, target.lon_rad)
            patch = coast.patch(grid(coast, 0.025, 400, float(x), float(y)), RED).reflectance
            row = column = 200
            half = round(2.5 * target.period_m / 0.025)
            line = (
                patch[row, column - half : column + half]
                if target.name.startswith("bars-1")
                else patch[row - half : row + half, column]
            )
            power = np.abs(np.fft.rfft(line - line.mean()))
            assert power.argmax() == 5
            assert_allclose([line.min(), line.max()], [DARK, BRIGHT], rtol=1e-5)


@pytest.mark.parametrize(("azimuth_deg", "elevation_deg"), [(180, 45), (135, 30), (250, 60)])
def test_shadow_of_a_block(azimuth_deg, elevation_deg):
    """20 m high, 10 m square, on level ground: 20 / tan(elevation) by its silhouette's width is dark."""
    azimuth, elevation = azimuth_deg * deg, elevation_deg * deg
    block = Block(**BUSAN, length_m=10.0, width_m=10.0, height_m=20.0)
    scene = SyntheticScene(**BUSAN, relief_m=0.0, town_m=0.0, blocks=(block,))
    here = grid(scene, 0.25, 480)
    light = scene.light(here, azimuth, elevation)
    long = 20.0 / math.tan(elevation)
    wide = 10.0 * (abs(math.sin(azimuth)) + abs(math.cos(azimuth)))
    assert_allclose((1 - light.direct).sum() * 0.25**2, long * wide, rtol=0.01)
    # half way along, on the side away from the Sun
    for share, expected in ((0.5, 0.0), (1.9, 1.0)):
        away = 7.1 + share * (long - 7.1) if share < 1 else 7.1 + long + 2
        r, c = (240 + 4 * away * math.cos(azimuth), 240 - 4 * away * math.sin(azimuth))
        assert_allclose(light.direct[round(r), round(c)], expected, atol=1e-6)
    assert_allclose(light.direct[240, 240], 1.0)  # the roof


def test_a_tree_throws_its_shadow_five_metres_off():
    """Sun in the east at 45 deg, a crown of 3 m radius 5 m high: 85 % dark about a place 5 m to its west."""
    from offnadir.imagery._synthetic_tree_kernels import shade_trees

    direct = np.ones((200, 200), np.float32)
    # 0.1 m pixels, x to the right and y upwards, the tree in the middle
    to_pixel = np.array([[0.0, -10.0, 100.0], [10.0, 0.0, 100.0]])
    jacobian = np.array([[0.0, -0.1], [0.1, 0.0]])
    shade_trees(np.array([[0.0, 0.0, 3.0]]), to_pixel, jacobian, 0.1, 1.0, 0.0, 1.0, direct)
    assert_allclose(direct[100, [45, 50, 69]], 0.15, atol=1e-6)
    assert_allclose(direct[100, [71, 100, 140]], 1.0)  # none on the crown itself
    # a disc less what the crown, 5 m away, covers of it: 2 r^2 acos(d / 2r) - d / 2 sqrt(4 r^2 - d^2)
    lens = 2 * 9 * math.acos(5 / 6) - 2.5 * math.sqrt(36 - 25)
    assert_allclose((1 - direct).sum() * 0.01 / 0.85, 9 * math.pi - lens, rtol=0.01)


def test_trees_are_the_same_from_wherever_they_are_listed(coast):
    """A quarter of a grid has those trees of the whole that stand in it."""
    whole = coast.world.trees(frame_of(coast.world, grid(coast, 1.0, 400, 600.0, 500.0)), 0.0)
    part = coast.world.trees(frame_of(coast.world, grid(coast, 1.0, 160, 700.0, 600.0)), 0.0)
    assert len(part) > 20
    assert {tuple(row) for row in part} < {tuple(row) for row in whole}


def test_surface_is_the_ground_with_its_buildings(coast):
    here = grid(coast, 0.5, 300, 600.0, 500.0)
    rows, columns = np.mgrid[0:300, 0:300].astype(float)
    lat, lon = here.lat_lon(rows, columns)
    ground, roofs = coast.terrain.height_m(lat, lon), coast.surface.height_m(lat, lon)
    raised = roofs - ground > 2.0
    assert 0.15 < raised.mean() < 0.6
    assert_allclose(roofs[~raised], ground[~raised], atol=0.6)
    assert_allclose(coast.terrain.heights_on(here), ground, atol=0.03)
    on_grid = coast.surface.heights_on(here)
    assert (np.abs(on_grid - roofs) < 0.03).mean() > 0.995  # all but some pixels on walls
    # and shadows fall where roofs say: a roof hides no ground on the Sun's side
    assert (coast.light(here, 150 * deg, 40 * deg).direct == 0).any()


def test_blocks_stand_on_the_surface_and_in_the_picture():
    block = Block(
        **BUSAN, azimuth_rad=30 * deg, length_m=40.0, width_m=12.0, height_m=9.0, reflectance=0.7
    )
    scene = SyntheticScene(**BUSAN, sea_level_m=25.0, target_gsd_m=0.0, blocks=(block,))
    without = SyntheticScene(**BUSAN, sea_level_m=25.0, target_gsd_m=0.0)
    at = (block.lat_rad, block.lon_rad)
    assert_allclose(scene.surface.height_m(*at) - scene.terrain.height_m(*at), 9.0)
    here = grid(scene, 0.5, 160)
    one, two = scene.patch(here, RED).reflectance, without.patch(here, RED).reflectance
    assert_allclose((np.abs(one - two) > 1e-6).sum() * 0.25, 40 * 12, rtol=0.15)
    # 15 m along its length from the middle, and the same to its side
    r, c = round(79.5 - 30 * math.cos(30 * deg)), round(79.5 + 30 * math.sin(30 * deg))
    assert_allclose(one[r, c], 0.7, rtol=1e-6)
    r, c = round(79.5 + 30 * math.sin(30 * deg)), round(79.5 + 30 * math.cos(30 * deg))
    assert one[r, c] == two[r, c]


def test_nothing_shades_the_open_sea(coast):
    """Trees and houses end at the shore, at a Sun that makes their shadows short."""
    here = grid(coast, 1.0, 500, 0.0, -1250.0)
    rows, columns = np.mgrid[0:500, 0:500].astype(float)
    sea = coast.terrain.height_m(*here.lat_lon(rows, columns)) <= 0.0
    assert 0.1 < sea.mean() < 0.9
    light = coast.light(here, 180 * deg, 60 * deg)
    assert (light.direct[sea] > 0.98).all()
    assert (light.direct[~sea] < 0.5).mean() > 0.05


def test_ships_are_at_sea_and_move(coast):
    here = grid(coast, 20.0, 1000)
    ships = coast.ships(here)
    assert len(ships) > 20
    lat, lon = np.array([(ship.lat_rad, ship.lon_rad) for ship in ships]).T
    assert (coast.terrain.height_m(lat, lon) == coast.sea_level_m).all()
    later = SyntheticScene(**BUSAN, seed=3, moment=1).ships(here)
    assert not {ship.lat_rad for ship in ships} & {ship.lat_rad for ship in later}
    assert SyntheticScene(**BUSAN, seed=3, ship_odds=0.0).ships(here) == ()
    ship = max(ships, key=lambda one: one.length_m)
    x, y = coast.world.local_m(ship.lat_rad, ship.lon_rad)
    close = grid(coast, 1.0, 400, float(x), float(y))
    empty = SyntheticScene(**BUSAN, seed=3, ship_odds=0.0).patch(close, RED).reflectance
    hull = np.abs(coast.patch(close, RED).reflectance - empty) > 0.02
    r, c = np.nonzero(hull)
    along = (c - 199.5) * math.sin(ship.azimuth_rad) - (r - 199.5) * math.cos(ship.azimuth_rad)
    assert abs(along.max() - ship.length_m / 2) < 3.0  # wakes are astern


def test_the_middle_is_ashore_and_the_place_may_be_at_sea():
    """A harbour that the coarse coast puts in the water; an islet of targets in the Pacific."""
    harbour = SyntheticScene(**BUSAN)
    assert harbour.terrain.height_m(harbour.lat_rad, harbour.lon_rad) > 1.0
    far = SyntheticScene(lat_rad=0.0, lon_rad=-150 * deg)
    x, y = np.meshgrid(np.linspace(-5e4, 5e4, 50), np.linspace(-5e4, 5e4, 50))
    assert (far.terrain.height_m(*far.world.lat_lon(x, y)) > 0).mean() < 0.01


@pytest.mark.parametrize("lat_deg", [0.0, -33.9, 69.6, -90.0])
def test_seeds_and_places(lat_deg):
    one, same, other = (
        SyntheticScene(lat_rad=lat_deg * deg, lon_rad=179.99 * deg, seed=s) for s in (1, 1, 2)
    )
    here = grid(one, 5.0, 64, 900.0, 900.0)
    assert (one.patch(here, NIR).reflectance == same.patch(here, NIR).reflectance).all()
    assert (one.patch(here, NIR).reflectance != other.patch(here, NIR).reflectance).any()


def test_a_scene_says_what_is_wrong():
    for wrong in (
        {"seed": -1}, {"relief_m": -1.0}, {"ship_odds": 2.0}, {"sea_level_m": 1e4}, {"moment": -1},
        {"town_m": 1e9},
    ):  # fmt: skip
        with pytest.raises(InputError, match=next(iter(wrong))):
            SyntheticScene(**BUSAN, **wrong)
    with pytest.raises(InputError, match="lat_rad"):
        SyntheticScene(lat_rad=35.1, lon_rad=0.0)
    scene = SyntheticScene(**BUSAN)
    assert scene.is_synthetic
    assert "SYNTHETIC" in scene.attribution
    away = Grid(crs="EPSG:4326", transform=(1e-5, 0, 20.0, 0, -1e-5, 10.0), shape=(9, 9))
    with pytest.raises(InputError, match="grid"):
        scene.patch(away, RED)
