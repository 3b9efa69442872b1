package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/openbroker/openbroker/durable/admin"
)

// A Writer writes an archive. Without Close the archive is incomplete, and no
// reader accepts it.
type Writer struct {
	output  *bufio.Writer
	hash    hash.Hash
	summary Summary
}

// NewWriter begins an archive.
func NewWriter(w io.Writer) (*Writer, error) {
	a := &Writer{output: bufio.NewWriterSize(w, 1<<16), hash: sha256.New()}
	return a, a.write(line{Header: &header{Format: format, Version: version}})
}

// Write adds an item. The items must come in the order of
// [admin.Store].Export.
func (w *Writer) Write(item admin.ExportItem) error {
	l := lineOf(item)
	if l == (line{}) {
		return errors.New("archive: the item is empty")
	}
	w.summary.add(item)
	return w.write(l)
}

func (w *Writer) write(l line) error {
	encoded, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	if len(encoded) >= maxLine {
		return fmt.Errorf("archive: a record of %d bytes is too long: at most %d can be written", len(encoded), maxLine)
	}
	encoded = append(encoded, '\n')
	_, _ = w.hash.Write(encoded) // It never fails.
	if _, err := w.output.Write(encoded); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// Close completes the archive and counts its items. It does not close the
// underlying writer.
func (w *Writer) Close() (Summary, error) {
	err := w.write(line{End: endOf(w.summary, hex.EncodeToString(w.hash.Sum(nil)))})
	if err == nil {
		if err = w.output.Flush(); err != nil {
			err = fmt.Errorf("archive: %w", err)
		}
	}
	return w.summary, err
}
