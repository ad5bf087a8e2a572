"""A subscriber as Python posttroll has it: looks its services up, follows the change feed, and prints each message, and
each publisher added or removed, as a line of JSON until it is ended.

Usage: subscriber.py VERSION SERVICE... [--topic T] [--nameserver HOST] [--texts | --count]
"""

import argparse
import datetime as dt
import json
import sys
import time

import zmq
from sockets import SECURE, Sockets, end_when_asked, setting
from wire import DIALECTS, MAGIC, Message, MessageError

LOOKUP_PORT, SECURE_LOOKUP_PORT, FEED_PORT = 5557, 5558, 16543  # unless the settings say otherwise
TIMEOUT = 10  # seconds, of a lookup


class Subscriber:
    """One socket for each publisher, and one for the change feed."""

    def __init__(self, dialect, sockets, topic, services, lookups, feed):
        self._dialect = dialect
        self._sockets = sockets
        self._topic = topic
        self._services = services
        self._lookups = lookups
        self._poller = zmq.Poller()
        self._publishers = {}
        self._feed = self._connect(feed, MAGIC + "/address")

    def _connect(self, uri, topic, backend=None):
        socket = self._sockets.client(zmq.SUB, backend)
        socket.subscribe(topic)
        socket.connect(uri)
        self._poller.register(socket, zmq.POLLIN)
        return socket

    def find(self, service):
        """Look a service up until somebody offers it or the timeout is over."""
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            entries = self._ask(service)
            for entry in entries:
                self._add(entry)
            if entries:
                return
            time.sleep(TIMEOUT / 20)

    def _ask(self, service):
        with self._sockets.client(zmq.REQ) as socket:
            socket.linger = 0
            socket.connect(self._lookups)
            socket.send_string(self._dialect.encode(Message("/oper/ns", "request", {"service": service})))
            if not socket.poll(TIMEOUT * 1000):
                raise TimeoutError("no answer from the nameserver")
            return self._dialect.decode(socket.recv_string()).data

    def _add(self, entry):
        uri = entry["URI"]
        if self._dialect.describes_itself:
            if entry.get("supported_message_version", self._dialect.newest) > self._dialect.newest:
                return
        backend = entry.get("backend") if self._dialect.mixes_backends else None
        if uri not in self._publishers:
            print(json.dumps({"added": uri}), flush=True)
            self._publishers[uri] = self._connect(uri, self._topic, backend)

    def _remove(self, uri):
        socket = self._publishers.pop(uri, None)
        if socket is not None:
            print(json.dumps({"removed": uri}), flush=True)
            self._poller.unregister(socket)
            socket.close()

    def _follow(self, change):
        entry = change.data
        if not entry.get("status", True):
            self._remove(entry["URI"])
        elif any(not service or service in entry.get("service") for service in self._services):
            self._add(entry)

    def receive(self):
        """Yield messages for ever."""
        while True:
            for socket, _ in self._poller.poll():
                text = socket.recv_string()
                try:
                    message = self._dialect.decode(text)
                except MessageError:
                    if self._dialect.drops_bad_messages:
                        print("dropped", text, file=sys.stderr, flush=True)
                        continue
                    raise
                if socket is self._feed:
                    self._follow(message)
                else:
                    yield text, message

    def is_idle(self):
        """Tell whether nothing waits to be received."""
        return not self._poller.poll(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("version", choices=DIALECTS)
    parser.add_argument("service", nargs="+")
    parser.add_argument("--topic", default=MAGIC)
    parser.add_argument("--nameserver", default="localhost")
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--texts", action="store_true", help="print messages as they came")
    shape.add_argument("--count", action="store_true", help="print the last number of each publisher when no more come, and how many were not in turn")
    args = parser.parse_args()
    dialect, sockets = DIALECTS[args.version], Sockets()
    if dialect.mixes_backends and sockets.backend == SECURE:
        port = setting("secure_zmq_nameserver_port", SECURE_LOOKUP_PORT)
    else:
        port = setting("nameserver_port", LOOKUP_PORT)
    subscriber = Subscriber(dialect, sockets, args.topic, args.service, f"tcp://{args.nameserver}:{port}",
                            f"tcp://{args.nameserver}:{setting('address_publish_port', FEED_PORT)}")
    for service in args.service:
        subscriber.find(service)
    counts = Counts()
    for text, message in subscriber.receive():
        if args.count:
            counts.add(message)
            if subscriber.is_idle():
                print(counts, flush=True)
        elif args.texts:
            print("received", text, flush=True)
        else:
            print(json.dumps({"subject": message.subject, "type": message.kind, "version": message.version,
                              "data": message.data}, default=describe), flush=True)


class Counts:
    """The last number of each publisher, and how many messages since its first one did not have the number that was next."""

    def __init__(self):
        self._last = {}
        self._wrong = 0

    def add(self, message):
        publisher, number = message.data["publisher"], message.data["number"]
        last = self._last.get(publisher, number - 1)
        if number != last + 1:
            self._wrong += 1
            print(publisher, "sent", number, "after", last, file=sys.stderr, flush=True)
        self._last[publisher] = number

    def __str__(self):
        return json.dumps({"last": self._last, "wrong": self._wrong}, sort_keys=True)


def describe(value):
    """Mark a datetime, so that it can be told from text."""
    assert isinstance(value, dt.datetime)
    return {"$dt": value.isoformat()}


if __name__ == "__main__":
    end_when_asked()
    main()
