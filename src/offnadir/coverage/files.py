"""Writing a Coverage to a file: NetCDF, Zarr, GeoParquet, CSV."""

from offnadir.coverage._netcdf import write_netcdf, write_zarr
from offnadir.coverage._tables import write_csv, write_geoparquet

__all__ = ["write_csv", "write_geoparquet", "write_netcdf", "write_zarr"]
