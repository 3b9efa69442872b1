package seal

import (
	"context"
	"log/slog"
	"time"

	"github.com/openbroker/openbroker/internal/filewatch"
)

// watchPoll is how often Watch reads the keyset file without a notification.
const watchPoll = 30 * time.Second

// Watch reloads the keyset from its file when the file has changed, as [Keyring.Reload]
// does with check, until ctx ends. It detects every way to replace the file: writing in
// place, renaming another file over it, and switching a symbolic link, as Kubernetes does
// with mounted secrets. It also reads the file every 30 s, for file systems without
// notifications. It logs each keyset that it has adopted, and each error once; on an
// error, the current keyset stays in use. Watch returns immediately if the keyring has no
// file.
//
//	go keyring.Watch(ctx, check, logger)
func (k *Keyring) Watch(ctx context.Context, check CandidateCheck, logger *slog.Logger) {
	if k.path == "" {
		return
	}
	filewatch.Follow(ctx, []string{k.path}, watchPoll, func(ctx context.Context) error {
		changed, err := k.Reload(check)
		if err != nil {
			return &filewatch.RefusedError{Message: "changed keyset refused", Err: err}
		}
		if changed {
			logger.LogAttrs(ctx, slog.LevelInfo, "changed keyset in use", slog.Any("keyset", k))
		}
		return nil
	}, logger)
}
