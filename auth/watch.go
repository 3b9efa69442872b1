package auth

import (
	"context"
	"crypto/hmac"
	"log/slog"
	"time"
)

// LoadBasic returns an authenticator for the credentials of a file. The errors
// are those of [LoadCredentials] and [NewBasic].
func LoadBasic(path string) (*Basic, error) {
	b := newEmptyBasic()
	if _, err := b.Reload(path); err != nil {
		return nil, err
	}
	return b, nil
}

// Reload replaces the credentials by those of a file, and tells whether it did:
// it does nothing if the file has the content that the credentials came from. If
// it returns an error, of [LoadCredentials] or [NewBasic], nothing has changed.
// Passwords that were verified against a hash that stays are not verified again.
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

// Watch reloads the credentials from a file whenever ticks delivers, until ctx
// is done or ticks is closed. It opens the path each time, so it does not matter
// how the file is replaced: written in place, renamed over, or by switching a
// symbolic link as Kubernetes does with mounted secrets. A file that is missing
// or unacceptable is logged once, and the former credentials stay in use.
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
			logger.LogAttrs(ctx, slog.LevelError, "credentials not reloaded: the former ones stay in use", slog.String("error", failure))
		case err == nil && changed:
			logger.LogAttrs(ctx, slog.LevelInfo, "credentials reloaded", slog.Int("count", len(b.state.Load().entries)))
		}
		if err == nil {
			failure = ""
		}
	}
}
