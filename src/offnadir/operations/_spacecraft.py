"""Those who take the pictures: a satellite simulated here, or a real operator who is handed files."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from offnadir._files import replacing
from offnadir.epoch import Epoch
from offnadir.errors import FileError, InputError, OffnadirError
from offnadir.operations._config import Camera
from offnadir.operations._pictures import Picture

COMMANDS: Final = "offnadir.uplink/1"
#: What is told of a picture that a fault makes cloudy.
CLOUDY: Final = "clouds came in"
_OVERCAST: Final = 0.95


class NotYetError(OffnadirError):
    """What should have come down is not there, or not whole; it may still come."""


class Spacecraft(Protocol):
    """A satellite as the loop sees it. Both calls may come twice for the same thing, after a crash.

    `hands_ahead`: commands go to people, `uplink_lead` before the contact; else when it begins.
    """

    hands_ahead: bool

    def command(
        self, satellite: str, at: Epoch, station: str, pictures: Sequence[Picture], number: int = 1
    ) -> None:
        """Hand over what it is to do from then on; this takes the place of what it was told before.

        `number` counts what is handed over for one contact: a later one takes the place of those before.
        """
        ...

    def receive(self, picture: Picture, plan: Mapping[str, Any], folder: Path) -> None:
        """Put level 1 data of a picture into a folder; NotYetError if it is not there."""
        ...


def seed_of(picture: str, seed: int) -> int:
    """The luck of a picture: the same whenever it is asked for."""
    return int.from_bytes(hashlib.sha256(f"{seed} {picture}".encode()).digest()[:4], "big")


class Simulated:
    """Takes each picture here, with the camera of the plan, over one ground."""

    hands_ahead = False

    def __init__(self, camera: Camera) -> None:
        self.camera = camera

    def command(
        self, satellite: str, at: Epoch, station: str, pictures: Sequence[Picture], number: int = 1
    ) -> None:
        """Nothing: what is on board stands in the database."""

    def receive(self, picture: Picture, plan: Mapping[str, Any], folder: Path) -> None:
        """Take the picture; an interrupted capture goes on where it stopped."""
        from offnadir.imagery import CaptureOptions, acquisition_of_plan, capture
        from offnadir.imagery._aimed import aimed

        camera = self.camera

        def make(alt_m: float | None, more: Mapping[str, Any]) -> Any:
            return acquisition_of_plan(plan, str(picture.collection["id"]), alt_m=alt_m, **more)

        more = {"size": camera.size, "bands": camera.bands}
        scene, acquisition = aimed(make, more, camera.scene, camera.dem, seed=camera.seed)
        options = CaptureOptions(
            seed=seed_of(picture.id, camera.seed),
            cloud_share=_OVERCAST if picture.told == CLOUDY else camera.cloud_share,
        )
        capture(acquisition, scene, folder, options)


class Folders:
    """Hands commands over as files and takes in what is put beside them.

    `folder`/uplink/SATELLITE/TIME.json is what a satellite is to do from the contact at TIME on, with the
    plan's entries; TIME.2.json, TIME.3.json and so on take its place, each whole. Level 1 data of
    picture ID, as `offnadir capture` writes them, or any raster with its polynomials, are looked for in
    `folder`/downlink/ID. They count as there once ID holds manifest.json, or a file named DONE.
    """

    hands_ahead = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(
        self, satellite: str, at: Epoch, station: str, pictures: Sequence[Picture], number: int = 1
    ) -> None:
        """Write the command file, whole or not at all; one that is there with the same words stays."""
        target = self._file(satellite, at, number)
        document = {
            "schema": COMMANDS,
            "satellite": satellite,
            "uplink": at.utc(3),
            "station": station,
            "number": number,
            "replaces": self._file(satellite, at, number - 1).name if number > 1 else None,
            "pictures": [{"picture": one.id, **one.collection} for one in pictures],
        }
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists() and target.read_text("utf-8") == text:
                return
        except (OSError, ValueError) as error:
            raise FileError(target, f"cannot be written: {error}") from error
        with replacing(target) as part:
            part.write_text(text, "utf-8")

    def _file(self, satellite: str, at: Epoch, number: int) -> Path:
        later = "" if number == 1 else f".{number}"
        name = f"{at.utc(0).replace(':', '')}{later}.json"
        return self.folder / "uplink" / _plain(satellite) / name

    def receive(self, picture: Picture, plan: Mapping[str, Any], folder: Path) -> None:
        """Copy what came down."""
        source = self.folder / "downlink" / picture.id
        if not ((source / "manifest.json").exists() or (source / "DONE").exists()):
            raise NotYetError(f"{picture.id}: nothing in {source}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder)


def _plain(name: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in name)


def make_spacecraft(camera: Camera) -> Spacecraft:
    """The one that the operation file asks for."""
    if camera.kind == "simulated":
        return Simulated(camera)
    if camera.kind == "folder":
        return Folders(camera.folder)
    raise InputError("camera.kind", camera.kind, '"simulated" or "folder"')
