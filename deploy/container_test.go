package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// read returns the text of a file.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// instructions returns those of the recipe, each on one line.
func instructions(t *testing.T) (all [][]string) {
	t.Helper()
	text := strings.ReplaceAll(read(t, "container/Containerfile"), "\\\n", " ")
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			all = append(all, words)
		}
	}
	return all
}

// TestRecipeCopiesWhatIsThere: what the recipe takes from the repository is there, and is sent to the builder.
func TestRecipeCopiesWhatIsThere(t *testing.T) {
	t.Parallel()
	sent := strings.Split(read(t, "container/Containerfile.containerignore"), "\n")
	copied := 0
	for _, words := range instructions(t) {
		if words[0] != "COPY" || strings.HasPrefix(words[1], "--from") {
			continue
		}
		for _, source := range words[1 : len(words)-1] {
			copied++
			source = strings.TrimSuffix(source, "/")
			if _, err := os.Stat(filepath.Join("..", source)); err != nil {
				t.Error(err)
			}
			if !slices.Contains(sent, "!"+source) {
				t.Errorf("%s is not sent to the builder", source)
			}
		}
	}
	if copied < 7 {
		t.Errorf("only %d sources are copied", copied)
	}
}

// TestRecipeManners holds what no tool looks at: one Debian for both stages, no root, the go of this module.
func TestRecipeManners(t *testing.T) {
	t.Parallel()
	last := make(map[string]string)
	var from []string
	for _, words := range instructions(t) {
		last[words[0]] = strings.Join(words[1:], " ")
		if words[0] == "FROM" {
			from = append(from, words[1])
		}
	}
	if want := []string{"golang:1.26-bookworm", "debian:bookworm-slim"}; !slices.Equal(from, want) {
		t.Errorf("stages are from %q, want %q", from, want)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(read(t, "../go.mod"))[1]
	if !strings.Contains(from[0], ":"+version+"-") {
		t.Errorf("built with %s, go.mod asks for %s", from[0], version)
	}
	if user := last["USER"]; !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		t.Errorf("runs as %q, want numbers of a user and a group that are not root", user)
	}
	if last["CMD"] != `["nameserverd"]` || !strings.Contains(last["HEALTHCHECK"], `CMD ["ptctl", "services", "--timeout", "3s"]`) {
		t.Errorf("runs %s, health %s", last["CMD"], last["HEALTHCHECK"])
	}
}

// quadletKeys are those of podman-systemd.unit(5) that may stand in the units of containers.
var quadletKeys = []string{
	"Image", "ContainerName", "Exec", "Network", "Volume", "Tmpfs", "Secret", "ReadOnly", "NoNewPrivileges", "DropCapability", "Notify",
	"HealthCmd", "HealthInterval", "HealthTimeout", "HealthStartPeriod", "HealthRetries", "HealthOnFailure",
}

// TestQuadlets holds the units of Podman to the keys that there are, and to the manners of the units that systemd runs itself.
func TestQuadlets(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("container/*.container")
	if err != nil || len(files) != 2 {
		t.Fatalf("units: %q, %v", files, err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".container")
		text, section := read(t, file), ""
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			key, value, isKey := strings.Cut(strings.TrimPrefix(line, "#"), "=")
			switch {
			case strings.HasPrefix(line, "["):
				section = line
			case section != "[Container]" || !isKey || strings.Contains(key, " "):
			case !slices.Contains(quadletKeys, key) || value == "":
				t.Errorf("%s: %s", file, line)
			}
		}
		for _, line := range []string{
			"ContainerName=" + name, "Network=host", "ReadOnly=true", "NoNewPrivileges=true", "DropCapability=all", "Notify=true",
			"ExecReload=/usr/bin/podman kill --signal HUP " + name, "Restart=on-failure", "RestartPreventExitStatus=2 78", "WantedBy=multi-user.target",
		} {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%s has no line %s", file, line)
			}
		}
		program := regexp.MustCompile(`(?m)^(?:Exec|HealthCmd)=(\w+)`)
		for _, m := range program.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("../cmd", m[1])); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}
