// Package pubsub is what applications import: publishers that announce themselves, subscribers that find them, and listeners with a queue.
package pubsub
