"""What the benchmarks share: sampling, results, a sink for webhooks, clients, data."""
