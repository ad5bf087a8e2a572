// Package curveprobe connects to a ZeroMQ server as a CURVE client, goes through the handshake step by step, and tells how far it came and
// why it ended. libzmq itself does not tell: to a program a server that is down, one that is plain and one that does not admit its key
// are the same silence.
//
//	report, err := curveprobe.Probe{Endpoint: endpoint, ServerKey: server, ClientKey: pair}.Run(ctx)
//
// It speaks the protocols itself, over a connection of its own: ZMTP 3.1 (ZeroMQ RFC 37; servers of 3.0 too) and CurveZMQ (RFC 26). What a
// server makes of a client's key is that of ZAP (RFC 27), of which the wire shows little:
//
//	the handler says   the client sees
//	200                READY
//	300                silence, until either side's patience ends; or the end of the connection, where the handler was quick
//	400, 500           ERROR and that number, then the end of the connection
//	nothing            silence: the handler hangs
//	there is none      READY, or the end of the connection where one is required (ZMQ_ZAP_ENFORCE_DOMAIN)
//
// No secret goes over the wire: the handshake proves that we have the client's secret key, and does not show it.
package curveprobe
