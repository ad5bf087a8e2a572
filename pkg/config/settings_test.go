package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pytroll/posttroll-go/pkg/config"
)

func TestChanged(t *testing.T) {
	t.Parallel()
	before := config.DefaultSettings()
	after := before.With(func(s *config.Settings) {
		s.Backend = config.Secure
		s.AuthorizedClientAddresses = append(s.AuthorizedClientAddresses, "10.0.0.1")
	})
	if diff := cmp.Diff([]string{"backend", "authorized_client_addresses"}, config.Changed(before, after)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := config.Changed(&before, &before); got != nil {
		t.Errorf("got %v, want none", got)
	}
}

func TestWithLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	s := config.DefaultSettings()
	s.AuthorizedClientAddresses = append(make([]string, 0, 4), "a")
	changed := s.With(func(s *config.Settings) {
		s.AuthorizedClientAddresses[0] = "b"
		s.AuthorizedClientAddresses = append(s.AuthorizedClientAddresses, "c")
	})
	if diff := cmp.Diff([]string{"a"}, s.AuthorizedClientAddresses); diff != "" {
		t.Errorf("original: (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b", "c"}, changed.AuthorizedClientAddresses); diff != "" {
		t.Errorf("copy: (-want +got)\n%s", diff)
	}
}
