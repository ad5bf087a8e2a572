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
// Everything fails closed. A key file that can't be read, is none or can be read by others is an error when Security is opened. A folder of clients that is
// not there admits nobody until it is; a file in it that turns bad admits nobody, and the log says which and why. Whoever would not be admitted now loses the
// connection, with one exception: where nobody can tell, since a file or the folder can't be read for a reason that says nothing of the key (EMFILE, EIO, EACCES), who
// is in stays and nobody new is admitted.
//
// Changes are seen within a second. File systems that do not tell of them, as NFS of what other hosts do, are looked at every minute.
//
// Settings are often those of a whole host, and some of its files readable by its daemons alone: a program that only connects opens [Config.Connecting], one that
// only binds [Config.Binding].
//
// A nil *[Security] is that of a program without keys: its sockets are plain and let everybody in.
package security
