"""The database: SQLite for one person, PostgreSQL for many, through one SQLAlchemy layer.

The rooms above write their tables in SQLAlchemy Core, with the names that this module hands on; how
tables come about and change is in `versions`, one file a step.
"""

import sqlalchemy as sa

from offnadir._database._open import (
    Database,
    DatabaseGoneError,
    DatabaseSlowError,
    open_database,
)

__all__ = ["Database", "DatabaseGoneError", "DatabaseSlowError", "open_database", "sa"]
