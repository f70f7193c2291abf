"""A reconnaissance satellite in software: from a list of places to a checked collection plan.

Each room is imported by its own name, for example ``from offnadir.access import look``. Importing a
room reads no file, opens no socket and compiles nothing.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["__version__"]
