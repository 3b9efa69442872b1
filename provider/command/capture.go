package command

import (
	"fmt"
	"strings"

	"github.com/openbroker/openbroker/provider/internal/message"
)

// An answerBuffer keeps the standard output. More than an answer can have is an error,
// which ends the program.
type answerBuffer struct{ data []byte }

func (b *answerBuffer) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > message.MaxAnswer {
		return 0, errTooMuch
	}
	b.data = append(b.data, p...)
	return len(p), nil
}

// A logBuffer keeps the beginning and the end of the standard error.
type logBuffer struct {
	limit      int
	head, tail []byte
	left       int64 // between head and tail
}

func (b *logBuffer) Write(p []byte) (int, error) {
	n := len(p)
	if room := b.limit/2 - len(b.head); room > 0 {
		taken := min(room, len(p))
		b.head, p = append(b.head, p[:taken]...), p[taken:]
	}
	room := b.limit - b.limit/2
	if over := len(p) - room; over > 0 {
		b.left += int64(len(b.tail) + over)
		b.tail, p = b.tail[:0], p[over:]
	} else if over := len(b.tail) + len(p) - room; over > 0 {
		b.left += int64(over)
		b.tail = append(b.tail[:0], b.tail[over:]...)
	}
	b.tail = append(b.tail, p...)
	return n, nil
}

// text returns the text for the log, without secrets. Where something was left out, lines
// are whole: a part of a secret would not be recognised.
func (b *logBuffer) text(m *message.Masker) string {
	if b.left == 0 {
		return clean(m.Mask(string(b.head)+string(b.tail), false))
	}
	head, tail := string(b.head), string(b.tail)
	head = head[:strings.LastIndexByte(head, '\n')+1]
	left := b.left + int64(len(b.head)-len(head))
	_, rest, found := strings.Cut(tail, "\n")
	if !found {
		rest = ""
	}
	left += int64(len(tail) - len(rest))
	return clean(m.Mask(head, true)) + fmt.Sprintf("\n(%d bytes are left out)\n", left) + clean(m.Mask(rest, false))
}

func clean(text string) string { return strings.TrimSpace(strings.ToValidUTF8(text, "\ufffd")) }

// lastLine returns the last line of a text, shortened.
func lastLine(text string) string {
	line := strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
	if short := []rune(line); len(short) > 200 {
		line = string(short[:200]) + "..."
	}
	return line
}
