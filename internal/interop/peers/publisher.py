"""A publisher as Python posttroll has it: announces itself and sends a numbered message every so often until it is ended. Messages
on its standard input are sent as they stand there. Between SIGUSR1 and SIGUSR2 it makes no announcements.

Usage: publisher.py VERSION NAME [--alias A]... [--nameserver HOST]... [--subject S] [--datetimes] [--port P]
                    [--verbose] [--asked]
"""

import argparse
import datetime as dt
import itertools
import queue
import sys
import threading

import zmq
from announcing import PAUSE, Announcer, own_address
from sockets import Sockets, end_when_asked
from wire import DIALECTS, MAGIC, Message


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("version", choices=DIALECTS)
    parser.add_argument("name")
    parser.add_argument("--alias", action="append", default=[])
    parser.add_argument("--nameserver", action="append", default=[])
    parser.add_argument("--subject", default="/counter")
    parser.add_argument("--datetimes", action="store_true", help="put a datetime into the data")
    parser.add_argument("--port", type=int, help="bind this port instead of a free one")
    parser.add_argument("--verbose", action="store_true", help="print what is sent")
    parser.add_argument("--asked", action="store_true",
                        help="send only what is asked for: a number of messages on a line of standard input")
    args = parser.parse_args()
    dialect = DIALECTS[args.version]

    sockets = Sockets()
    socket = sockets.server(zmq.PUB)
    port = args.port
    if port:
        socket.bind(f"tcp://*:{port}")
    else:
        port = socket.bind_to_random_port("tcp://*", 49152, 65536)
    uri = f"tcp://{own_address()}:{port}"
    announcer = Announcer(dialect, sockets, args.name, uri, [args.name, *args.alias], 0.5, args.nameserver)
    announcer.pause_when_asked()
    announcer.start()
    print(uri, flush=True)

    number = itertools.count(1)
    for request in requests(args.asked):
        if not announcer.is_alive():
            sys.exit("the announcer ended")
        texts = [request] if request.startswith(MAGIC) else numbered(args, dialect, itertools.islice(number, int(request)))
        for text in texts:
            if args.verbose:
                print("sent", text, flush=True)
            socket.send_string(text)


def requests(asked):
    """Yield the lines of standard input, and when none comes within 100 ms that one message is asked for."""
    lines = queue.Queue()
    threading.Thread(target=lambda: [lines.put(line.rstrip("\n")) for line in sys.stdin], daemon=True).start()
    while True:
        try:
            yield lines.get(timeout=None if asked else 0.1)
        except queue.Empty:
            yield "1"


def numbered(args, dialect, numbers):
    """Yield messages with these numbers."""
    for number in numbers:
        data = {"publisher": args.name, "number": number, "station": "norrk\u00f6ping", "ratio": 0.5, "sensor": ["viirs"]}
        if args.datetimes:
            data["start_time"] = dt.datetime(2024, 5, 17, 9, 26, 3, 700000)
        yield dialect.encode(Message(args.subject, "file", data))


if __name__ == "__main__":
    end_when_asked(*PAUSE)
    main()
