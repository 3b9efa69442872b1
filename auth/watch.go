package auth

import (
	"context"
	"crypto/hmac"
	"log/slog"
	"time"
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
// changed. It does nothing if the content of the file is the one that was loaded
// last. On an error, which is one of [LoadCredentials] or [NewBasic], the
// credentials stay unchanged. Basic does not verify a password again if its hash
// stays.
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

// Watch reloads the credentials from a file whenever ticks delivers, until ctx is
// done or ticks is closed. It opens the path each time and so notices every way
// to replace the file: writing in place, renaming another file over it, and
// switching a symbolic link, as Kubernetes does with mounted secrets. If the file
// is missing or invalid, Watch logs the error once and the previous credentials
// stay in use.
//
//	go basic.Watch(ctx, path, time.Tick(10*time.Second), logger)
func (b *Basic) Watch(ctx context.Context, path string, ticks <-chan time.Time, logger *slog.Logger) {
	logger = logger.With(slog.String("path", path))
	failure := ""
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-ticks:
			if !open {
				return
			}
		}
		changed, err := b.Reload(path)
		switch {
		case err != nil && err.Error() != failure:
			failure = err.Error()
			logger.LogAttrs(ctx, slog.LevelError, "cannot reload the credentials: the previous ones stay in use", slog.String("error", failure))
		case err == nil && changed:
			logger.LogAttrs(ctx, slog.LevelInfo, "credentials reloaded", slog.Int("count", len(b.state.Load().entries)))
		}
		if err == nil {
			failure = ""
		}
	}
}
