"""X12 and EDIFACT without a database: syntax, documents, acknowledgements, recognition.

The path of a document is bytes > :mod:`.interchange` (envelopes, transactions, segments) > :mod:`.reading` by the
declaration in :mod:`.documents` > canonical document, and back by :mod:`.writing` and :mod:`.envelope`.
"""
