package message

import (
	"encoding/json"
	"unicode/utf8"
)

// MaxLine bounds a line, in bytes.
const MaxLine = 256 << 10

// maxDescription bounds a description, in characters. Platforms cut longer ones.
const maxDescription = 4000

// A Line is what a provider says while it works. Null counts as absent; a line must have
// at least one member.
type Line struct {
	// Description is the progress for users of the platform, or empty.
	Description string `json:"description,omitempty"`
	// Checkpoint is what the next attempt gets if this one does not end, or nil.
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
}

// DecodeLine decodes a line. The error is [DecodeErrors].
func DecodeLine(data []byte) (Line, error) {
	d, err := parse(data, MaxLine, "the line")
	if err != nil {
		return Line{}, err
	}
	d.check(d.root, typeOf[Line](), "")
	var line Line
	if err := d.into(&line); err != nil {
		return Line{}, err
	}
	line.Checkpoint = present(line.Checkpoint)
	if line.Description == "" && line.Checkpoint == nil {
		d.report(d.root.Place, "the line has neither a description nor a checkpoint")
	}
	if d.at = d.placeOf("description"); utf8.RuneCountInString(line.Description) > maxDescription {
		d.reportHere("description has more than %d characters", maxDescription)
	}
	return line, d.err()
}

// An Acknowledgement is the broker's answer to a line with a checkpoint.
type Acknowledgement struct {
	// Saved counts the checkpoints of this attempt that are on disk.
	Saved int `json:"saved"`
}
