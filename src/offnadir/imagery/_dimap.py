"""The rational polynomials in DIMAP, the metadata of SPOT 6 and 7, Pleiades and Pleiades Neo."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from offnadir.errors import FileError


def dimap_tags(path: Path, content: bytes) -> tuple[dict[str, object], tuple[int, int] | None]:
    """GDAL's tags of a DIMAP `RPC_*.XML`, and lines and columns of the image if the file says so.

    Of the two models the one from ground to image is taken. It is called Inverse_Model in version 2 and
    GroundtoImage_Values in version 3. The centre of the first pixel is (1, 1) for SPOT and Pleiades, (0, 0)
    for Pleiades Neo, as METADATA_PROFILE tells, or the version where that is silent (GDAL issues 5716, 7653:
    the domain of validity may begin anywhere).
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise FileError(path, "declares a document type, which DIMAP has no use for")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  (entities are refused above)
    except ElementTree.ParseError as error:
        raise FileError(path, f"is no XML that can be read: {error}") from error
    tags: dict[str, object] = {}
    for name in ("Inverse_Model", "GroundtoImage_Values"):
        tags |= _leaves(root.find(f".//{name}"))
    # its errors are those of the polynomials, in degrees or pixels, and not those of the place
    tags.pop("ERR_BIAS", None)
    tags |= {
        key: value
        for key, value in _leaves(root.find(".//RFM_Validity")).items()
        if key.endswith(("_OFF", "_SCALE"))
    }
    profile = (root.findtext(".//METADATA_PROFILE") or "").strip()
    third = root.find(".//GroundtoImage_Values") is not None
    first = 0.0 if profile.startswith("PNEO") or (third and not profile) else 1.0
    shape = None
    domain = _leaves(root.find(".//ImagetoGround_Validity_Domain")) or _leaves(
        root.find(".//Direct_Model_Validity_Domain")
    )
    try:
        rows, columns = (
            [float(domain.get(f"{end}_{k}", "nan")) for end in ("FIRST", "LAST")]
            for k in ("ROW", "COL")
        )
        if rows[0] == columns[0] == first and rows[1] >= first and columns[1] >= first:
            shape = (round(rows[1] - first) + 1, round(columns[1] - first) + 1)
        for tag in ("LINE_OFF", "SAMP_OFF"):
            if tag in tags:
                tags[tag] = repr(float(str(tags[tag])) - first)
    except ValueError as error:
        raise FileError(path, f"has a word where a number should be: {error}") from error
    return tags, shape


def _leaves(node: ElementTree.Element | None) -> dict[str, str]:
    if node is None:
        return {}
    return {item.tag: (item.text or "").strip() for item in node.iter() if not len(item)}
