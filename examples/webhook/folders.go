package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A request is what the receiver reads of a message.
type request struct {
	Operation  string `json:"operation"`
	ID         string `json:"id"`
	Generation int64  `json:"generation"`
	Message    string `json:"message"` // Of a cancel.
	Instance   struct {
		ResourceName string `json:"resource_name"`
		Plan         struct {
			Settings struct {
				Seconds float64 `json:"seconds"`
				Size    int     `json:"size"`
			} `json:"settings"`
		} `json:"plan"`
	} `json:"instance"`
	Binding struct {
		ResourceName string `json:"resource_name"`
	} `json:"binding"`
}

// supersedes reports whether a deletion ends the work on another request.
func (r *request) supersedes(other *request) bool {
	switch r.Operation {
	case "deprovision":
		return r.Instance.ResourceName == other.Instance.ResourceName
	case "unbind":
		return r.Binding.ResourceName == other.Binding.ResourceName
	default:
		return false
	}
}

type object = map[string]any

// folders makes instances below a directory. Each method can be called again.
type folders string

func (f folders) do(ctx context.Context, r *request) (object, error) {
	folder := filepath.Join(string(f), r.Instance.ResourceName)
	token := filepath.Join(folder, r.Binding.ResourceName+".token")
	state := object{"state": object{"size": r.Instance.Plan.Settings.Size}}
	switch r.Operation {
	case "provision":
		select {
		case <-time.After(time.Duration(r.Instance.Plan.Settings.Seconds * float64(time.Second))):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		return state, os.MkdirAll(folder, 0o700)
	case "update":
		return state, nil
	case "deprovision":
		return object{}, os.RemoveAll(folder) // It may never have existed.
	case "bind":
		content, err := os.ReadFile(token)  //nolint:gosec // G304: the broker makes the name, and it is safe.
		if errors.Is(err, fs.ErrNotExist) { // Otherwise an earlier attempt has made it.
			content = []byte(rand.Text())
			err = os.WriteFile(token, content, 0o600)
		}
		return object{"credentials": object{"folder": folder, "token": string(content)}}, err
	case "unbind":
		if err := os.Remove(token); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return object{}, nil
	default:
		return nil, fmt.Errorf("unknown operation %q", r.Operation) // The receiver refuses it before.
	}
}
