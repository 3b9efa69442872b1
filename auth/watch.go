package auth

import (
	"context"
	"crypto/hmac"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker/internal/filewatch"
)

// LoadBasic returns an authenticator for the credentials of a file. It returns the
// errors of [LoadCredentials] and [NewBasic].
func LoadBasic(path string) (*Basic, error) {
	b := newEmptyBasic()
	if _, err := b.Reload(path); err != nil {
		return nil, err
	}
	return b, nil
}

// Reload replaces the credentials with those of a file and reports whether they
// changed. It does nothing if the file has not changed since the last load. It
// returns the errors of [LoadCredentials] and [NewBasic], and then leaves the
// credentials unchanged. Basic does not verify a password again if its hash stays.
func (b *Basic) Reload(path string) (bool, error) {
	data, err := readCredentials(path)
	if err != nil {
		return false, err
	}
	previous := b.state.Load()
	if set := previous; set != nil && set.source != nil {
		s := set.scratch()
		defer set.release(s)
		if hmac.Equal(set.source[:], s.digest(data)[:]) {
			return false, nil
		}
	}
	credentials, err := ParseCredentials(path, data)
	if err != nil {
		return false, err
	}
	set, err := newCredentialSet(credentials, b.key, previous)
	if err != nil {
		return false, err
	}
	s := set.scratch()
	defer set.release(s)
	source := *s.digest(data)
	set.source = &source
	b.state.Store(set)
	return true, nil
}

// Watch reloads the credentials from a file when it has changed, until ctx ends. It
// detects every way to replace the file: writing in place, renaming another file over it,
// and switching a symbolic link, as Kubernetes does with mounted secrets. It also reads
// the file at the interval poll, for file systems without notifications. If the file is
// missing or invalid, Watch logs the error once and the previous credentials stay in use.
//
//	go basic.Watch(ctx, path, 10*time.Second, logger)
func (b *Basic) Watch(ctx context.Context, path string, poll time.Duration, logger *slog.Logger) {
	logger = logger.With(slog.String("path", path))
	filewatch.Follow(ctx, []string{path}, poll, func(ctx context.Context) error {
		changed, err := b.Reload(path)
		if err != nil {
			return &filewatch.RefusedError{Message: "cannot reload the credentials: the previous ones stay in use", Err: err}
		}
		if changed {
			logger.LogAttrs(ctx, slog.LevelInfo, "credentials reloaded", slog.Int("count", len(b.state.Load().entries)))
		}
		return nil
	}, logger)
}
