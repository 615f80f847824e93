"""The benchmarks, one module a subject; each has `run(bench)` that returns its results."""
