"""Signatures: whose keys there are, what is signed of a verdict, and what a signed file proves.

A file is one DSSE envelope (github.com/secure-systems-lab/dsse). A verdict stands in it as an in-toto statement
(github.com/in-toto/attestation). Libraries do the cryptography: securesystemslib, and sigstore for what no key signs.
"""
