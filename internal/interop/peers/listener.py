"""A subscriber to addresses, as Python posttroll's Subscriber is, which needs no nameserver. It prints each message as it came, and
when it is turned away or loses its connection, until it is ended.

Usage: listener.py URI... [--topic T]...

Lines on its standard input add to it: "topic T", a topic to all that it is connected to; "connect URI", one more address.
"""

import argparse
import sys
import threading

import zmq
from sockets import Sockets, end_when_asked
from wire import MAGIC

REQUESTS = "inproc://requests"  # a socket is for one thread alone
ENDS = (zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH
        | zmq.EVENT_DISCONNECTED)


class Listener:
    """One socket for each address."""

    def __init__(self, sockets, topics):
        self._sockets = sockets
        self._topics = topics
        self._publishers = []
        self._monitors = {}
        self._poller = zmq.Poller()
        self._requests = zmq.Context.instance().socket(zmq.PAIR)
        self._requests.bind(REQUESTS)
        self._poller.register(self._requests, zmq.POLLIN)

    def connect(self, uri):
        socket = self._sockets.client(zmq.SUB)
        for topic in self._topics:
            socket.subscribe(topic)
        monitor = socket.get_monitor_socket(ENDS)
        self._monitors[monitor] = uri
        self._poller.register(monitor, zmq.POLLIN)
        socket.connect(uri)
        self._publishers.append(socket)
        self._poller.register(socket, zmq.POLLIN)

    def subscribe(self, topic):
        self._topics.append(topic)
        for socket in self._publishers:
            socket.subscribe(topic)

    def receive(self):
        """Yield messages for ever."""
        while True:
            for socket, _ in self._poller.poll():
                if socket in self._monitors:
                    socket.recv_multipart()
                    print("turned away from", self._monitors[socket], flush=True)
                elif socket is self._requests:
                    word, rest = socket.recv_string().split(" ", 1)
                    {"topic": self.subscribe, "connect": self.connect}[word](rest)
                else:
                    yield socket.recv_string()


def pass_on_requests():
    socket = zmq.Context.instance().socket(zmq.PAIR)
    socket.connect(REQUESTS)
    for line in sys.stdin:
        socket.send_string(line.rstrip("\n"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("uri", nargs="+")
    parser.add_argument("--topic", action="append", default=[])
    args = parser.parse_args()
    listener = Listener(Sockets(), args.topic or [MAGIC])
    for uri in args.uri:
        listener.connect(uri)
    threading.Thread(target=pass_on_requests, daemon=True).start()
    for text in listener.receive():
        print("received", text, flush=True)


if __name__ == "__main__":
    end_when_asked()
    main()
