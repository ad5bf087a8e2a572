"""The lookups of a nameserver.

Usage: nameserver.py PORT [ANNOUNCEMENTS]

ANNOUNCEMENTS is a file with a message on each line, which are the table. As in the real program the settings are read by donfig and the addresses of this host by
netifaces before anything is answered, and an answer is made from copies of the entries, is
written once for the log, whether that is written or not, and is checked when it is made and when it is written.
"""

import copy
import datetime as dt
import logging
import sys

import netifaces
import zmq
from donfig import Config
from wire import Message

logger = logging.getLogger(__name__)


class Nameserver:
    """A table of publishers, and the socket for lookups."""

    def __init__(self, port):
        self._settings = Config("posttroll", defaults=[{"backend": "unsecure_zmq"}])
        self._addresses = [netifaces.ifaddresses(interface) for interface in netifaces.interfaces()]
        self._entries = {}
        self._socket = zmq.Context().socket(zmq.REP)
        self._socket.bind(f"tcp://*:{port}")
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)

    def learn(self, text):
        """Put an announcement into the table."""
        message = Message.decode(text)
        entry = dict(message.data, status=True, name=message.subject.split("/")[1])
        entry["receive_time"] = dt.datetime.now(dt.timezone.utc)
        self._entries[message.data["URI"]] = entry

    def serve(self):
        """Answer for ever."""
        while True:
            if self._poller.poll(1000):
                request = Message.decode(self._socket.recv_string(zmq.NOBLOCK))
                logger.debug("request: " + request.encode())
                answer = Message("/oper/ns", "info", self._find(request.data["service"]) or "", request.version)
                self._socket.send_string(answer.encode())

    def _find(self, name):
        found = []
        for entry in self._entries.values():
            if name == "" or (name and name in entry["service"]):
                entry = copy.copy(entry)
                entry["receive_time"] = entry["receive_time"].isoformat()
                found.append(entry)
        logger.debug("answer: %s", str(found))
        return found


def main():
    nameserver = Nameserver(sys.argv[1])
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as lines:
            for line in lines:
                nameserver.learn(line.rstrip("\n"))
    nameserver.serve()


main()
