package router

// EncodeOperation and DecodeOperation export the codec of operations to tests.
var (
	EncodeOperation = encodeOperation
	DecodeOperation = decodeOperation
)
