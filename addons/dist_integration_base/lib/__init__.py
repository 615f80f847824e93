"""Pure Python of the framework: no database, no ``odoo`` import, tested without a server.

Everything here takes plain values and gives plain values, so that models persist what they like and the rules
(signing, addresses, retries, schemas, mappings) can be tested in milliseconds.
"""
