"""Sockets as the plain and the secure backend of Python posttroll make them (doc/protocol.md, section 5)."""

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

PLAIN, SECURE = "unsecure_zmq", "secure_zmq"


class ConfigurationError(Exception):
    """A key is needed that is not set. It ends the program, as in the reference."""


def add_options(parser):
    """Add the settings that the reference takes from its configuration, under their names."""
    parser.add_argument("--backend", choices=[PLAIN, SECURE], default=PLAIN)
    for setting in ("server-secret-key-file", "clients-public-keys-directory",
                    "client-secret-key-file", "server-public-key-file"):
        parser.add_argument("--" + setting)


class Sockets:
    """Make sockets of the program's backend, or of the one that is asked for."""

    def __init__(self, options):
        self.backend = options.backend
        self._options = vars(options)
        self._context = zmq.Context.instance()
        self._authenticator = None

    def has_server_keys(self):
        return bool(self._options["server_secret_key_file"] and self._options["clients_public_keys_directory"])

    def server(self, kind, backend=None):
        """Make a socket that is to be bound."""
        socket = self._context.socket(kind)
        if self._is_secure(backend):
            self._authenticate()
            public, secret = zmq.auth.load_certificate(self._need("server_secret_key_file"))
            socket.curve_publickey, socket.curve_secretkey = public, secret
            socket.curve_server = True
        return socket

    def client(self, kind, backend=None):
        """Make a socket that is to connect."""
        socket = self._context.socket(kind)
        if self._is_secure(backend):
            public, secret = zmq.auth.load_certificate(self._need("client_secret_key_file"))
            socket.curve_publickey, socket.curve_secretkey = public, secret
            socket.curve_serverkey, _ = zmq.auth.load_certificate(self._need("server_public_key_file"))
        return socket

    def _is_secure(self, backend):
        backend = backend or self.backend
        if backend not in (PLAIN, SECURE):
            raise NotImplementedError(f"backend {backend}")
        return backend == SECURE

    def _need(self, setting):
        if not self._options[setting]:
            raise ConfigurationError(f"Missing config parameter '{setting}'")
        return self._options[setting]

    def _authenticate(self):
        """Start the authenticator of all sockets. It reads the clients' folder once."""
        if self._authenticator is None:
            clients = self._need("clients_public_keys_directory")
            self._authenticator = ThreadAuthenticator(self._context)
            self._authenticator.start()
            self._authenticator.configure_curve(domain="*", location=clients)
