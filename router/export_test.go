package router

// The codec of operations, for its tests.
var (
	EncodeOperation = encodeOperation
	DecodeOperation = decodeOperation
)
