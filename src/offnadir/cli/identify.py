"""`offnadir identify`: which satellite took this picture?"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offnadir.cli import _say
from offnadir.errors import MISSING, InputError

if TYPE_CHECKING:
    from offnadir.access.identify import Candidate, Picture

_WITHIN_S = 60.0
_OLD_DAYS = 7.0
_FAR_SIGMAS = 5.0
_SEEN = ("off_nadir", "azimuth", "incidence")
_LIMITS = {
    "--off-nadir": (0.0, 90.0),
    "--azimuth": (-360.0, 360.0),
    "--incidence": (0.0, 90.0),
    "--sun-elevation": (-90.0, 90.0),
    "--sun-azimuth": (-360.0, 360.0),
    "--shadow-azimuth": (-360.0, 360.0),
}


def identify(
    elements: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE",
            help="File of element sets of the time of the picture, or a store of `offnadir "
            "elements`. Repeatable.",
        ),
    ],
    site: Annotated[
        str | None,
        typer.Option(metavar="LAT,LON[,ALT_M]", help="Middle of the picture, degrees and metres."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="UTC", help="When it was taken, e.g. 2023-05-22T04:35:08Z."),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="How far off the time may be. [default: 60]"),
    ] = None,
    off_nadir: Annotated[
        float | None, typer.Option(metavar="DEG", help="Off-nadir angle at the satellite.")
    ] = None,
    azimuth: Annotated[
        float | None, typer.Option(metavar="DEG", help="Azimuth from the place to the satellite.")
    ] = None,
    incidence: Annotated[
        float | None, typer.Option(metavar="DEG", help="Incidence: 90 less the elevation.")
    ] = None,
    sun_elevation: Annotated[
        float | None, typer.Option(metavar="DEG", help="Elevation of the Sun at the place.")
    ] = None,
    sun_azimuth: Annotated[
        float | None, typer.Option(metavar="DEG", help="Azimuth of the Sun at the place.")
    ] = None,
    shadow_azimuth: Annotated[
        float | None, typer.Option(metavar="DEG", help="Azimuth in which shadows fall.")
    ] = None,
    image_item: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Read place, time and angles from a STAC item instead."),
    ] = None,
    prior: Annotated[
        str,
        typer.Option(
            metavar="imaging|none",
            help="imaging: objects known to carry a camera count 30 times as much; none: geometry alone.",
        ),
    ] = "imaging",
    top: Annotated[int, typer.Option(metavar="N", help="How many candidates to print.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array of candidates.")] = False,
) -> None:
    """Rank the satellites that could have taken a picture.

    Example: offnadir identify --elements catalogue.tle --site 20.56,92.57 --time 2023-05-22T04:35:09Z
    --off-nadir 27.2 --azimuth 3.8
    """
    from offnadir.access.identify import identify as find
    from offnadir.access.identify import imaging_objects
    from offnadir.cli._look_satellites import read_sets
    from offnadir.orbits import nearest_sets

    if prior not in ("imaging", "none"):
        raise InputError("--prior", prior, "imaging or none")
    if top < 1:
        raise InputError("--top", top, "1 or more")
    if shadow_azimuth is not None:
        if sun_azimuth is not None:
            raise InputError("--shadow-azimuth", shadow_azimuth, "given without --sun-azimuth")
        _check("--shadow-azimuth", shadow_azimuth)
        sun_azimuth = (shadow_azimuth + 180.0) % 360.0
    given = {
        "--off-nadir": off_nadir,
        "--azimuth": azimuth,
        "--incidence": incidence,
        "--sun-elevation": sun_elevation,
        "--sun-azimuth": sun_azimuth,
    }
    picture, platform = _picture(site, time, within, given, image_item)
    chosen = nearest_sets(read_sets(elements, near=picture.time), near=picture.time)
    cameras = imaging_objects(chosen)
    with _say.progress(quiet=False) as report:
        found = find(
            chosen,
            picture,
            imaging=cameras if prior == "imaging" else (),
            progress=lambda done, total: report("Comparing", done, total),
        )
    _warn(picture, found)
    rows = [_row(one, cameras) for one in found[:top]]
    if json:
        _say.print_json(rows)
    elif rows:
        _print(rows)
    text = f"{_say.count(len(found), 'satellite')} of {len(chosen)} in question"
    if platform:
        text += f"; the item says {platform}"
    _say.note(text)


def _check(name: str, value: float) -> None:
    low, high = _LIMITS[name]
    if not low <= value <= high:
        raise InputError(name, value, f"from {low:.0f} to {high:.0f} degrees")


def _picture(
    site: str | None,
    time: str | None,
    within: float | None,
    given: dict[str, float | None],
    item: Path | None,
) -> tuple[Picture, str]:
    """The picture as the options and the item tell it; an option wins over the item."""
    from offnadir.access import read_sites
    from offnadir.access._image_item import read_image_item
    from offnadir.access.identify import Picture
    from offnadir.epoch import Epoch
    from offnadir.units import deg

    angles: dict[str, Any] = {}
    place = instant = None
    slack_s, platform = 0.0, ""
    if item is not None:
        known = read_image_item(item)
        place, instant, slack_s = known.site, known.time, known.within_s
        angles.update(known.angles)
        platform = known.platform
        _say.warn(list(known.notes))
    for name, value in given.items():
        if value is not None:
            _check(name, value)
            angles[f"{name[2:].replace('-', '_')}_rad"] = value * deg
    if given["--incidence"] is not None:
        angles.pop("incidence_or_elevation", None)
    if site is not None:
        places = read_sites(site, field="--site")
        if len(places) != 1:
            raise InputError("--site", site, f"one place, not {len(places)}")
        place = places[0]
    if time is not None:
        instant, slack_s = Epoch.from_utc(time, field="--time"), 0.0
    if place is None or instant is None:
        missing = "--site" if place is None else "--time"
        raise InputError(missing, MISSING, "given, or an --image-item that tells it")
    if within is not None and not 0 <= within <= 5 * 86400:
        raise InputError("--within", within, "from 0 to 432000 seconds")
    within_s = (_WITHIN_S if within is None else within) + slack_s
    return Picture(
        site=place, time=instant, within_s=min(within_s, 5 * 86400.0), **angles
    ), platform


def _warn(picture: Picture, found: tuple[Candidate, ...]) -> None:
    warnings = []
    if not found:
        warnings.append("no satellite of these stood where the picture asks for")
    else:
        best = found[0]
        if abs(best.age_s) > _OLD_DAYS * 86400:
            warnings.append(
                f"the first's element set is {abs(best.age_s) / 86400:.0f} days from the picture: "
                "sets of that time would tell more"
            )
        sun = max(abs(best.misfits.get(k, 0.0)) for k in ("sun_elevation", "sun_azimuth"))
        if sun > 4:
            warnings.append("the Sun stood elsewhere: place, time or the Sun's angles are wrong")
        name = max(_SEEN, key=lambda k: abs(best.misfits.get(k, 0.0)))
        if abs(best.misfits.get(name, 0.0)) > _FAR_SIGMAS:
            warnings.append(
                f"none fits well: the {name.replace('_', '-')} of the first is off by "
                f"{abs(best.misfits[name]):.0f} sigma; an angle may be wrong, or the satellite absent"
            )
        if len(found) > 1 and best.score < 3 * found[1].score:
            warnings.append(
                "the first two are close: more angles, or a smaller --within, would tell"
            )
    _say.warn(warnings)


def _row(one: Candidate, cameras: Collection[int]) -> dict[str, Any]:
    from offnadir.units import deg

    worst = max(one.misfits, key=lambda k: abs(one.misfits[k]))
    return {
        "norad_id": one.elements.norad_id,
        "satellite": one.elements.name,
        "time": one.time.utc(3),
        "off_nadir_deg": round(one.off_nadir_rad / deg, 3),
        "azimuth_deg": round(one.azimuth_rad / deg, 3),
        "incidence_deg": round(one.incidence_rad / deg, 3),
        "range_km": round(one.range_m / 1e3, 3),
        "sun_elevation_deg": round(one.sun_elevation_rad / deg, 3),
        "time_offset_s": round(one.time_offset_s, 3),
        "score": round(one.score, 6),
        "decided_by": worst,
        "misfits": {name: round(value, 2) for name, value in one.misfits.items()},
        "imaging": one.elements.norad_id in cameras,
        "element_set_age_days": round(one.age_s / 86400, 2),
        "timing_sigma_s": round(one.timing_sigma_s, 2),
    }


def _print(rows: list[dict[str, Any]]) -> None:
    header = ("score", "satellite", "norad", "time (UTC)", "offset s", "off-nadir", "azimuth",
              "incidence", "range km", "set age d", "worst fit")  # fmt: skip
    cells = [
        (
            f"{row['score']:.4f}", row["satellite"], str(row["norad_id"]),
            row["time"][:19].replace("T", " "), f"{row['time_offset_s']:+.1f}",
            f"{row['off_nadir_deg']:.1f}", f"{row['azimuth_deg']:.1f}",
            f"{row['incidence_deg']:.1f}", f"{row['range_km']:.0f}",
            f"{row['element_set_age_days']:.1f}",
            f"{row['decided_by']} {row['misfits'][row['decided_by']]:+.1f} sigma",
        )
        for row in rows
    ]  # fmt: skip
    right = (True, False, True, False, True, True, True, True, True, True, False)
    print(_say.columns(header, cells, right))
