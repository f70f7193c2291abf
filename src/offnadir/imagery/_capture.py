"""Taking a picture: from a scene and an acquisition to a folder of counts and all that explains them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from offnadir import __version__
from offnadir.errors import FileError, InputError
from offnadir.imagery._acquisition import Acquisition
from offnadir.imagery._acquisition_file import acquisition_to_json, write_acquisition, write_tables
from offnadir.imagery._camera import CameraModel
from offnadir.imagery._capture_chip import (
    SIDE,
    Shot,
    chip_detectors,
    corner_light,
    motion_smear_px,
    tiles,
)
from offnadir.imagery._capture_predict import predicted
from offnadir.imagery._cloud_layer import CloudLayer
from offnadir.imagery._focal_plane import sensor_band
from offnadir.imagery._level1 import (
    ACQUISITION,
    DIGEST_TAG,
    PREVIEW,
    Level1,
    Level1Image,
    digest_of,
    stem,
    write_calibration,
    write_level1,
    write_manifest,
)
from offnadir.imagery._models import models
from offnadir.imagery._noise import Flaws, digitiser, generator, known
from offnadir.imagery._optics import Exposure, band_sensor, oversampling
from offnadir.imagery._own_dem import OWN_DEM, write_own_dem
from offnadir.imagery._preview import write_preview
from offnadir.imagery._radiance import direct_share, watts
from offnadir.imagery._raster import copy_raster, raster_info, window_of, writing
from offnadir.imagery._rpc import Rpc, rpc_tags, write_rpc
from offnadir.imagery._rpc_fit import fit_rpc
from offnadir.imagery._sampling import Sunlight
from offnadir.quality import Atmosphere, sun_distance_factor

if TYPE_CHECKING:
    from offnadir.imagery._scene import Scene

Compression = Literal["deflate", "none", "jp2", "jp2-lossy"]
COMPRESSIONS: Final = ("deflate", "none", "jp2", "jp2-lossy")
_LOSSY_QUALITY: Final = 25  # per cent of the size without compression
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureOptions:
    """How a picture is taken. All luck is drawn from `seed`; `cloud_share` of the sky is cloud.

    `truth` asks for rasters of the place that each pixel saw. `samples` a pixel, each way, stand for the
    light in the focal plane; None takes as many as the optics need (`oversampling`). "jp2" is JPEG 2000
    without loss, "jp2-lossy" a quarter of the counts' size.
    """

    seed: int = 0
    atmosphere: Atmosphere = field(default_factory=Atmosphere)
    flaws: Flaws = field(default_factory=Flaws)
    cloud_share: float = 0.0
    cloud_alt_m: float = 1500.0
    truth: bool = False
    compress: Compression = "deflate"
    samples: int | None = None
    threads: int = 2

    def __post_init__(self) -> None:
        if not 0.0 <= self.cloud_share <= 1.0:
            raise InputError("cloud_share", self.cloud_share, "from 0 to 1")
        if self.compress not in COMPRESSIONS:
            raise InputError("compress", self.compress, "one of " + ", ".join(COMPRESSIONS))
        if not 1 <= self.threads <= 256:
            raise InputError("threads", self.threads, "from 1 to 256")
        if not 0 <= self.seed < 2**63:
            raise InputError("seed", self.seed, "a whole number from 0")


def capture(
    acquisition: Acquisition,
    scene: Scene,
    folder: Path,
    options: CaptureOptions | None = None,
    *,
    progress: Progress | None = None,
    command: str = "",
) -> Level1:
    """Take a picture and write it into `folder`, which is made if it is not there.

    Each file appears whole or not at all. Images that an earlier run of the same picture left whole are
    kept; the last file is manifest.json, so a folder without it is not finished. Made-up ground leaves its
    heights in dem.tif. The counts depend on the acquisition, the scene and the options, not on threads.
    `progress(done, total)` counts tiles; `command` is what takes it again, for its lineage. InputError
    if the Sun is not up, FileError if the folder cannot be written.
    """
    options = options or CaptureOptions()
    if not acquisition.view.sun_elevation_rad > 0:
        elevation = math.degrees(acquisition.view.sun_elevation_rad)
        raise InputError("time", acquisition.epoch.utc(0), "when the Sun is up over the aim",
                         hint=f"it stands at {elevation:.1f} deg")  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(folder, f"cannot be made: {error.strerror or error}") from error
    write_acquisition(acquisition, folder / ACQUISITION)
    write_tables(acquisition, folder)
    true, told = models(acquisition), models(acquisition, jitter=False)
    if scene.is_synthetic and scene.terrain.step_m < math.inf:
        ideal = [model for chips in told.values() for model in chips]
        aim = acquisition.aim
        write_own_dem(scene.terrain, ideal, (aim.lat_rad, aim.lon_rad), folder / OWN_DEM)
    total = sum(_tile_count(model) for chips in true.values() for model in chips)
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    document = acquisition_to_json(acquisition)
    images, notes = [], {}
    for name, chips in true.items():
        for model, seen in zip(chips, told[name], strict=True):
            maker = _Maker(acquisition, scene, folder, options, len(chips), document)
            image, note = maker.make(model, seen, tick)
            images.append(image)
            notes[image.file] = note
    level1 = Level1(
        folder=folder,
        images=tuple(images),
        is_synthetic=scene.is_synthetic,
        attribution=scene.attribution,
        notes=_notes(acquisition, options, notes, command),
    )
    write_level1(level1)
    write_preview(_planes(level1), folder / PREVIEW, synthetic=scene.is_synthetic)
    write_manifest(folder)
    return level1


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the files of a band and chip."""

    acquisition: Acquisition
    scene: Scene
    folder: Path
    options: CaptureOptions
    chips: int
    document: dict[str, Any]

    def make(
        self, model: CameraModel, told: CameraModel, tick: Callable[[], None]
    ) -> tuple[Level1Image, dict[str, Any]]:
        """One image with its calibration and truth; what is predicted of it."""
        acquisition, options, folder = self.acquisition, self.options, self.folder
        band = sensor_band(acquisition.sensor, model.band)
        name = stem(band.name, model.chip, self.chips)
        digest = digest_of(
            __version__, self.document, replace(options, threads=1), _identity(self.scene), name
        )
        smear_px = motion_smear_px(acquisition, told, band)
        factor = float(sun_distance_factor(_day_of_year(acquisition)))
        shot = self._shot(model, band, smear_px, factor)
        fit = fit_rpc(told, _heights(self.scene, told, acquisition.aim.alt_m))
        suffix = ".jp2" if options.compress.startswith("jp2") else ".tif"
        path = folder / f"L1A_{name}{suffix}"
        truth = folder / f"truth_{name}.tif" if options.truth else None
        calibration = folder / f"calibration_{name}.tif"
        how = shot.digitiser
        facts = watts(acquisition.sensor, band)
        image = Level1Image(
            file=path.name, band=band.name, chip=model.chip, shape=model.shape,
            first_column=model.first_column, bits=how.bits, highest=how.highest,
            electrons_per_count=how.step_e, calibration=calibration.name,
            radiance_per_count=facts.radiance_per_electron * how.step_e,
            sun_irradiance=facts.sun_irradiance, sun_factor=factor,
            rpc_rms_px=fit.rms_px, rpc_max_px=fit.max_px, truth=truth.name if truth else None,
        )  # fmt: skip
        if _is_done(path, digest) and calibration.exists() and (truth is None or truth.exists()):
            for _ in range(_tile_count(model)):
                tick()
        else:
            luck = generator("calibration", acquisition.sensor.name, band.name, model.chip)
            write_calibration(calibration, *known(shot.detectors, how, options.flaws, luck))
            self._write(shot, path, truth, fit.rpc, digest, tick)
        write_rpc(fit.rpc, folder / f"L1A_{name}_RPC.TXT")
        note = predicted(acquisition, band, model, shot.exposure, options.atmosphere, factor)
        return image, note

    def _shot(
        self, model: CameraModel, band: Any, smear_px: tuple[float, float], factor: float
    ) -> Shot:
        acquisition, options = self.acquisition, self.options
        aim, view = acquisition.aim, acquisition.view
        sensor = band_sensor(acquisition.sensor, band)
        clouds = None
        if options.cloud_share > 0:
            clouds = CloudLayer(
                share=options.cloud_share, seed=options.seed, lat_rad=aim.lat_rad, lon_rad=aim.lon_rad,
                alt_m=aim.alt_m + options.cloud_alt_m,
            )  # fmt: skip
        return Shot(
            scene=self.scene,
            model=model,
            band=band,
            exposure=Exposure(
                sensor=sensor, samples=options.samples or oversampling(sensor), smear_px=smear_px
            ),
            light=corner_light(acquisition, model, band, options.atmosphere, factor),
            sun=Sunlight(
                azimuth_rad=view.sun_azimuth_rad,
                elevation_rad=view.sun_elevation_rad,
                direct_share=direct_share(
                    band, options.atmosphere, view.sun_elevation_rad, aim.alt_m
                ),
            ),
            clouds=clouds,
            detectors=chip_detectors(acquisition, model, band, options.flaws),
            digitiser=digitiser(acquisition.sensor, band),
            seed=options.seed,
            ground_alt_m=aim.alt_m,
            gsd_m=math.sqrt(view.gsd_along_m * view.gsd_across_m) * band.gsd_ratio,
        )

    def _write(
        self,
        shot: Shot,
        path: Path,
        truth: Path | None,
        rpc: Rpc,
        digest: str,
        tick: Callable[[], None],
    ) -> None:
        """Counts, and truth beside them, as the tiles come."""
        options = self.options
        tags = {
            DIGEST_TAG: digest,
            "OFFNADIR_VERSION": __version__,
            "OFFNADIR_SYNTHETIC": "YES" if self.scene.is_synthetic else "NO",
            "OFFNADIR_SCENE": self.scene.attribution,
            "OFFNADIR_BAND": shot.band.name,
        }
        is_jp2 = path.suffix == ".jp2"
        raw = path.with_suffix(".raw.tif") if is_jp2 else path
        compress = "none" if is_jp2 or options.compress == "none" else "deflate"
        try:
            with (
                _maybe(truth, shot.shape) as known_to,
                writing(
                    raw, shot.shape, 1, "uint16", rpc=rpc_tags(rpc), tags=tags, compress=compress
                ) as out,
            ):
                for tile in tiles(
                    shot, truth=truth is not None, threads=options.threads, tick=tick
                ):
                    out.write(tile.counts, 1, window=window_of(tile.box))
                    if known_to is not None:
                        known_to.write(tile.truth, window=window_of(tile.box))
            if is_jp2:
                lossy = options.compress == "jp2-lossy"
                copy_raster(
                    raw, path, "JP2OpenJPEG",
                    QUALITY=str(_LOSSY_QUALITY if lossy else 100), REVERSIBLE="NO" if lossy else "YES",
                    WRITE_METADATA="YES", BLOCKXSIZE=str(SIDE), BLOCKYSIZE=str(SIDE),
                )  # fmt: skip
        finally:
            if is_jp2:
                raw.unlink(missing_ok=True)


@contextmanager
def _maybe(path: Path | None, shape: tuple[int, int]) -> Iterator[Any]:
    """A raster for the truth, or nothing."""
    if path is None:
        yield None
        return
    names = ("latitude_deg", "longitude_deg", "height_m")
    with writing(path, shape, 3, "float64", nodata=float("nan"), names=names) as out:
        yield out


def _identity(scene: Scene) -> list[str]:
    """What tells a scene from others: its numbers, or its files with their sizes and times."""
    if hasattr(scene, "__dataclass_fields__"):
        return [repr(scene)]
    parts = [type(scene).__name__, scene.attribution]
    for one in (scene, scene.terrain, scene.surface):
        path = getattr(one, "path", None) or getattr(getattr(one, "info", None), "path", None)
        if path is not None:
            facts = Path(path).stat()
            parts.append(f"{path} {facts.st_size} {facts.st_mtime_ns}")
        elif hasattr(one, "__dataclass_fields__"):
            parts.append(repr(one))
    return parts


def _is_done(path: Path, digest: str) -> bool:
    """Whether an earlier run left this very image."""
    if not path.exists():
        return False
    try:
        return raster_info(path).tags.get(DIGEST_TAG) == digest
    except FileError:
        return False


def _tile_count(model: CameraModel) -> int:
    return math.prod(-(-side // SIDE) for side in model.shape)


def _heights(scene: Scene, model: CameraModel, alt_m: float) -> tuple[float, float]:
    """Lowest and highest ground that a picture sees: what its RPCs must cover."""
    line, column = (np.linspace(-0.5, side - 0.5, 9) for side in model.shape)
    low_m = high_m = alt_m
    for _ in range(3):
        places = [model.locate(line[:, None], column[None, :], one) for one in (low_m, high_m)]
        lat, lon = (np.stack([one[k] for one in places]) for k in (0, 1))
        if not np.isfinite(lat).any():
            raise InputError("acquisition", model.band, "one that sees the ground")
        bounds = (
            float(np.nanmin(lat)),
            float(np.nanmin(lon)),
            float(np.nanmax(lat)),
            float(np.nanmax(lon)),
        )
        low_m, high_m = scene.surface.range_m(bounds)
    return low_m, high_m


def _day_of_year(acquisition: Acquisition) -> float:
    """Days from 1 on 1 January, in UTC."""
    now = np.datetime64(acquisition.epoch.utc_ns, "ns")
    return float((now - now.astype("datetime64[Y]")) / np.timedelta64(1, "D")) + 1.0


def _notes(
    acquisition: Acquisition, options: CaptureOptions, images: dict[str, Any], command: str
) -> dict[str, Any]:
    """What capture.json tells beside the images."""
    air = options.atmosphere
    return {
        "software": f"offnadir {__version__}",
        "name": acquisition.name,
        "satellite": acquisition.satellite,
        "sensor": acquisition.sensor.name,
        "time": acquisition.epoch.utc(6),
        "view": asdict(acquisition.view),
        "seed": options.seed,
        "command": command,
        "cloud_share": options.cloud_share,
        "compression": options.compress,
        "atmosphere": {**asdict(air), "aod_550": air.haze_550},
        "flaws": asdict(options.flaws),
        "predicted": images,
    }


def _planes(level1: Level1) -> list[list[Path]]:
    """Files that the preview shows: red, green and blue if all are there and alike, else the first band."""

    def files(band: str) -> list[Path]:
        return [level1.folder / one.file for one in level1.of_band(band)]

    sizes = {band: level1.of_band(band)[0].shape[0] for band in level1.bands}
    if {"red", "green", "blue"} <= set(sizes) and sizes["red"] == sizes["green"] == sizes["blue"]:
        return [files(band) for band in ("red", "green", "blue")]
    return [files(level1.bands[0])]
