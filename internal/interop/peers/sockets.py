"""Sockets as the plain and the secure backend of Python posttroll make them (doc/protocol.md, section 5)."""

import os
import signal
import threading

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

PLAIN, SECURE = "unsecure_zmq", "secure_zmq"


class ConfigurationError(Exception):
    """A key is needed that is not set. It ends the program, as in the reference."""


def end_when_asked(*others):
    """End at once and with status 0 on SIGTERM. The thread of an authenticator would keep the process. Others are signals that something else waits for.

    A handler would run in the main thread, and not at all when the signal came just before that began to wait in C.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, *others])
    threading.Thread(target=_end, daemon=True).start()


def _end():
    signal.sigwait([signal.SIGTERM])
    os._exit(0)


def setting(name, default=None):
    """Return a setting, from its variable as in the reference."""
    return os.environ.get("POSTTROLL_" + name.upper(), default)


def need(name):
    """Return a setting without which there is no secure socket."""
    value = setting(name)
    if not value:
        raise ConfigurationError(f"Missing config parameter '{name}'")
    return value


class Sockets:
    """Make sockets of the program's backend, or of the one that is asked for."""

    def __init__(self):
        self.backend = setting("backend", PLAIN)
        self._context = zmq.Context.instance()
        self._authenticator = None

    def has_server_keys(self):
        return bool(setting("server_secret_key_file") and setting("clients_public_keys_directory"))

    def server(self, kind, backend=None):
        """Make a socket that is to be bound."""
        socket = self._context.socket(kind)
        if self._is_secure(backend):
            self._authenticate()
            public, secret = zmq.auth.load_certificate(need("server_secret_key_file"))
            socket.curve_publickey, socket.curve_secretkey = public, secret
            socket.curve_server = True
        return socket

    def client(self, kind, backend=None):
        """Make a socket that is to connect."""
        socket = self._context.socket(kind)
        if self._is_secure(backend):
            public, secret = zmq.auth.load_certificate(need("client_secret_key_file"))
            socket.curve_publickey, socket.curve_secretkey = public, secret
            socket.curve_serverkey, _ = zmq.auth.load_certificate(need("server_public_key_file"))
        return socket

    def _is_secure(self, backend):
        backend = backend or self.backend
        if backend not in (PLAIN, SECURE):
            raise NotImplementedError(f"backend {backend}")
        return backend == SECURE

    def _authenticate(self):
        """Start the authenticator of all sockets. It reads the clients' folder once."""
        if self._authenticator is None:
            clients = need("clients_public_keys_directory")
            self._authenticator = ThreadAuthenticator(self._context)
            self._authenticator.start()
            self._authenticator.configure_curve(domain="*", location=clients)
