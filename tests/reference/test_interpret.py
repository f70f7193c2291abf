"""What can be told, against the rows and criteria of the sources."""

from __future__ import annotations

import pytest

from offnadir.quality import detect_recognise_identify, tasks_at


@pytest.mark.parametrize(
    ("name", "detected", "recognised", "identified", "analysed"),
    [
        ("terrain features", 800, 90, 3, 0.75),
        ("urban areas", 60, 15, 3, 0.75),
        ("roads", 6, 4.5, 1.5, 0.38),
        ("railroads", 15, 4.5, 1.5, 0.38),
        ("bridges", 6, 4.5, None, 0.3),
        ("airfield facilities", 6, 4.5, 3, 0.15),
    ],
)
def test_rows_of_stanag_3769(name, detected, recognised, identified, analysed):
    """ISPRS Archives XXXV-B3 (Istanbul 2004), table 3; the scan does not show bridges' third figure."""

    def step(gsd_m):
        (sight,) = (s for s in detect_recognise_identify(gsd_m) if s.name == name)
        assert sight.checked
        return sight.step

    assert step(detected) == "detected"
    assert step(detected * 1.001) == "nothing"
    assert step(recognised) == "recognised"
    assert step(recognised * 1.001) == "detected"
    if identified is not None:
        assert step(identified) == "identified"
        assert step(identified * 1.001) == "recognised"
    assert step(analysed) == "analysed"
    assert step(analysed * 1.001) == ("recognised" if identified is None else "identified")


@pytest.mark.parametrize(
    ("level", "part"),
    [
        (0, "precluded by obscuration"),
        (1, "drainage patterns"),
        (2, "large buildings"),
        (2, "center-pivot irrigated fields"),
        (3, "natural forest stands and orchards"),
        (4, "jeep trails"),
        (5, "Christmas tree plantations"),
        (6, "sedans or station wagons"),
        (6, "closed gate across a single lane road"),
        (7, "mature cotton plants"),
        (8, "baby pigs"),
        (9, "ear tag"),
    ],
)
def test_civil_criteria_stand_at_their_level(level, part):
    """IRARS Committee, Civil NIIRS Reference Guide: section 1.1, the scale, appendix II (the gate)."""
    for other in range(10):
        found = any(part in task for task in tasks_at(other, "civil"))
        assert found == (other == level), other
