package document

// An Object is a JSON object, or nil. It is stored as a JSON string that contains the
// object's text: the engine checked the text when it arrived, and need not parse it
// each time it reads or writes a document.
type Object []byte

// MarshalText returns the text of the object.
func (o Object) MarshalText() ([]byte, error) { return o, nil }

// UnmarshalText keeps a copy of the text.
func (o *Object) UnmarshalText(text []byte) error {
	*o = append(Object(nil), text...)
	return nil
}
