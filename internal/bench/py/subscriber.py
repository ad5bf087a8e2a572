"""A subscriber that decodes each message, and counts them on the board.

Usage: subscriber.py BOARD SLOT QUEUE sleep|no-sleep ENDPOINT...

As in the real program there is a poll of all sockets for each round, one message is taken of each socket that has some, and before each round it sleeps
for no time at all, which gives other threads their turn and takes some 50 microseconds, since the kernel rounds up. "no-sleep" leaves that out.
"""

import sys
import time

import zmq
from board import WORDS_PER_SLOT, open_board
from wire import MAGIC, Message


class Subscriber:
    """A socket for each publisher."""

    def __init__(self, queue, endpoints):
        context = zmq.Context()
        self._poller = zmq.Poller()
        self._sockets = []
        for endpoint in endpoints:
            socket = context.socket(zmq.SUB)
            socket.rcvhwm = queue
            socket.subscribe(MAGIC)
            socket.connect(endpoint)
            self._poller.register(socket, zmq.POLLIN)
            self._sockets.append(socket)

    def messages(self, sleeps):
        """Yield messages for ever."""
        while True:
            if sleeps:
                time.sleep(0)
            yield from self._round()

    def _round(self):
        ready = dict(self._poller.poll())
        for socket in self._sockets:
            if ready.get(socket) == zmq.POLLIN:
                yield Message.decode(socket.recv_string(zmq.NOBLOCK))


def main():
    name, slot, queue, sleep, *endpoints = sys.argv[1:]
    words, word = open_board(name), int(slot) * WORDS_PER_SLOT
    received = 0
    for _ in Subscriber(int(queue), endpoints).messages(sleep == "sleep"):
        received += 1
        words[word] = received


main()
