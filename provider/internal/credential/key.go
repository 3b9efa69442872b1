package credential

// maxKeyLength is the longest name of a file in a binding.
const maxKeyLength = 253

// ValidKey reports whether file-based service bindings accept the key: Cloud Foundry
// and servicebinding.io make a file of each, and refuse other names.
func ValidKey(key string) bool {
	if key == "" || len(key) > maxKeyLength {
		return false
	}
	for _, c := range []byte(key) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return true
}
