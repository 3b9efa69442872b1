package console

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	loginPath = "/login"
	beginPath = "/oidc/login"

	// loginTime is how long a login at the provider may take.
	loginTime = 10 * time.Minute
	// maxReturn is the longest path to return to: it is in a cookie.
	maxReturn = 1024
)

// What pages say about a login that failed. The log has the reason.
const (
	textExpired = "This login has expired, or began in another browser or in another tab. Log in again."
	textDenied  = "The provider did not log you in: you or the provider refused it."
	textAway    = "The provider cannot log you in now. Try again in a moment. The log of the broker has the reason."
	textClient  = "The provider does not accept the console. The log of the broker has the reason."
	textToken   = "The provider did not say who you are in a way that the console accepts. The log of the broker has the reason."
)

// A failure is why a login failed: the text of the page, and the reason for the log.
// Neither has a code, a token or a secret.
type failure struct {
	Status       int
	Text, Reason string
}

func (f failure) Error() string { return f.Reason }

// A login lets users log in at an OpenID Connect provider.
type login struct {
	config   *OIDC
	console  *Console
	provider *provider
	sessions *sessions
	redirect *url.URL
	// cipher seals what a browser keeps while its user is at the provider. Its key is
	// that of the process.
	cipher                     cipher.AEAD
	sessionCookie, loginCookie string
}

func newLogin(config OIDC, c *Console) (*login, error) {
	config.setDefaults()
	redirect, err := url.Parse(config.RedirectURL)
	if err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // It never returns an error.
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	sealed, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	l := &login{
		config: &config, console: c, provider: newProvider(&config), sessions: newSessions(&config), redirect: redirect, cipher: sealed,
		sessionCookie: "openbroker_console", loginCookie: "openbroker_login",
	}
	for _, name := range []*string{&l.sessionCookie, &l.loginCookie} {
		// Cookies belong to a host with all its ports, and another console may have one.
		if port := redirect.Port(); port != "" {
			*name += "_" + port
		}
		if l.secure() {
			*name = "__Host-" + *name // No other host, such as a sibling domain, can set it.
		}
	}
	return l, nil
}

// secure reports whether browsers reach the console by HTTPS.
func (l *login) secure() bool { return l.redirect.Scheme == schemeHTTPS }

// setCookie sets a cookie until the browser ends. An empty value removes it. It is Lax:
// a Strict one would be missing in the request in which the provider sends the user back.
func (l *login) setCookie(w http.ResponseWriter, name, value string) {
	//nolint:gosec // G124: on loopback the console has no TLS.
	cookie := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: l.secure(), SameSite: http.SameSiteLaxMode}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// token returns the token of the session of a request, or empty.
func (l *login) token(r *http.Request) string {
	if cookie, err := r.Cookie(l.sessionCookie); err == nil {
		return cookie.Value
	}
	return ""
}

var errNoSession = errors.New("no session")

// authenticate returns the user of a request.
func (l *login) authenticate(r *http.Request) (user, error) {
	// A stream is open as long as its page, and reconnects by itself.
	u, found := l.sessions.find(l.token(r), r.URL.Path != "/events")
	if !found {
		return user{}, errNoSession
	}
	return u, nil
}

// routes returns the pages of the login, which need no session. All others are inner.
func (l *login) routes(inner http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", inner)
	mux.Handle("GET /static/", l.console.static())
	mux.HandleFunc("GET "+loginPath, l.page)
	mux.HandleFunc("GET "+beginPath, l.begin)
	mux.HandleFunc("GET "+CallbackPath, l.callback)
	mux.HandleFunc("POST /logout", l.logout)
	return mux
}

// A loginPage is the content of a page for someone who is not logged in.
type loginPage struct {
	Text    string
	Trouble bool
	// Begin begins a login, and Provider is where it leads.
	Begin, Provider string
}

// show writes a page for someone who is not logged in. again makes the provider ask for
// a user once more.
func (l *login) show(w http.ResponseWriter, r *http.Request, status int, title string, p loginPage, back string, again bool) {
	query := url.Values{"return": {returnPath(back)}}
	if again {
		query.Set("again", "yes")
	}
	p.Begin, p.Provider = beginPath+"?"+query.Encode(), l.config.Issuer
	if issuer, err := url.Parse(l.config.Issuer); err == nil {
		p.Provider = issuer.Host
	}
	l.console.render(w, r, status, "login", page{Title: title, Outside: true, Content: p})
}

// ask answers a request that has no session.
func (l *login) ask(w http.ResponseWriter, r *http.Request) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Path != "/events" {
		// The provider sends users back to the host of the redirect URL, and cookies
		// belong to a host: the login has to begin there.
		to := url.URL{Scheme: l.redirect.Scheme, Host: l.redirect.Host, Path: loginPath}
		to.RawQuery = url.Values{"return": {returnPath(r.URL.RequestURI())}}.Encode()
		http.Redirect(w, r, to.String(), http.StatusSeeOther)
		return
	}
	w.Header().Set("WWW-Authenticate", `Cookie realm="openbroker console"`) // A 401 has a challenge; browsers ignore this one.
	l.show(w, r, http.StatusUnauthorized, "Your session has ended", loginPage{Text: "Nothing was done. Log in again, and repeat it.", Trouble: true}, "/", false)
}

// page is the page that leads to the provider. It does not go there by itself: a browser
// that refuses cookies would go back and forth without end.
func (l *login) page(w http.ResponseWriter, r *http.Request) {
	back := returnPath(r.URL.Query().Get("return"))
	if _, found := l.sessions.find(l.token(r), true); found {
		http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // G710: returnPath returns only paths of the console.
		return
	}
	if r.URL.Query().Get("out") != "" {
		l.show(w, r, http.StatusOK, "You have logged out", loginPage{Text: "The session of the console has ended. The provider may still know you."}, back, true)
		return
	}
	l.show(w, r, http.StatusOK, "Log in", loginPage{Text: "This is the console of a service broker, for its operators."}, back, false)
}

// A pending login is what a browser keeps, sealed, while its user is at the provider.
type pending struct {
	State, Nonce, Verifier, Return string
	Expires                        time.Time
}

// begin sends the browser to the provider.
func (l *login) begin(w http.ResponseWriter, r *http.Request) {
	back := returnPath(r.URL.Query().Get("return"))
	// Another web site must not begin logins, which would replace the one in progress.
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		http.Redirect(w, r, loginPath+"?"+url.Values{"return": {back}}.Encode(), http.StatusSeeOther)
		return
	}
	known, err := l.provider.discover(r.Context())
	if err != nil {
		l.fail(w, r, failure{http.StatusServiceUnavailable, textAway, short(err)}, back)
		return
	}
	began := pending{State: randomToken(), Nonce: randomToken(), Verifier: oauth2.GenerateVerifier(), Return: back, Expires: l.config.now().Add(loginTime)}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(began.Verifier), oidc.Nonce(began.Nonce)}
	if r.URL.Query().Get("again") != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"))
	}
	sealed, err := l.seal(began)
	if err != nil {
		l.fail(w, r, failure{http.StatusInternalServerError, textAway, short(err)}, back)
		return
	}
	l.setCookie(w, l.loginCookie, sealed)
	http.Redirect(w, r, known.oauth.AuthCodeURL(began.State, options...), http.StatusSeeOther)
}

func (l *login) seal(began pending) (string, error) {
	content, err := json.Marshal(began)
	if err != nil {
		return "", err
	}
	//nolint:gosec // G407: the cipher chooses the nonce.
	return base64.RawURLEncoding.EncodeToString(l.cipher.Seal(nil, nil, content, []byte(l.loginCookie))), nil
}

// unseal returns the login that a browser has begun and that the state belongs to. It
// returns nil if there is none, or if it took too long.
func (l *login) unseal(r *http.Request, state string) *pending {
	cookie, err := r.Cookie(l.loginCookie)
	if err != nil {
		return nil
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil {
		return nil
	}
	content, err := l.cipher.Open(nil, nil, sealed, []byte(l.loginCookie))
	if err != nil {
		return nil
	}
	began := new(pending)
	if err := json.Unmarshal(content, began); err != nil || !l.config.now().Before(began.Expires) ||
		subtle.ConstantTimeCompare([]byte(began.State), []byte(state)) != 1 {
		return nil
	}
	return began
}

// callback receives the browser from the provider, and begins the session.
func (l *login) callback(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	began := l.unseal(r, query.Get("state"))
	if began == nil {
		// The cookie stays: it may be that of a login in another tab.
		l.fail(w, r, failure{http.StatusBadRequest, textExpired, "the state is not that of a login of this browser, or is too old"}, "/")
		return
	}
	l.setCookie(w, l.loginCookie, "")
	who, err := l.receive(r.Context(), query, began)
	var failed failure
	if errors.As(err, &failed) {
		l.fail(w, r, failed, began.Return)
		return
	}
	u := user{Name: who.Name, Subject: who.Subject, Session: true}
	u.Operator, err = l.console.guard.role(who.Name, who.Groups)
	log := []slog.Attr{slog.String("name", u.Name), slog.String("subject", u.Subject)}
	if err != nil {
		l.console.config.Logger.LogAttrs(r.Context(), slog.LevelWarn, "a user without a role wanted to log in to the console", log...)
		text := "You are logged in as " + u.Name + ", who has no role in this console. Ask its operators to add your name, or a group that you are in, to operators or viewers."
		l.show(w, r, http.StatusForbidden, "You have no role", loginPage{Text: text, Trouble: true}, began.Return, true)
		return
	}
	l.sessions.end(l.token(r))
	l.setCookie(w, l.sessionCookie, l.sessions.begin(u))
	l.console.config.Logger.LogAttrs(r.Context(), slog.LevelInfo, "a user logged in to the console", append(log, slog.Bool("operator", u.Operator))...)
	http.Redirect(w, r, returnPath(began.Return), http.StatusSeeOther)
}

// receive reads the answer of the provider, which belongs to the login. The error is a
// failure.
func (l *login) receive(ctx context.Context, query url.Values, began *pending) (*identity, error) {
	for _, name := range []string{"state", "code", "error", "iss"} {
		if len(query[name]) > 1 {
			return nil, failure{http.StatusBadRequest, textExpired, "the answer of the provider has " + name + " twice"}
		}
	}
	known, err := l.provider.discover(ctx)
	if err != nil {
		return nil, failure{http.StatusServiceUnavailable, textAway, short(err)}
	}
	// RFC 9207: an answer of another provider must not be exchanged at this one.
	if issuer := query.Get("iss"); issuer != l.config.Issuer && (issuer != "" || known.namesIssuer) {
		return nil, failure{http.StatusForbidden, textToken, "the answer is that of another issuer, or has no iss"}
	}
	switch code := query.Get("error"); {
	case code == "access_denied":
		return nil, failure{http.StatusForbidden, textDenied, "the provider answered access_denied"}
	case slices.Contains([]string{"server_error", "temporarily_unavailable"}, code):
		return nil, failure{http.StatusServiceUnavailable, textAway, "the provider answered " + code}
	case code == "invalid_scope":
		return nil, failure{http.StatusForbidden, textClient, "the provider answered invalid_scope: check scopes"}
	case code != "":
		return nil, failure{http.StatusForbidden, textClient, "the provider answered " + errorCode(code)}
	case query.Get("code") == "":
		return nil, failure{http.StatusBadRequest, textExpired, "the answer of the provider has no code"}
	}
	return l.provider.exchange(ctx, known, query.Get("code"), began)
}

// fail logs a failed login, and says so.
func (l *login) fail(w http.ResponseWriter, r *http.Request, f failure, back string) {
	if report := l.console.config.FailedLogin; report != nil {
		report(r)
	}
	l.console.config.Logger.LogAttrs(r.Context(), slog.LevelWarn, "a login to the console failed", slog.String("reason", f.Reason))
	l.show(w, r, f.Status, "The login failed", loginPage{Text: f.Text, Trouble: true}, back, false)
}

// logout ends the session.
func (l *login) logout(w http.ResponseWriter, r *http.Request) {
	token := l.token(r)
	if u, found := l.sessions.find(token, false); found {
		l.sessions.end(token)
		l.console.config.Logger.LogAttrs(r.Context(), slog.LevelInfo, "a user logged out of the console", slog.String("name", u.Name), slog.String("subject", u.Subject))
	}
	l.setCookie(w, l.sessionCookie, "")
	http.Redirect(w, r, loginPath+"?out=yes", http.StatusSeeOther)
}

// returnPath returns a page to return to after a login, or / for anything else.
func returnPath(given string) string {
	back := localPath(given)
	parsed, err := url.Parse(back)
	if err != nil || len(back) > maxReturn {
		return "/"
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(parsed.Path, "/"), "/")
	if slices.Contains([]string{"login", "logout", "oidc", "events", "static", "theme"}, first) {
		return "/"
	}
	return back
}
