"""The runs by name.  A run has a function `once(soak, seed)` that returns a `soak.outcome.Outcome`.

An addon's own run is a module here and a line in `RUNS`.
"""

from . import contract, day, faults, lib, sequences, two_servers, warehouse

RUNS = {
    "lib": lib.once,
    "sequences": sequences.once,
    "faults": faults.once,
    "contract": contract.once,
    "two_servers": two_servers.once,
    "warehouse": warehouse.once,
    "day": day.once,
}
