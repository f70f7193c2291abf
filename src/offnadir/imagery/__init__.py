"""Imagery: a planned look becomes raw detector counts, and raw counts a map-accurate product."""

__all__: list[str] = []
