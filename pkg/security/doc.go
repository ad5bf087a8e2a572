// Package security holds what a program needs to speak the secure backend, and to choose who may connect to it: its own key pairs, the
// keys of the servers that it knows, and the gate of the sockets that it binds.
//
//	sec, err := security.Open(security.Config{
//		ServerSecretKeyFile:        "/etc/posttroll/keys/server.key_secret",
//		ClientsPublicKeysDirectory: "/etc/posttroll/clients",
//	}, security.Options{Logger: log})
//	...
//	defer sec.Close() // after the sockets
//	node, err := pubsub.New(pubsub.Options{Transport: tr, Settings: settings, Security: sec})
//
// Clients are admitted by key ([Config.ClientsPublicKeysDirectory]), by address ([Config.AuthorizedClientAddresses]), or both; plain sockets by
// address. The folder is watched: a key that is put there is admitted without a restart, one that is taken out loses its connections.
//
// Everything fails closed: a file that can't be read, is no key file or can be read by others is an error when Security is opened; later a key file
// that turns bad admits nobody, and a folder that can't be read admits nobody new. The log says which file and why.
//
// A nil *[Security] is that of a program without keys: its sockets are plain and let everybody in.
package security
