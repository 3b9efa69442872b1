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

// WithPassword makes the server demand the password of each account at 127.0.0.1, by
// scram-sha-256. The argument is that of its superuser postgres. Local sockets stay
// trusted.
func WithPassword(password string) Option {
	return func(s *Server) { s.password = password }
}

// WithBinaries takes the programs initdb and postgres from a directory, which may be
// those of another version.
func WithBinaries(directory string) Option {
	return func(s *Server) { s.binaries = directory }
}

// WithTLS makes the server offer TLS at 127.0.0.1, with a certificate and its key in PEM.
func WithTLS(certificate, key []byte) Option {
	return func(s *Server) { s.certificate, s.key = certificate, key }
}
