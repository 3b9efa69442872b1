package catalog

// OnCompile makes the validator call f for each compilation.
func (v *Validator) OnCompile(f func()) { v.compiled = f }
