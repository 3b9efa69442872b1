package planvalues

// Uses returns how each function is used, by name.
func Uses() map[string]string {
	uses := map[string]string{}
	for name, f := range functions {
		uses[name] = f.use
	}
	return uses
}
