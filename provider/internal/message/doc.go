// Package message has the messages between the broker and a provider that is not written
// in Go: a program (package command) or an HTTP service (package webhook).
//
// A [Request] describes one attempt at an operation. An [Answer] has its result, an error
// for the platform, or the wish for another attempt. While it works, a provider may send a
// [Line] with its progress or a checkpoint. All are JSON, and [Schema] describes them.
//
// The package encodes requests and decodes answers, strictly: an error says what is wrong
// and where, and never shows a value, which may be a secret. It converts answers into
// results and errors of package durable. It does not know how the messages travel.
package message
