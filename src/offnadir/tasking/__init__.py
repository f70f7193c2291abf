"""Orders and what may be done with them: screening against lists of sanctioned persons."""

from offnadir.tasking.screening import Hit, Party, Screener, Screening
from offnadir.tasking.screening_list import SanctionsList, read_list

__all__ = ["Hit", "Party", "SanctionsList", "Screener", "Screening", "read_list"]
