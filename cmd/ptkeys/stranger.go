package main

import (
	"context"

	"github.com/pytroll/posttroll-go/internal/curveprobe"
	"github.com/pytroll/posttroll-go/pkg/curve"
)

// tryStranger tries a server that has admitted us with a key that nobody knows, and returns what is to be told of both: that it admits anybody, that it
// refused the stranger, or why that could not be seen.
func (t *trying) tryStranger(ctx context.Context, to target, us curveprobe.Report) (report curveprobe.Report, refusal curveprobe.Outcome, err error) {
	unknown, err := curve.Generate()
	if err != nil {
		return us, "", err
	}
	defer unknown.Secret.Wipe()
	stranger, err := curveprobe.Probe{Endpoint: to.endpoint, ServerKey: to.server, ClientKey: unknown.KeyPair, Timeout: t.timeout}.Run(ctx)
	if err != nil {
		return us, "", err
	}
	switch stranger.Outcome {
	case curveprobe.Admitted:
		us.Outcome = curveprobe.AdmitsAnybody
		return us, "", nil
	case curveprobe.NotAdmitted, curveprobe.NoVerdict, curveprobe.ClosedOnKey, curveprobe.AuthenticatorFailed:
		return us, stranger.Outcome, nil
	}
	return stranger, "", nil
}
