"""Colours that can be told apart and seen on white and on black. What is painted with them is decided where pictures are made."""

from __future__ import annotations

MAIN, SECOND = "#4a7fc1", "#d98a3d"
PALETTE = ["#4a7fc1", "#d98a3d", "#3f9c73", "#c2607f", "#8d74c4", "#9b8a4c", "#3d9fb3", "#8b8b8b"]
# for pictures with more kinds of things than a chart should have
MANY = [*PALETTE, "#b5533c", "#7a9a35", "#b661b3", "#7d6b5d"]
