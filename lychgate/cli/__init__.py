"""The command line. Commands are thin: each imports what it needs when it is called, so that others start at once."""

from __future__ import annotations

import gc
import os
import signal
import sys

# Looking for plugins of pydantic reads the metadata of every installed package (50 ms); none is ours.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

USAGE = 2
DEFECT = 70


def main() -> None:
    """Entry point. Input errors end in one message and exit status 2, never in a traceback."""
    gc.set_threshold(100_000, 20, 20)  # most of what a command loads and makes stays until its end
    from lychgate.cli.app import app
    from lychgate.model.errors import InputError

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # what is underway tidies up
    try:
        app()
    except InputError as error:
        from lychgate.model.escaping import escape

        print(f"lychgate: {escape(str(error))}", file=sys.stderr)
        output = getattr(error, "output", "")
        if output:
            print("--- what the program printed ---", file=sys.stderr)
            print("\n".join(f"| {line}" for line in escape(output).split("\n")), file=sys.stderr)
        sys.exit(USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(USAGE)
    except Exception as error:
        import traceback

        # What an exception says may hold a secret, and 1 would read as findings.
        where = "".join(traceback.format_tb(error.__traceback__))
        print(f"{where}lychgate: {type(error).__name__}: a defect of Lychgate, not of the program", file=sys.stderr)
        sys.exit(DEFECT)
