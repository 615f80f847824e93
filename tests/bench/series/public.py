"""Public series, from the files beside this."""

import csv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAMES = ("monthly", "quarterly")


def read(name: str) -> tuple[int, list[tuple[str, list[float]]]]:
    """Return the buckets in a season, and name and values of each series of a file."""
    with (FOLDER / f"{name}.csv").open(newline="") as stream:
        season = int(next(stream).split("season=")[1].split(";")[0])
        return season, [(row[0], [float(value) for value in row[1:]]) for row in csv.reader(stream)]
