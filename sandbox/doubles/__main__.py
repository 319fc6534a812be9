"""Run the doubles as a process: `python -m sandbox.doubles --state DIR [--port N] [--port-file FILE]`.

Ends on SIGTERM or SIGINT; the state stays.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from sandbox.doubles.server import serve


def main() -> None:
    """Serve until asked to stop; writes the port to `--port-file` once requests are answered."""
    parser = argparse.ArgumentParser(prog="sandbox.doubles", description="Pretend destinations on loopback.")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps what they were told")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free one)")
    parser.add_argument("--port-file", type=Path, help="file to write the port to")
    parser.add_argument("--mailchimp-exports", type=Path, help="folder with audience exports to begin with")
    arguments = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with serve(arguments.state, arguments.port, arguments.mailchimp_exports) as doubles:
        if arguments.port_file:
            partial = arguments.port_file.with_suffix(".partial")
            partial.write_text(doubles.url.rpartition(":")[2])
            partial.replace(arguments.port_file)
        for name, value in doubles.environment.items():
            print(f"export {name}={value}", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
