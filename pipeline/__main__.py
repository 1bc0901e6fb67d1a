"""``python -m pipeline`` is the same as ``storytransformer``."""

import signal
import sys


def main() -> None:
    """Run the command. A Ctrl-C while it is still being loaded, or when all is done and said and
    the interpreter tidies up, leaves no traceback."""
    # `python -m` looks for modules in the working directory first, which holds other people's
    # documents; it stays where this package is imported from there.
    if not sys.flags.safe_path and not __file__.startswith(sys.path[0]):
        del sys.path[0]
    try:
        from pipeline.cli.commands import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        run()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
