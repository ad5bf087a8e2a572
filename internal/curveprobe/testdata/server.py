"""A server that binds a ZeroMQ socket and leaves all else to libzmq and pyzmq.

Usage: server.py KIND SOCKET SERVER_SECRET_FILE CLIENTS_DIRECTORY

Prints the port, and runs until standard input ends. SOCKET is the socket's type, as PUB. KIND is what stands before it:

    open            CURVE without an authenticator, which admits everybody
    allowed         CURVE with pyzmq's ThreadAuthenticator and the keys in CLIENTS_DIRECTORY
    any             the same, any key
    denied-address  the same, and 127.0.0.1 refused
    300, 400, 500   CURVE with an authenticator that gives this answer
    hangs           CURVE with an authenticator that gives none
    enforced        CURVE with a domain that must be enforced, and no authenticator
    null, plain     no CURVE
"""

import os
import sys
import threading

import zmq
import zmq.auth
import zmq.auth.thread

ZAP_ENFORCE_DOMAIN = 93  # pyzmq has no name for it


def handler(context, status):
    """Answer all requests for admission alike (ZAP, RFC 27)."""
    socket = context.socket(zmq.REP)
    socket.bind("inproc://zeromq.zap.01")

    def answer():
        while True:
            request = socket.recv_multipart()
            if status:
                socket.send_multipart([b"1.0", request[1], status.encode(), b"", b"", b""])

    threading.Thread(target=answer, daemon=True).start()


def authenticate(context, kind, clients):
    authenticator = zmq.auth.thread.ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain="*", location=zmq.auth.CURVE_ALLOW_ANY if kind == "any" else clients)
    if kind == "denied-address":
        authenticator.deny("127.0.0.1")
    return authenticator


def main(kind, socket_type, secret_file, clients):
    context = zmq.Context()
    socket = context.socket(getattr(zmq, socket_type))
    socket.linger = 0
    authenticator = None
    if kind in ("allowed", "any", "denied-address"):
        authenticator = authenticate(context, kind, clients)
    elif kind == "hangs":
        handler(context, None)
    elif kind.isdigit():
        handler(context, kind)
    elif kind == "enforced":
        socket.setsockopt(ZAP_ENFORCE_DOMAIN, 1)
        socket.zap_domain = b"strict"
    if kind == "plain":
        socket.plain_server = True
    elif kind != "null":
        socket.curve_publickey, socket.curve_secretkey = zmq.auth.load_certificate(secret_file)
        socket.curve_server = True
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    print(port, flush=True)
    sys.stdin.read()
    if authenticator:
        authenticator.stop()
    os._exit(0)  # what stands in its socket would hold up the end of the context


main(*sys.argv[1:])
