"""Announcing, and the sockets of multicast (doc/protocol.md, section 5)."""

import signal
import socket
import struct
import sys
import threading

import zmq
from sockets import SECURE
from wire import Message

GROUP, PORT, TTL = "225.0.0.212", 21200, 31
PAUSE = signal.SIGUSR1, signal.SIGUSR2


def own_address():
    """The address that a publisher announces. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("8.8.8.8", 80))
        return probe.getsockname()[0]


def receiver():
    """Join the group."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("", PORT))
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                    struct.pack("=4sl", socket.inet_aton(GROUP), socket.INADDR_ANY))
    return sock


class Announcer(threading.Thread):
    """Announce a publisher until stopped: to nameservers where some are given, else by multicast."""

    def __init__(self, dialect, sockets, name, uri, services, interval, nameservers):
        super().__init__(daemon=True)
        if nameservers and sockets.backend == SECURE:
            raise NotImplementedError("nameservers can't be told by the secure backend")
        data = {"URI": uri, "service": services}
        if dialect.describes_itself:
            data.update(supported_message_version=dialect.newest, backend=sockets.backend)
        self._text = dialect.encode(Message(f"/address/{name}", "info", data))
        self._sockets = sockets
        self._interval = interval
        self._nameservers = nameservers
        self._stopped = threading.Event()
        self._turn = threading.Lock()  # held while an announcement is made, and while there are to be none

    def pause_when_asked(self):
        """Make no announcement from SIGUSR1, as soon as the standard error says so, to SIGUSR2. All threads block these."""
        threading.Thread(target=self._pause, daemon=True).start()

    def _pause(self):
        while True:
            if signal.sigwait(PAUSE) == signal.SIGUSR2:
                self._turn.release()
                continue
            self._turn.acquire()
            print("paused", file=sys.stderr, flush=True)

    def run(self):
        group = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        group.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, TTL)
        while not self._stopped.is_set():
            with self._turn:
                if not self._nameservers:
                    group.sendto(self._text.encode(), (GROUP, PORT))
                for nameserver in self._nameservers:
                    self._register(nameserver)
            self._stopped.wait(self._interval)

    def _register(self, nameserver):
        """Register over a connection of its own, and wait for the answer as long as it takes."""
        address = nameserver if ":" in nameserver else f"{nameserver}:{PORT}"
        with self._sockets.client(zmq.REQ) as sock:
            sock.linger = 0
            sock.connect("tcp://" + address)
            sock.send_string(self._text)
            while not self._stopped.is_set():
                if sock.poll(100):
                    answer = sock.recv_string()
                    assert answer == "ok", f"the nameserver acknowledged with {answer!r}"
                    return

    def stop(self):
        self._stopped.set()
