package zmq

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/pytroll/posttroll-go/pkg/curve"
	"github.com/pytroll/posttroll-go/pkg/transport"
)

// errOtherSecurity refuses to connect twice to one place in two ways: libzmq connects to an endpoint once only.
var errOtherSecurity = errors.New("it is connected with another backend or other keys: disconnect it first")

// checkAddress refuses what can't be connected to, and spells the backend out.
func checkAddress(addr transport.Address, client curve.KeyPair) (transport.Address, error) {
	if err := addr.Endpoint.CheckConnect(); err != nil {
		return addr, fmt.Errorf("connect: %w", err)
	}
	addr = addr.Normal()
	if err := checkClientKeys(addr, client); err != nil {
		return addr, fmt.Errorf("connect %s: %w", addr.Endpoint, err)
	}
	return addr, nil
}

func checkClientKeys(addr transport.Address, client curve.KeyPair) error {
	b, err := transport.ParseBackend(string(addr.Backend))
	switch {
	case err != nil:
		return err
	case b == transport.Plain, addr.Endpoint.Scheme() == "inproc":
		return nil
	case addr.ServerKeys.Len() == 0:
		return fmt.Errorf("%w: no public key of the server (server_public_key_file, server_public_keys)", transport.ErrNoKeys)
	case client.Secret.IsZero():
		return fmt.Errorf("%w: no key pair of the client (client_secret_key_file)", transport.ErrNoKeys)
	}
	return nil
}

// serverKeys are the public keys that the peer at addr may have, at least one; none where the connection is plain. inproc always is.
func serverKeys(addr transport.Address) curve.PublicKeys {
	if addr.Backend != transport.Secure || addr.Endpoint.Scheme() == "inproc" {
		return curve.PublicKeys{}
	}
	return addr.ServerKeys
}

// setClientSecurity makes the connections that the socket opens from now on CURVE ones to a server with that key; the zero key makes them plain. libzmq copies its
// options when it connects, so that those of one socket may differ. After an error the options are neither the one nor the other:
// nobody may connect then.
func setClientSecurity(socket unsafe.Pointer, server curve.PublicKey, client curve.KeyPair) error {
	if server.IsZero() {
		return wrap("ZMQ_CURVE_SERVER", setOptionInt(socket, optCurveServer, 0)) // mechanism NULL
	}
	secret := client.Secret.Reveal()
	defer clear(secret)
	if secret == nil {
		return fmt.Errorf("%w: the key pair of the client was wiped", transport.ErrNoKeys)
	}
	public := client.Secret.Public()
	return errors.Join(
		wrap("ZMQ_CURVE_PUBLICKEY", setOption(socket, optCurvePublicKey, public[:])),
		wrap("ZMQ_CURVE_SECRETKEY", setOption(socket, optCurveSecretKey, secret)),
		wrap("ZMQ_CURVE_SERVERKEY", setOption(socket, optCurveServerKey, server[:])),
	)
}
