package transport

// Advice says in a few words what an operator can look at, and do, after a handshake with a peer that was expected to speak as b says. The texts may
// change.
func (f Failure) Advice(b Backend) string {
	switch f {
	case FailedServerKey:
		return "the peer has another key than the one configured for it: see server_public_key_file and server_public_keys here, server_secret_key_file there"
	case FailedRefused, FailedSilent:
		if b != Secure {
			return "the peer may not admit this host: see authorized_client_addresses there"
		}
		return "the peer may not admit our key or this host: see clients_public_keys_directory (ptkeys authorize) and authorized_client_addresses there"
	case FailedMechanism:
		if b != Secure {
			return "the peer may be secure: then its backend is \"secure_zmq\" for us too"
		}
		return "the peer may be plain: then its backend is \"unsecure_zmq\" for us too"
	case FailedProtocol:
		return "something else than a posttroll peer may have that port"
	}
	return ""
}
