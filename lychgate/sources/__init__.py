"""Bytes or a program in, a Graph out: one module or package per input."""
