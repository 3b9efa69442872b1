package simulator

import "encoding/json"

// DecodeFault decodes a fault of the control endpoint or of parameters.
func DecodeFault(data []byte, ofControl bool) (*Fault, error) {
	p := inInstance
	if ofControl {
		p = inControl
	}
	return decodeFault(json.RawMessage(data), "fault", p)
}
