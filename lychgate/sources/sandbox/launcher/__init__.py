"""The small program between Lychgate and an untrusted one: takes rights away from itself, then becomes that program.

It is started as `python -I -S` and known there as the package `launcher`: nothing here imports `lychgate`, a package of
others or a slow module of the standard library, because its start is paid by every program that is judged.
"""
