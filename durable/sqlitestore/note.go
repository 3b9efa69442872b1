package sqlitestore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// A note is the content of the lock file: the process that has the database open, or
// the state of the file after a clean close, and the number of commits. Its lines
// have a fixed width, so that a number is replaced in place. An interrupted write
// leaves the old or the new note.
type note struct {
	// state is pidNote and a process id, or closedNote and what closedAs returned.
	state string
	// store is the id of the database. It is empty in the note of a version that did
	// not count commits.
	store string
	// commits is at most the number of commits when the last change was
	// acknowledged.
	commits int64
	// base is at most the number of commits of the database file without its log.
	base int64
}

const (
	pidNote    = "pid "
	closedNote = "closed "

	noteLine    = 96
	commitsAt   = 2 * noteLine
	noteSize    = 4 * noteLine
	storeWord   = "store "
	commitsWord = "commits "
	baseWord    = "base "
)

// String returns the content of the lock file.
func (n note) String() string {
	return line(n.state) + line(storeWord+n.store) + n.numbers()
}

// numbers returns the lines that change with each commit.
func (n note) numbers() string {
	return line(commitsWord+strconv.FormatInt(n.commits, 10)) + line(baseWord+strconv.FormatInt(n.base, 10))
}

func line(text string) string { return fmt.Sprintf("%-*s\n", noteLine-1, text) }

// parseNote reads a note. It returns an empty note if the content is not one.
func parseNote(content string) note {
	var n note
	for i, text := range strings.Split(content, "\n") {
		text = strings.TrimRight(text, " ")
		switch {
		case i == 0:
			n.state = text
		case strings.HasPrefix(text, storeWord):
			n.store = strings.TrimPrefix(text, storeWord)
		case strings.HasPrefix(text, commitsWord):
			n.commits = number(strings.TrimPrefix(text, commitsWord))
		case strings.HasPrefix(text, baseWord):
			n.base = number(strings.TrimPrefix(text, baseWord))
		}
	}
	return n
}

func number(text string) int64 {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 {
		return 0
	}
	return value
}

// readNote reads the note of an open lock file.
func readNote(file *os.File) (note, error) {
	content, err := io.ReadAll(io.NewSectionReader(file, 0, 2*noteSize))
	return parseNote(string(content)), err
}

// writeNote replaces a note and syncs it: after a crash of the machine, an old note
// must not make the database look complete.
func writeNote(file *os.File, n note) error {
	content := n.String()
	_, err := file.WriteAt([]byte(content), 0)
	if err == nil {
		err = file.Truncate(int64(len(content)))
	}
	return errors.Join(err, file.Sync())
}
