"""Acquisitions as files: acquisition.json, and tables of orbit and attitude."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from offnadir._files import replacing
from offnadir.earth import Site
from offnadir.epoch import Epoch, utc_text
from offnadir.errors import FileError, InputError
from offnadir.imagery._acquisition import Acquisition, View
from offnadir.imagery._focal_plane import BandPlane, Chip, FocalPlane
from offnadir.imagery._guidance import roll_pitch_yaw_rad
from offnadir.imagery._jitter import Jitter
from offnadir.imagery._track import Track
from offnadir.sensors import Agility, Band, Detector, Duty, Optics, Sensor
from offnadir.units import deg

SCHEMA = "offnadir.acquisition/1"
_NS = 1_000_000_000


def acquisition_to_json(acquisition: Acquisition) -> dict[str, Any]:
    """An acquisition as what JSON can hold; numbers come back to the last bit."""
    a = acquisition
    made: dict[str, Any] = {
        "schema": SCHEMA,
        "name": a.name,
        "request": a.request,
        "satellite": a.satellite,
        "norad_id": a.norad_id,
        "epoch": a.epoch.utc(9),
        "aim": dataclasses.asdict(a.aim),
        "size": list(a.size),
        "line_rate_hz": a.line_rate_hz,
        "scan_azimuth_rad": a.scan_azimuth_rad,
        "turned": a.turned,
        "line_shifts": {name: list(shifts) for name, shifts in a.line_shifts.items()},
        "bands": list(a.bands),
        "view": dataclasses.asdict(a.view),
        "focal_plane": dataclasses.asdict(a.focal_plane),
        "orbit": {
            "time_s": a.track.time_s.tolist(),
            "r_itrf_m": a.track.r_itrf_m.tolist(),
            "v_itrf_m_s": a.track.v_itrf_m_s.tolist(),
        },
        "attitude": {
            "time_s": a.track.time_s.tolist(),
            "quaternion": a.track.quaternion.tolist(),
        },
        "jitter": None
        if a.jitter is None
        else {one.name: getattr(a.jitter, one.name).tolist() for one in dataclasses.fields(Jitter)},
        "sensor": dataclasses.asdict(a.sensor),
        "elements": dict(a.elements),
    }
    return made


def acquisition_from_json(document: Mapping[str, Any]) -> Acquisition:
    """The acquisition that such a document holds; InputError names what is missing or wrong in it."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, Mapping) else document
        raise InputError("schema", found, SCHEMA)
    d = document
    try:
        if d["orbit"]["time_s"] != d["attitude"]["time_s"]:
            raise InputError("attitude", "time_s", "at the times of the orbit")
        track = Track(
            time_s=np.array(d["orbit"]["time_s"], np.float64),
            r_itrf_m=np.array(d["orbit"]["r_itrf_m"], np.float64),
            v_itrf_m_s=np.array(d["orbit"]["v_itrf_m_s"], np.float64),
            quaternion=np.array(d["attitude"]["quaternion"], np.float64),
        )
        jitter = d.get("jitter")
        return Acquisition(
            name=d["name"],
            request=d["request"],
            satellite=d["satellite"],
            norad_id=int(d["norad_id"]),
            sensor=_sensor(d["sensor"]),
            epoch=Epoch.from_utc(d["epoch"], field="epoch"),
            aim=Site(**d["aim"]),
            size=(int(d["size"][0]), int(d["size"][1])),
            line_rate_hz=float(d["line_rate_hz"]),
            scan_azimuth_rad=float(d["scan_azimuth_rad"]),
            bands=tuple(d["bands"]),
            focal_plane=_plane(d["focal_plane"]),
            track=track,
            view=View(**d["view"]),
            jitter=None
            if jitter is None
            else Jitter(**{name: np.array(value) for name, value in jitter.items()}),
            turned=bool(d["turned"]),
            line_shifts={
                name: tuple(int(one) for one in shifts) for name, shifts in d["line_shifts"].items()
            },
            elements=d["elements"],
        )
    except KeyError as error:
        raise InputError(str(error.args[0]), "missing", "in an acquisition") from error
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("acquisition", str(error), f"a document of {SCHEMA}") from error


def write_acquisition(acquisition: Acquisition, path: Path) -> None:
    """Write acquisition.json."""
    with replacing(path) as part:
        part.write_text(json.dumps(acquisition_to_json(acquisition), indent=1) + "\n", "utf-8")


def read_acquisition(path: Path) -> Acquisition:
    """Read acquisition.json; FileError if it cannot be read, InputError for what is wrong in it."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise FileError(path, f"is no JSON: {error}") from error
    try:
        return acquisition_from_json(document)
    except InputError as error:
        raise InputError(
            error.field, error.value, error.wish, hint=error.hint, where=str(path)
        ) from error


def write_tables(acquisition: Acquisition, folder: Path) -> tuple[Path, Path]:
    """Write orbit.csv and attitude.csv into a folder that exists; their paths."""
    track = acquisition.track
    tai_ns = acquisition.epoch.tai_ns + np.rint(track.time_s * _NS).astype(np.int64)
    utc = utc_text(tai_ns, 9)
    angles = roll_pitch_yaw_rad(track) / deg
    orbit = ["utc,time_s,x_m,y_m,z_m,vx_m_s,vy_m_s,vz_m_s"]
    attitude = ["utc,time_s,q_w,q_x,q_y,q_z,roll_deg,pitch_deg,yaw_deg"]
    for n, (text, t) in enumerate(zip(utc, track.time_s.tolist(), strict=True)):
        r, v = track.r_itrf_m[n].tolist(), track.v_itrf_m_s[n].tolist()
        orbit.append(f"{text},{t!r}," + ",".join([f"{x:.4f}" for x in r] + [f"{x:.7f}" for x in v]))
        q = ",".join(f"{x:.13f}" for x in track.quaternion[n].tolist())
        attitude.append(f"{text},{t!r},{q}," + ",".join(f"{x:.9f}" for x in angles[n].tolist()))
    paths = folder / "orbit.csv", folder / "attitude.csv"
    for path, rows in zip(paths, (orbit, attitude), strict=True):
        with replacing(path) as part:
            part.write_text("\n".join(rows) + "\n", "utf-8")
    return paths


def _sensor(d: Mapping[str, Any]) -> Sensor:
    parts: dict[str, Any] = {
        "optics": Optics(**d["optics"]),
        "detector": Detector(**d["detector"]),
        "band": Band(**d["band"]),
        "bands": tuple(Band(**one) for one in d["bands"]),
        "agility": Agility(**d["agility"]),
        "duty": Duty(**d["duty"]),
    }
    return Sensor(**{**d, **parts})


def _plane(d: Mapping[str, Any]) -> FocalPlane:
    bands = tuple(
        BandPlane(**{**one, "chips": tuple(Chip(**chip) for chip in one["chips"])})
        for one in d["bands"]
    )
    return FocalPlane(**{**d, "bands": bands})
