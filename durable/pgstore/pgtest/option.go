//go:build unix

package pgtest

// An Option changes how a server is set up.
type Option func(*Server)

// WithFsync makes the server write to the disk for real, as in production. The
// default does not: a killed server still loses nothing, only a machine would,
// and tests are much faster.
func WithFsync() Option {
	return func(s *Server) { s.fsync = true }
}

// WithSetting sets a parameter of postgresql.conf, for example max_connections.
func WithSetting(name, value string) Option {
	return func(s *Server) { s.settings = append(s.settings, name+"="+value) }
}
