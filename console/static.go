package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
)

//go:embed static
var staticFiles embed.FS

// static serves the style sheet, the script and the icon. Their names are fixed, so a
// browser asks each time whether they have changed.
func (c *Console) static() http.Handler {
	files := http.FileServerFS(staticFiles)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, err := staticFiles.ReadFile("static/" + path.Base(r.URL.Path))
		if err != nil || r.URL.Path != "/static/"+path.Base(r.URL.Path) {
			http.NotFound(w, r)
			return
		}
		sum := sha256.Sum256(content)
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:8])+`"`)
		w.Header().Set("Cache-Control", "no-cache")
		files.ServeHTTP(w, r)
	})
}
