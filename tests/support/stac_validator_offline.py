"""The public stac-api-validator without a network: STAC's own schemas as pystac ships them.

    python tests/support/stac_validator_offline.py --root-url http://localhost:8000/stac ...

Schemas that pystac has not, those of extensions, hold for everything.
"""

from __future__ import annotations

import io
import json
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pystac
import requests
import stac_validator.utilities
from stac_api_validator.__main__ import main

_LOCAL = ("http://127.0.0.1:", "http://localhost:")
#: pystac writes one $id without its dot.
_ODD = {"common.json": "commonjson"}
_request, _open = requests.Session.request, urllib.request.urlopen


def _schemas() -> dict[str, Any]:
    found = {}
    for folder in Path(pystac.__file__).parents[1].glob("pystac*"):
        for path in folder.rglob("*.json"):
            told = json.loads(path.read_bytes())
            if isinstance(told, dict) and "$id" in told:
                found[told["$id"].rstrip("#")] = told
    return found


_KNOWN = _schemas()


def _schema(url: str) -> bytes:
    plain = url.partition("#")[0]
    home, _, name = plain.rpartition("/")
    found = _KNOWN.get(plain) or _KNOWN.get(f"{home}/{_ODD.get(name, name)}")
    if found is None and "schemas.stacspec.org" in plain:
        sys.exit(f"pystac has no schema {plain}")
    return json.dumps(found or {"$id": plain}).encode()


def _requested(self: requests.Session, method: str, url: str, **more: Any) -> requests.Response:
    if url.startswith(_LOCAL):
        return _request(self, method, url, **more)
    made = requests.Response()
    made.status_code, made.url, made._content = 200, url, _schema(url)
    return made


def _opened(url: Any, *words: Any, **more: Any) -> Any:
    text = url if isinstance(url, str) else url.full_url
    return _open(url, *words, **more) if text.startswith(_LOCAL) else io.BytesIO(_schema(text))


if __name__ == "__main__":
    requests.Session.request = _requested  # type: ignore[method-assign,assignment]
    urllib.request.urlopen = _opened
    stac_validator.utilities.urlopen = _opened
    main()
