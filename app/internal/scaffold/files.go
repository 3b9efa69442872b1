package scaffold

import (
	"bytes"
	"embed"
	"go/format"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/openbroker/openbroker/app/internal/output"
)

//go:embed files
var templates embed.FS

// The names in the files.
const (
	templatePath    = openbrokerPath + "/app/internal/scaffold/files/go"
	templateName    = "acme-broker"
	templateService = "acme"
)

// templateID matches the ids in the files. Each stands for a new one.
var templateID = regexp.MustCompile(`00000000-0000-4000-8000-\d{12}`)

// hidden are files whose names begin with a dot. They lack it in this repository, where
// they would have an effect.
var hidden = []string{"gitignore", "dockerignore"}

// A file is a file of a new broker.
type file struct {
	// path is relative to the directory of the broker, with slashes.
	path       string
	content    []byte
	executable bool
}

// A broker is what the files are written for.
type broker struct {
	language, name, service string
	// module is the path of the module. Other languages than Go have none.
	module string
	// program is the name of the running program, which serves brokers in other languages.
	program string
}

// paths returns the paths of the files of a language.
func paths(language string) (found []string, err error) {
	root := path.Join("files", language)
	err = fs.WalkDir(templates, root, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			found = append(found, strings.TrimPrefix(name, root+"/"))
		}
		return err
	})
	return found, err
}

// files returns the files of the broker, except go.mod and go.sum.
func (b broker) files() ([]file, error) {
	names, err := paths(b.language)
	if err != nil {
		return nil, err
	}
	words := strings.NewReplacer(templatePath, b.module, templateName, b.name, templateService, b.service)
	ids := map[string]string{}
	var made []file
	for _, name := range names {
		content, err := templates.ReadFile(path.Join("files", b.language, name))
		if err != nil {
			return nil, err
		}
		content = templateID.ReplaceAllFunc(content, func(id []byte) []byte {
			if ids[string(id)] == "" {
				ids[string(id)] = uuid.NewString()
			}
			return []byte(ids[string(id)])
		})
		content = []byte(words.Replace(string(content)))
		if b.language != goLanguage {
			content = []byte(output.Named(b.program, string(content)))
		}
		if path.Ext(name) == ".go" { // Other names have another order.
			if content, err = format.Source(content); err != nil {
				return nil, err
			}
		}
		made = append(made, file{path: target(name), content: content, executable: bytes.HasPrefix(content, []byte("#!"))})
	}
	return made, nil
}

// target returns the path of a file in the new directory.
func target(name string) string {
	for _, h := range hidden {
		if name == h {
			return "." + name
		}
	}
	return name
}
