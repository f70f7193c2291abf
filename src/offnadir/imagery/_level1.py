"""What a capture leaves behind: counts of each band and chip, calibration, and an account of all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from offnadir._files import replacing
from offnadir.errors import FileError, InputError

SCHEMA: Final = "offnadir.level1/1"
CAPTURE, ACQUISITION, MANIFEST, PREVIEW = (
    "capture.json",
    "acquisition.json",
    "manifest.json",
    "preview.png",
)
#: Tag of a raster that tells which capture it belongs to.
DIGEST_TAG: Final = "OFFNADIR_CAPTURE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level1Image:
    """Counts of one band and chip: `file` in the capture's folder, (lines, columns), from 0 to `highest`.

    Its first column is `first_column` of the band's picture. Spectral radiance [W/(m2 sr um)] is
    (count - dark) / gain * `radiance_per_count`, reflectance at the top of the air that times
    pi / (`sun_irradiance` [W/(m2 um)] `sun_factor` sin(Sun's height)). Dark counts and gains stand in
    `calibration`: two bands, "dark_counts" and "relative_gain", of one row for a line of detectors and all
    rows for a frame; NaN for a detector that is dead or hot. `rpc_rms_px` and `rpc_max_px` tell how far the
    raster's RPCs are from the camera's model without jitter.
    """

    file: str
    band: str
    chip: int
    shape: tuple[int, int]
    first_column: int
    bits: int
    highest: int
    electrons_per_count: float
    calibration: str
    radiance_per_count: float
    sun_irradiance: float
    sun_factor: float
    rpc_rms_px: float
    rpc_max_px: float
    truth: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level1:
    """A capture in its folder; `notes` is all that capture.json has beside the images."""

    folder: Path
    images: tuple[Level1Image, ...]
    is_synthetic: bool
    attribution: str
    notes: Mapping[str, Any]

    def of_band(self, band: str) -> tuple[Level1Image, ...]:
        """Images of a band, from its first column on."""
        return tuple(
            sorted(
                (one for one in self.images if one.band == band), key=lambda one: one.first_column
            )
        )

    @property
    def bands(self) -> tuple[str, ...]:
        """Names of the bands, the sharpest first."""
        return tuple(dict.fromkeys(one.band for one in self.images))


def stem(band: str, chip: int, chips: int) -> str:
    """What the files of a band and chip are called: letters, digits and hyphens."""
    plain = "".join(c if c.isalnum() else "-" for c in band.lower()).strip("-")
    return f"{plain}_{chip + 1}" if chips > 1 else plain


def digest_of(*parts: Any) -> str:
    """A digest of what a capture is made from."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_level1(level1: Level1) -> None:
    """Write capture.json."""
    content = {
        "schema": SCHEMA,
        "is_synthetic": level1.is_synthetic,
        "attribution": level1.attribution,
        **level1.notes,
        "images": [
            {name: getattr(one, name) for name in Level1Image.__dataclass_fields__}
            for one in level1.images
        ],
    }
    write_json(level1.folder / CAPTURE, content)


def read_level1(folder: Path) -> Level1:
    """A capture that was written; FileError if it cannot be read, InputError if it is none."""
    path = folder / CAPTURE
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        begun = (folder / ACQUISITION).is_file()
        trouble = (
            "a capture that was not finished; run offnadir capture again"
            if begun
            else f"no capture: it has no {CAPTURE}"
        )
        raise FileError(folder, f"is {trouble}") from error
    except OSError as error:
        raise FileError(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise FileError(path, f"is no JSON: {error}") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError(
            "schema",
            content.get("schema") if isinstance(content, dict) else None,
            SCHEMA,
            where=str(path),
        )
    try:
        images = tuple(
            Level1Image(**{**one, "shape": tuple(one["shape"])}) for one in content["images"]
        )
    except (KeyError, TypeError) as error:
        raise InputError(
            "images", str(error), "as offnadir capture writes them", where=str(path)
        ) from error
    rest = {
        key: value
        for key, value in content.items()
        if key not in ("schema", "images", "is_synthetic", "attribution")
    }
    return Level1(
        folder=folder, images=images, is_synthetic=bool(content["is_synthetic"]),
        attribution=str(content["attribution"]), notes=rest,
    )  # fmt: skip


def write_calibration(path: Path, dark: NDArray[np.float32], gain: NDArray[np.float32]) -> None:
    """Dark counts and gains as a raster of two bands."""
    from offnadir.imagery._raster import writing

    with writing(
        path, gain.shape, 2, "float32", names=("dark_counts", "relative_gain"), nodata=float("nan")
    ) as out:
        out.write(np.broadcast_to(dark, gain.shape), 1)
        out.write(gain, 2)


def write_manifest(level1: Level1) -> None:
    """Sizes and SHA-256 of all files of the folder but this one and what other captures left there."""
    folder, files = level1.folder, []
    ours = {Path(one.file).stem.removeprefix("L1A_") for one in level1.images}
    for path in sorted(folder.iterdir()):
        kind, _, rest = path.stem.removesuffix("_RPC").partition("_")
        if kind in ("L1A", "truth", "calibration") and rest.partition(".")[0] not in ours:
            continue
        if path.is_file() and path.name != MANIFEST and not path.name.startswith("."):
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            files.append({"file": path.name, "bytes": path.stat().st_size, "sha256": digest})
    write_json(folder / MANIFEST, {"schema": "offnadir.manifest/1", "files": files})


def check_manifest(folder: Path, names: Iterable[str]) -> None:
    """FileError if a file's bytes are not those that manifest.json tells; without one nothing is checked.

    TIFF's tiles carry no checksum that is looked at: what is damaged within one can come out as other counts.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return
    try:
        listed = {
            one["file"]: one["sha256"] for one in json.loads(path.read_text("utf-8"))["files"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(path, f"cannot be read as a manifest: {error}") from error
    for name in names:
        try:
            with (folder / name).open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise FileError(folder / name, f"cannot be read: {error.strerror or error}") from error
        if listed.get(name, digest) != digest:
            trouble = f"is damaged or was changed: its SHA-256 is not that of {MANIFEST}"
            raise FileError(folder / name, trouble)


def write_json(path: Path, content: Any) -> None:
    """JSON that is there whole, or not at all."""
    with replacing(path) as part:
        part.write_text(
            json.dumps(content, indent=1, ensure_ascii=False, allow_nan=True) + "\n", "utf-8"
        )
