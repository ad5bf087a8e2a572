package logging_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pytroll/posttroll-go/pkg/logging"
	"go.uber.org/zap"
)

// With a file the log is JSON lines, whatever is logged.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "logging")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "nameserverd.log")

	log, err := logging.Open(logging.Config{Program: "nameserverd", File: file})
	if err != nil {
		panic(err)
	}
	log.Named("discovery").Info("publisher added", zap.String("uri", "tcp://10.0.0.1:9000"))
	if err := log.Close(); err != nil {
		panic(err)
	}

	text, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	_, line, _ := strings.Cut(string(text), ",") // without the time
	_, line, _ = strings.Cut(line, ",")
	fmt.Print(line)
	// Output: "logger":"discovery","message":"publisher added","uri":"tcp://10.0.0.1:9000"}
}
