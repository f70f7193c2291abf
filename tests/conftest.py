"""Real element sets that many tests share, written down as facts."""

from __future__ import annotations

import os
from pathlib import Path

import pyproj  # noqa: F401 - before any test loads ecCodes, whose PROJ would keep this one from working
import pytest
from hypothesis import settings

from offnadir.orbits import ElementSet, read_elements
from support.postgresql import database, postgresql, postgresql_url  # noqa: F401 - fixtures
from support.service import hall, hall_ready  # noqa: F401

# The same examples every time where a failure would stop others; new ones at a developer's desk. No
# deadlines: a first call makes its tables, and how long that takes is the machine's affair.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("desk", deadline=None)
settings.load_profile("steady" if os.environ.get("CI") else "desk")

#: Files whose tests share what is dear to make: of several processes one has them all.
TOGETHER = {
    "test_capture", "test_change", "test_cli_coverage", "test_cli_design", "test_cli_process", "test_demo",
    "test_docs", "test_meet", "test_operations", "test_planning_guide", "test_process_level1",
    "test_process_raster", "test_report", "test_service_faults", "test_service_matrix",
    "test_service_process", "test_study_cluster", "test_workers",
}  # fmt: skip


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Xdist's own groups do not reach it: it appends them to names, which pytest 9.2 makes otherwise."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        """A test at a time, and the files of TOGETHER whole."""

        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if Path(file).stem in TOGETHER else nodeid

    return Together(config, log)


# US Space Force GP data as published by CelesTrak on 2026-05-30.
SETS_3LE = """\
SENTINEL-2A
1 40697U 15028A   26150.59231876  .00000540  00000+0  22277-3 0  9998
2 40697  98.5691 225.6931 0001116  89.9845 270.1466 14.30819576571212
WORLDVIEW-3 (WV-3)
1 40115U 14048A   26150.58092465  .00001167  00000+0  14314-3 0  9991
2 40115  97.8569 225.6569 0002200  53.5175 306.6243 14.84989122639293
KOMPSAT-3A
1 40536U 15014A   26150.59361315  .00026749  00000+0  40066-3 0  9992
2 40536  97.6881 140.6812 0055091 239.4643 120.1165 15.53142044619081
SKYSAT-C1
1 41601U 16040C   26150.04206291  .00013059  00000+0  37486-3 0  9999
2 41601  96.9573 182.7483 0004465  93.9307 266.2449 15.35959295555085
ISS (ZARYA)
1 25544U 98067A   26150.51748228  .00011776  00000+0  21767-3 0  9998
2 25544  51.6337  27.5746 0007245 114.7080 245.4664 15.49496548569014
GOES 16
1 41866U 16071A   26150.55366355 -.00000079  00000+0  00000+0 0  9997
2 41866   0.2964  85.7104 0000790 307.6368 309.3939  1.00271295 34923
"""


@pytest.fixture(scope="session")
def elements_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 3LE file of six real satellites: five low ones and a geostationary one."""
    path = tmp_path_factory.mktemp("elements") / "sats.3le"
    path.write_text(SETS_3LE)
    return path


@pytest.fixture(scope="session")
def flock(elements_file: Path) -> tuple[ElementSet, ...]:
    """The same, read."""
    return read_elements(elements_file).elements


@pytest.fixture(scope="session")
def real_elements(flock: tuple[ElementSet, ...]) -> list[tuple[str, str, str, ElementSet]]:
    """(name, line 1, line 2, element set) of each."""
    lines = SETS_3LE.splitlines()
    return [(lines[3 * i], lines[3 * i + 1], lines[3 * i + 2], e) for i, e in enumerate(flock)]


@pytest.fixture(scope="session")
def level1(tmp_path_factory):
    """One small capture, as a satellite would send it: what `support.operation.Tape` plays."""
    from support.operation import make_tape

    return make_tape(tmp_path_factory.mktemp("tape") / "level1")
