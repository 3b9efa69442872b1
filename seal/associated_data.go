package seal

import "encoding/binary"

// AssociatedData returns the associated data of a sealed value. The parts say
// where the value belongs, such as kind, platform, id and column. Each part is
// preceded by its length, so that different parts never yield the same bytes:
// ("a", "bc") and ("ab", "c") differ, and so do ("a") and ("a", "").
func AssociatedData(parts ...string) []byte {
	size := 0
	for _, part := range parts {
		size += binary.MaxVarintLen32 + len(part)
	}
	data := make([]byte, 0, size)
	for _, part := range parts {
		data = binary.AppendUvarint(data, uint64(len(part)))
		data = append(data, part...)
	}
	return data
}
