"""Prints the figures and checks of a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WIDTH = 34


def print_report(figures: Mapping[str, Any]) -> None:
    """Print the table, then the checks."""
    for section, rows in figures.items():
        if section != "checks":
            print(f"\n{section.capitalize()}")
            for name, value in rows.items():
                print(f"  {name:<{WIDTH}}{_text(value):>6}")
    print("\nDo the books agree?")
    for check in figures["checks"]:
        print(f"  {'yes' if check['passed'] else 'NO ':<4} {check['name']}")
        for difference in check["differences"]:
            print(f"         {difference}")


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        total = sum(value.values())
        return f"{total:>6}   {', '.join(f'{name} {count}' for name, count in value.items())}"
    return str(value)
