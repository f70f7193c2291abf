"""Write the sizes and checksums of the bundled files into src/offnadir/data/SOURCES.toml."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

DATA = Path(__file__).parents[1] / "src/offnadir/data"


def main() -> None:
    path = DATA / "SOURCES.toml"
    text = path.read_text()
    for name in re.findall(r'^name = "(.+)"$', text, re.MULTILINE):
        data = (DATA / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        pattern = rf'(name = "{re.escape(name)}"\n)sha256 = ".*"\nbytes = .*\n'
        text = re.sub(pattern, rf'\g<1>sha256 = "{digest}"\nbytes = {len(data)}\n', text)
    path.write_text(text)


if __name__ == "__main__":
    main()
