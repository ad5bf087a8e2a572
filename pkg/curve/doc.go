// Package curve holds the keys of CURVE, the encryption of ZeroMQ: key pairs, their Z85 text, the certificate files of pyzmq and CZMQ,
// and the folder of the clients that a server admits. It opens no socket and never logs.
//
// A key pair is made and written once, by [Generate] and [Certificate.WritePair], or by the program ptkeys, or by Python's
// posttroll-generate-keys:
//
//	cert, err := curve.Generate()
//	err = cert.WritePair("/etc/posttroll/keys", "alice", curve.WriteOptions{})
//
// A server reads its own pair and the clients that it admits, a client its own pair and the server's public key:
//
//	pair, err := curve.ReadPair("/etc/posttroll/keys/server.key_secret", curve.ReadOptions{})
//	clients, err := curve.ReadClients("/etc/posttroll/clients")
//	server, err := curve.ReadPublic("/etc/posttroll/keys/server.key")
//
// The algorithm is CurveZMQ (ZeroMQ RFC 26) with the X25519 keys of RFC 7748, the text Z85 (ZeroMQ RFC 32), the files ZPL (ZeroMQ RFC 4);
// doc/keys.md describes them for operators.
//
// No error, and no way of printing, tells anything of a secret key; [SecretKey.Reveal] alone does. A secret key is wiped by its last user:
// [SecretKey.Wipe]. That holds for the buffers of this package; what the standard library copied while deriving a public key is left to the
// garbage collector.
//
// Functions may be called concurrently, and so may the methods of keys and of [Clients], with the exception of Wipe.
package curve
