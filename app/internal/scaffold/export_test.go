package scaffold

// NameFor derives the name of a broker in Go from that of a directory.
func NameFor(directory string) (string, error) {
	taken, err := paths(goLanguage)
	if err != nil {
		return "", err
	}
	return nameFor(directory, topLevel(taken)), nil
}

// ServiceFor derives the name of a service from that of its broker.
func ServiceFor(name string) string { return serviceFor(name) }
