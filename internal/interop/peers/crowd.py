"""Connects to the ports of programs that were stopped until their systems let nobody wait any more.

usage: crowd.py tcp://HOST:PORT...
"""
import signal
import socket
import sys


def fill(uri):
    """Return connections to uri, of which the last one was not answered within a second."""
    host, port = uri.removeprefix("tcp://").rsplit(":", 1)
    waiting = []
    while len(waiting) < 5000:
        conn = socket.socket()
        conn.settimeout(1)
        waiting.append(conn)
        try:
            conn.connect((host, int(port)))
        except TimeoutError:
            return waiting
    sys.exit(f"{uri} takes any number of connections")


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
crowds = [fill(uri) for uri in sys.argv[1:]]
print("nobody answers after", [len(c) for c in crowds], flush=True)
signal.pause()
