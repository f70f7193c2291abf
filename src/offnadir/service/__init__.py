"""The service: orders over STAPI, the archive over STAC, behind keys, on HTTP."""

from offnadir.service._app import app_from_environment, create_app
from offnadir.service._settings import Settings, read_settings

__all__ = ["Settings", "app_from_environment", "create_app", "read_settings"]
