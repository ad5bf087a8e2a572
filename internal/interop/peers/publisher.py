"""A publisher as Python posttroll has it: announces itself and sends a numbered message every so often until it is ended.

Usage: publisher.py VERSION NAME [--alias A]... [--nameserver HOST]... [--subject S] [--datetimes] [--port P]
                    [--verbose] [--lines FILE] [--asked]
"""

import argparse
import datetime as dt
import itertools
import sys
import threading
import time

import zmq
from announcing import Announcer, own_address
from sockets import Sockets, end_when_asked
from wire import DIALECTS, Message


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
    parser.add_argument("--lines", metavar="FILE", help="send its lines, too, one after each of the first messages")
    parser.add_argument("--asked", action="store_true", help="send as many messages as a line of standard input says, then the next one")
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
    announcer.start()
    print(uri, flush=True)

    lines = read(args.lines)
    for number in when_asked() if args.asked else steadily():
        if not announcer.is_alive():
            sys.exit("the announcer ended")
        data = {"publisher": args.name, "number": number, "station": "norrk\u00f6ping", "ratio": 0.5, "sensor": ["viirs"]}
        if args.datetimes:
            data["start_time"] = dt.datetime(2024, 5, 17, 9, 26, 3, 700000)
        for text in [dialect.encode(Message(args.subject, "file", data)), *lines[number - 1:number]]:
            if args.verbose:
                print("sent", text, flush=True)
            socket.send_string(text)


def read(name):
    """Return the lines of a file, without their ends."""
    if not name:
        return []
    with open(name, encoding="utf-8", newline="\n") as file:
        return [line.removesuffix("\n") for line in file]


def steadily():
    """Count from 1, ten numbers a second."""
    for number in itertools.count(1):
        yield number
        time.sleep(0.1)


def when_asked():
    """Count from 1, as many numbers at a time as a line of standard input says."""
    number = itertools.count(1)
    for line in sys.stdin:
        yield from itertools.islice(number, int(line))
    threading.Event().wait()


if __name__ == "__main__":
    end_when_asked()
    main()
