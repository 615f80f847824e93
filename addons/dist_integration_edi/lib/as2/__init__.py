"""AS2 (RFC 4130) without a database: MIME, signatures, encryption, compression (RFC 5402) and receipts.

:mod:`.mime` keeps bytes as they are, :mod:`.cms` is the cryptography, :mod:`.message` puts layers on and takes them
off, :mod:`.receipt` writes and reads receipts (MDN, RFC 8098), :mod:`.receiving` is the receiver's part of an
exchange and :mod:`.transport` the sender's.
"""
