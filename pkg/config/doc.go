// Package config is being written.
package config
