"""A publisher as Python posttroll has it: announces itself and sends a numbered message every so often until it is ended.

Usage: publisher.py VERSION NAME [--alias A]... [--nameserver HOST]... [--subject S] [--datetimes] [--port P]
"""

import argparse
import datetime as dt
import sys
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

    number = 0
    while announcer.is_alive():
        number += 1
        data = {"publisher": args.name, "number": number, "station": "norrk\u00f6ping", "ratio": 0.5, "sensor": ["viirs"]}
        if args.datetimes:
            data["start_time"] = dt.datetime(2024, 5, 17, 9, 26, 3, 700000)
        socket.send_string(dialect.encode(Message(args.subject, "file", data)))
        time.sleep(0.1)
    sys.exit("the announcer ended")


if __name__ == "__main__":
    end_when_asked()
    main()
