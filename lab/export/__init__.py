"""Explored programs as models for other tools."""

from __future__ import annotations

from lab.export.promela import promela

__all__ = ["promela"]
