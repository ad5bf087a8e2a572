package curve_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pytroll/posttroll-go/pkg/curve"
)

func TestPublicKeys(t *testing.T) {
	t.Parallel()
	a, b, c := curve.PublicKey{1}, curve.PublicKey{2}, curve.PublicKey{3}
	keys := curve.NewPublicKeys(b, curve.PublicKey{}, a, b)
	if diff := cmp.Diff([]curve.PublicKey{b, a}, slices.Collect(keys.All())); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	if keys.Len() != 2 || keys.At(1) != a {
		t.Errorf("got %d keys, the second %s", keys.Len(), keys.At(1))
	}
	if !keys.Contains(a) || keys.Contains(c) || keys.Contains(curve.PublicKey{}) {
		t.Error("Contains is wrong")
	}
	if keys != curve.NewPublicKeys(b, a) || keys == curve.NewPublicKeys(a, b) {
		t.Error("keys are not compared by what they are, in order")
	}
	if (curve.PublicKeys{}) != curve.NewPublicKeys() {
		t.Error("no keys are not the zero value")
	}
}
