//go:build unix

package pgtest

// An Option changes how a server is set up.
type Option func(*Server)

// WithFsync makes the server sync to the disk, as in production. By default it does
// not, which makes tests much faster. Without syncs, a crash of the machine loses
// data, but a killed server does not.
func WithFsync() Option {
	return func(s *Server) { s.fsync = true }
}

// WithSetting sets a parameter of postgresql.conf, such as max_connections.
func WithSetting(name, value string) Option {
	return func(s *Server) { s.settings = append(s.settings, name+"="+value) }
}
