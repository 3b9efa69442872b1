package filewatch

import "github.com/fsnotify/fsnotify"

// Concerns reports whether Follow reads its paths after a notification.
func Concerns(paths []string, event fsnotify.Event) bool {
	return (&follower{paths: paths}).concerns(event)
}
