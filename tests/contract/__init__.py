"""The contract test: a generator over the served OpenAPI document looks for answers it does not announce."""
