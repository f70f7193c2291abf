"""Who carries a camera, as far as is publicly known: what an object weighs before any angle is looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable

from offnadir.orbits import ElementSet
from offnadir.sensors import load_sensor, sensor_names

# A catalogue has about 30 other objects to one imager; debris and the fleets that carry telephone calls, data
# or time signals carry none, but a name can be wrong, so that nothing is ruled out.
IMAGING, UNKNOWN, OTHER_WORK = 30.0, 1.0, 0.03

_LITTER = re.compile(
    r" DEB\b| R/B\b|\bDEBRIS\b|\bWESTFORD NEEDLES\b|\bDUMMY\b", re.IGNORECASE
).search
_FLEET = re.compile(
    r"(?:STARLINK|ONEWEB|KUIPER|QIANFAN|HULIANWANG|GEESAT|IRIDIUM|GLOBALSTAR|ORBCOMM|GONETS|TIANQI|KINEIS|"
    r"SPACEMOBILE|INTELSAT|EUTE|INMARSAT|NAVSTAR|BEIDOU|GALILEO|QZS|TDRS)",
    re.IGNORECASE,
).match
_IMAGER = re.compile(
    r"(?!.*PALAPA)(?:"
    r"WORLDVIEW|GEOEYE|IKONOS|QUICKBIRD|LEGION|WV LEGION|PLEIADES|PNEO|SPOT[- ]?[4-7]|CSO[- ]?\d|HELIOS[- ]?[12]|"
    r"SKYSAT|FLOCK|DOVE|PELICAN|TANAGER|RAPIDEYE|BLACKSKY|GLOBAL-\d|NEWSAT|NUSAT|GHOST-|"
    r"LANDSAT|TERRA\b|AQUA\b|EO-1\b|SENTINEL[- ]?[123]|PROBA|"
    r"KOMPSAT|ARIRANG|CAS500|NEONSAT|MALLIGYONG|"
    r"SUPERVIEW|GAOFEN|JILIN|BJ-?[23]|BEIJING|ZIYUAN|ZY-?[13]|TRIPLESAT|YAOGAN|TH-?1|TIANHUI|LUTAN|HJ-|"
    r"HUANJING|ZHUHAI|CBERS|AMAZONIA|PIESAT|"
    r"CARTOSAT|RESOURCESAT|EOS-0|RISAT|HYSIS|IRS[- ]|"
    r"RESURS|KANOPUS|KONDOR|KHAYYAM|BKA|"
    r"ALOS|ASNARO|HODOYOSHI|GRUS|QPS-SAR|STRIX|IGS|"
    r"ICEYE|CAPELLA|UMBRA|TERRA ?SAR|TANDEM|PAZ\b|(?:COSMO-?)?SKYMED|CSG-|RADARSAT|RCM|SAOCOM|SAR-?LUPE|SARAH|"
    r"KAZEOSAT|KAZSTSAT|DUBAISAT|KHALIFASAT|MBZ-?SAT|GOKTURK|RASAT|IMECE|DEIMOS|VRSS|PERUSAT|FORMOSAT[- ]?[25]\b|"
    r"THEOS|VNREDSAT|TELEOS|EROS[- ][ABC]|OFEQ|OPSAT-3000|BILSAT|NIGERIASAT|AL ?SAT|EGYPTSAT|MISRSAT|"
    r"PRISMA|ENMAP|PRSS|SSOT|UK-DMC|KH-)",
    re.IGNORECASE,
).match


def imaging_objects(elements: Iterable[ElementSet]) -> frozenset[int]:
    """NORAD numbers of objects that carry a camera or an imaging radar, as far as is publicly known.

    By the numbers in the sensor library, and by the names of the larger public and commercial programmes
    (operators' own names, as catalogues have them). No claim to be complete: military satellites with
    neutral names are missing.
    """
    listed = {number for name in sensor_names() for number in load_sensor(name).norad_ids}
    named = (one.norad_id for one in elements if _IMAGER(one.name) and not _LITTER(one.name))
    return frozenset(listed.union(named))


def prior_weights(elements: Iterable[ElementSet]) -> dict[int, float]:
    """What each object weighs by its name, for `identify`: 30 with a camera, 1 unknown, 0.03 other work.

    Other work is debris, rocket stages, and the large fleets for communications and navigation. An
    object that is not in the result weighs 1.
    """
    sets = tuple(elements)
    weights = {one.norad_id: OTHER_WORK for one in sets if _LITTER(one.name) or _FLEET(one.name)}
    weights.update(dict.fromkeys(imaging_objects(sets), IMAGING))
    return weights
