"""``python -m pipeline`` is the same as ``storytransformer``."""

import signal
import sys


def main() -> None:
    """Run the command. A Ctrl-C while it is still being loaded, or when all is done and said and
    the interpreter tidies up, leaves no traceback."""
    try:
        from pipeline.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    try:
        run()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
