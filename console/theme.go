package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	themeCookie = "openbroker_console_theme"
	themeAge    = 365 * 24 * time.Hour
)

// themeOf returns the colours that the user has chosen: light, dark, or empty for those
// of the system.
func themeOf(r *http.Request) string {
	cookie, err := r.Cookie(themeCookie)
	if err != nil || cookie.Value != "light" && cookie.Value != "dark" {
		return ""
	}
	return cookie.Value
}

// theme stores the choice of colours, and returns to the page.
func (c *Console) theme(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		c.fail(w, r, http.StatusBadRequest, "The form cannot be read.")
		return
	}
	//nolint:gosec // G124: on loopback the console has no TLS, and the cookie is only a choice of colours.
	cookie := &http.Cookie{Name: themeCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil, MaxAge: -1}
	if value, known := choice(r.PostForm, "theme", "light", "dark"); known && value != "" {
		cookie.Value, cookie.MaxAge = value, int(themeAge.Seconds())
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, localPath(r.PostForm.Get("return")), http.StatusSeeOther) //nolint:gosec // G710: localPath returns only paths of the console.
}

// localPath returns a path of the console, or / for anything that a browser could take
// for another place.
func localPath(given string) string {
	parsed, err := url.Parse(given)
	if err != nil || !strings.HasPrefix(given, "/") || strings.HasPrefix(given, "//") || strings.ContainsAny(given, "\\\r\n\t") ||
		parsed.Host != "" || parsed.Scheme != "" || strings.Contains(parsed.Path, "//") || strings.Contains(parsed.Path, "\\") {
		return "/"
	}
	return given
}
