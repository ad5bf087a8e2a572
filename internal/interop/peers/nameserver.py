"""A nameserver as Python posttroll has it (doc/protocol.md, section 6), in one loop, so that whatever ends one of its
parts in the real program ends this one.

Usage: nameserver.py VERSION [--no-multicast] [--max-age SECONDS]
"""

import argparse
import datetime as dt
import sys

import zmq
from announcing import PORT, Announcer, own_address, receiver
from sockets import PLAIN, SECURE, Sockets, end_when_asked
from wire import DIALECTS, Message

LOOKUP_PORT, SECURE_LOOKUP_PORT, FEED_PORT = 5557, 5558, 16543
HEARTBEAT = 29  # seconds


class Nameserver:
    """The table of publishers, and the sockets around it."""

    def __init__(self, dialect, sockets, multicast, max_age):
        self._dialect = dialect
        self._max_age = dt.timedelta(seconds=max_age)
        self._checked = self._beaten = None
        self._entries = {}
        self._lookups = self._bind_lookups(sockets)
        self._feed = sockets.server(zmq.PUB)
        self._feed.bind(f"tcp://*:{FEED_PORT}")
        if multicast:
            self._announcements = receiver()
        else:
            self._announcements = sockets.server(zmq.REP)
            self._announcements.bind(f"tcp://*:{PORT}")
        self._announcer = None
        if not multicast or dialect.feed_by_multicast:
            self._announcer = Announcer(dialect, sockets, "address_receiver", f"tcp://{own_address()}:{FEED_PORT}",
                                        ["address_receiver", "addresses"], 2, [] if multicast else ["localhost"])

    def _bind_lookups(self, sockets):
        """Bind the socket for lookups; from 1.14 on the plain one always and with keys the secure one too."""
        if not self._dialect.mixes_backends:
            ports = {LOOKUP_PORT: sockets.backend}
        elif sockets.has_server_keys():
            ports = {LOOKUP_PORT: PLAIN, SECURE_LOOKUP_PORT: SECURE}
        else:
            ports = {LOOKUP_PORT: PLAIN}
        bound = []
        for port, backend in ports.items():
            socket = sockets.server(zmq.REP, backend)
            socket.bind(f"tcp://*:{port}")
            bound.append(socket)
        return bound

    def run(self):
        if self._announcer:
            self._announcer.start()
        poller = zmq.Poller()
        for lookups in self._lookups:
            poller.register(lookups, zmq.POLLIN)
        poller.register(self._announcements, zmq.POLLIN)
        print("ready", flush=True)
        while not self._announcer or self._announcer.is_alive():
            ready = dict(poller.poll(500))
            self._check_age()
            self._beat()
            for lookups in ready.keys() & set(self._lookups):
                self._answer(lookups)
            if ready.keys() - set(self._lookups):
                self._learn(self._receive())
        sys.exit("the announcer ended")

    def _receive(self):
        """Take one announcement in. What is longer than 1024 bytes is cut."""
        if hasattr(self._announcements, "recvfrom"):
            return self._announcements.recvfrom(1024)[0].decode()
        text = self._announcements.recv_string()
        self._announcements.send_string("ok")
        return text

    def _learn(self, text):
        message = self._dialect.decode(text)
        if message.kind != "info" or not message.subject.lower().startswith("/address"):
            print("ignored", text, file=sys.stderr, flush=True)
            return
        uri = message.data["URI"]
        message.data["status"] = True
        entry = dict(message.data, name=message.subject.split("/")[1], receive_time=self._dialect.now())
        if uri not in self._entries:
            print("added", uri, file=sys.stderr, flush=True)
            message.version = self._dialect.feed_version(message)
            self._feed.send_string(self._dialect.encode(message))
        self._entries[uri] = entry

    def _answer(self, lookups):
        request = self._dialect.decode(lookups.recv_string())
        name = request.data["service"]
        entries = [dict(entry, receive_time=entry["receive_time"].isoformat())
                   for entry in self._entries.values() if name == "" or (name and name in entry["service"])]
        answer = Message("/oper/ns", "info", entries, version=request.version)
        lookups.send_string(self._dialect.encode(answer))

    def _check_age(self):
        now = self._dialect.now()
        if self._checked and now - self._checked <= self._max_age / 20:
            return
        self._checked = now
        for uri in [uri for uri, entry in self._entries.items() if now - entry["receive_time"] > self._max_age]:
            entry = self._entries.pop(uri)
            print("removed", uri, file=sys.stderr, flush=True)
            gone = {"status": False, "URI": uri, "service": entry["service"]}
            self._feed.send_string(self._dialect.encode(Message("/address/" + entry["name"], "info", gone)))

    def _beat(self):
        now = self._dialect.now()
        if self._beaten is None or now - self._beaten >= dt.timedelta(seconds=HEARTBEAT):
            self._beaten = now
            beat = Message("/heartbeat/address_receiver", "beat", {"min_interval": HEARTBEAT})
            self._feed.send_string(self._dialect.encode(beat))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("version", choices=DIALECTS)
    parser.add_argument("--no-multicast", action="store_true")
    parser.add_argument("--max-age", type=float, default=600, metavar="SECONDS")
    args = parser.parse_args()
    Nameserver(DIALECTS[args.version], Sockets(), not args.no_multicast, args.max_age).run()


if __name__ == "__main__":
    end_when_asked()
    main()
