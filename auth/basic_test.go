package auth_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

const basicChallenge = `Basic realm="openbroker", charset="UTF-8"`

func bcryptHash(tb testing.TB, password string) string {
	tb.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		tb.Fatal(err)
	}
	return string(hash)
}

func argon2Hash(password string) string {
	salt := []byte("0123456789abcdef")
	sum := argon2.IDKey([]byte(password), salt, 2, 64, 1, 32)
	b64 := base64.RawStdEncoding
	return "$argon2id$v=19$m=64,t=2,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(sum)
}

func newBasic(tb testing.TB, credentials ...auth.Credential) *auth.Basic {
	tb.Helper()
	b, err := auth.NewBasic(credentials...)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestBasicAccepts(t *testing.T) {
	t.Parallel()
	b := newBasic(
		t,
		auth.Credential{Username: "cc", Password: "plain-secret", Platform: "cf"},
		auth.Credential{Username: "cc", Password: "newer:secret", Platform: "cf"},
		auth.Credential{Username: "sm", PasswordHash: bcryptHash(t, "bcrypt-secret"), Platform: "sm"},
		auth.Credential{Username: "sm", PasswordHash: argon2Hash("argon-secret"), Platform: "sm"},
		auth.Credential{Username: "kf", Password: "pässwörd €"},
	)
	s := serve(t, b)
	secrets := []string{"plain-secret", "newer:secret", "bcrypt-secret", "argon-secret", "pässwörd €", "wrong-secret"}
	for range 2 { // The second request uses the cached digest.
		for _, c := range []struct{ header, user, platform string }{
			{basicHeader("cc", "plain-secret"), "cc", "cf"},
			{basicHeader("cc", "newer:secret"), "cc", "cf"},
			{basicHeader("sm", "bcrypt-secret"), "sm", "sm"},
			{basicHeader("sm", "argon-secret"), "sm", "sm"},
			{basicHeader("kf", "pässwörd €"), "kf", ""},
			{"bAsIc" + basicHeader("cc", "plain-secret")[5:], "cc", "cf"},
			{"Basic " + basicHeader("cc", "plain-secret")[5:], "cc", "cf"},
		} {
			mustAccept(t, s.provision(t, c.header), c.user, "basic", c.platform)
		}
		for _, wrong := range []string{
			basicHeader("cc", "wrong-secret"),
			basicHeader("sm", "wrong-secret"),
			basicHeader("nobody", "wrong-secret"),
			basicHeader("kf", "plain-secret"), // another's
			basicHeader("cc", "bcrypt-secret"),
			basicHeader("sm", bcryptHash(t, "bcrypt-secret")),
		} {
			mustRefuse(t, s.provision(t, wrong), basicChallenge)
		}
	}
	mustNotReveal(t, s.log.String(), secrets...)
}

func TestBasicRefusesMalformedHeaders(t *testing.T) {
	t.Parallel()
	good := basicHeader("cc", "plain-secret")
	s := serve(t, newBasic(
		t,
		auth.Credential{Username: "cc", Password: "plain-secret"},
		auth.Credential{Username: "long", PasswordHash: bcryptHash(t, strings.Repeat("x", 72))},
		auth.Credential{Username: "cycle", PasswordHash: bcryptHash(t, "abc")},
	))
	for _, c := range []struct {
		name    string
		headers []string
		cause   string
	}{
		{"missing", nil, "no credentials of this scheme"},
		{"empty", []string{""}, "no credentials of this scheme"},
		{"scheme only", []string{"Basic"}, "no colon"},
		{"other scheme", []string{"Bearer abc"}, "no credentials of this scheme"},
		{"scheme as prefix", []string{"Basics " + good[6:]}, "no credentials of this scheme"},
		{"no space", []string{"Basic" + good[6:]}, "no credentials of this scheme"},
		{"junk base64", []string{"Basic !!!"}, "not base64"},
		{"base64 without padding", []string{"Basic " + strings.TrimRight(basicHeader("cc", "plain-secretx")[6:], "=")}, "not base64"},
		{"no colon", []string{"Basic " + base64.StdEncoding.EncodeToString([]byte("cc"))}, "no colon"},
		{"empty user and password", []string{basicHeader("", "")}, "no credential has"},
		{"empty password", []string{basicHeader("cc", "")}, "no credential has"},
		{"empty user", []string{basicHeader("", "plain-secret")}, "no credential has"},
		{"huge", []string{"Basic " + strings.Repeat("A", 100_000)}, "longer than"},
		{"longest", []string{basicHeader("cc", strings.Repeat("x", 12_000))}, "no credential has"},
		{"repeated", []string{good, good}, "more than once"},
		{"not UTF-8", []string{basicHeader("cc", "\xff")}, "control character"},
		{"longer than bcrypt's limit", []string{basicHeader("long", strings.Repeat("x", 73))}, "no credential has"},
		{"NUL, where bcrypt wraps around", []string{basicHeader("cycle", "abc\x00abc")}, "control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &service{Server: s.Server, log: s.log}
			mustRefuse(t, s.provision(t, c.headers...), basicChallenge)
			if !strings.Contains(s.log.String(), c.cause) {
				t.Errorf("the log has no %q", c.cause)
			}
		})
	}
	t.Cleanup(func() { mustNotReveal(t, s.log.String(), "plain-secret", good[6:]) })
}

func TestNewBasicRefuses(t *testing.T) {
	t.Parallel()
	const secret = "hunter2-secret"
	good := bcryptHash(t, secret)
	argon := argon2Hash(secret)
	for _, c := range []struct {
		name       string
		credential auth.Credential
		want       string
	}{
		{"zero", auth.Credential{}, "username is empty"},
		{"empty username", auth.Credential{Password: secret}, "username is empty"},
		{"empty password", auth.Credential{Username: "u"}, "password is empty"},
		{"colon in username", auth.Credential{Username: "u:" + secret, Password: secret}, "colon"},
		{"control character in username", auth.Credential{Username: "u\n", Password: secret}, "control character"},
		{"control character in platform", auth.Credential{Username: "u", Password: secret, Platform: "a\x00"}, "control character"},
		{"line break after password", auth.Credential{Username: "u", Password: secret + "\n"}, "line break"},
		{"both", auth.Credential{Username: "u", Password: secret, PasswordHash: good}, "both"},
		{"too long", auth.Credential{Username: "u", Password: strings.Repeat(secret, 1000)}, "longer than"},
		{"bcrypt of the empty password", auth.Credential{Username: "u", PasswordHash: bcryptHash(t, "")}, "empty password"},
		{"argon2id of the empty password", auth.Credential{Username: "u", PasswordHash: argon2Hash("")}, "empty password"},
		{"plain as hash", auth.Credential{Username: "u", PasswordHash: secret}, "neither bcrypt"},
		{"sha", auth.Credential{Username: "u", PasswordHash: "{SHA}" + secret}, "neither bcrypt"},
		{"argon2i", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "2id", "2i", 1)}, "neither bcrypt"},
		{"bcrypt cut", auth.Credential{Username: "u", PasswordHash: good[:50]}, "malformed"},
		{"bcrypt $2x$", auth.Credential{Username: "u", PasswordHash: "$2x" + good[3:]}, "malformed"},
		{"bcrypt cost 16", auth.Credential{Username: "u", PasswordHash: "$2b$16" + good[6:]}, "cost 16"},
		{"bcrypt cost 99", auth.Credential{Username: "u", PasswordHash: "$2b$99" + good[6:]}, "out of range"},
		{"argon2id version", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "v=19", "v=16", 1)}, "v=19"},
		{"argon2id memory", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "m=64", "m=4294967295", 1)}, "m= and a number"},
		{"argon2id passes", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "t=2", "t=0", 1)}, "t= and a number"},
		{"argon2id lanes", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "p=1", "p=65", 1)}, "p= and a number"},
		{"argon2id lanes for memory", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "p=1", "p=9", 1)}, "8 times p"},
		{"argon2id order", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "m=64,t=2", "t=2,m=64", 1)}, "m= and a number"},
		{"argon2id salt", auth.Credential{Username: "u", PasswordHash: strings.Replace(argon, "MDEyMzQ1Njc4OWFiY2RlZg", "MDEy", 1)}, "salt"},
		{"argon2id without salt", auth.Credential{Username: "u", PasswordHash: "$argon2id$v=19$m=64,t=2,p=1$" + secret}, "malformed"},
		{"argon2id sum", auth.Credential{Username: "u", PasswordHash: argon + "="}, "base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := auth.NewBasic(auth.Credential{Username: "first", Password: "first-secret"}, c.credential)
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "credential 2") {
				t.Errorf("error %q has no %q or no position", err, c.want)
			}
			mustNotReveal(t, err.Error(), secret, "first-secret")
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		if _, err := auth.NewBasic(); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("too many", func(t *testing.T) {
		t.Parallel()
		if _, err := auth.NewBasic(make([]auth.Credential, 1001)...); err == nil || !strings.Contains(err.Error(), "at most 1000") {
			t.Error(err)
		}
	})
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		c := auth.Credential{Username: "u", Password: secret, Platform: "a"}
		d := c
		d.Platform = "b"
		if _, err := auth.NewBasic(c, d); err == nil || !strings.Contains(err.Error(), "same as credential 1") {
			t.Error(err)
		}
	})
}

// A failing check verifies the same number of hashes for every user name.
func TestBasicRounds(t *testing.T) {
	t.Parallel()
	hashed := func(name, password string) auth.Credential {
		return auth.Credential{Username: name, PasswordHash: bcryptHash(t, password)}
	}
	for _, c := range []struct {
		name        string
		credentials []auth.Credential
		want        int
	}{
		{"plain only", []auth.Credential{{Username: "a", Password: "1"}, {Username: "b", Password: "1"}}, 0},
		{"one each", []auth.Credential{hashed("a", "1"), hashed("b", "1"), {Username: "c", Password: "1"}}, 1},
		{"one rotates", []auth.Credential{hashed("a", "1"), hashed("a", "2"), hashed("b", "1")}, 2},
		{"two kinds", []auth.Credential{hashed("a", "1"), {Username: "b", PasswordHash: argon2Hash("1")}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := newBasic(t, c.credentials...).Rounds(); got != c.want {
				t.Errorf("%d rounds, want %d", got, c.want)
			}
		})
	}
}

func TestCredentialHidesSecrets(t *testing.T) {
	t.Parallel()
	c := auth.Credential{Username: "cc", Password: "plain-secret", PasswordHash: "hash-secret", Platform: "cf"}
	log := new(logBuffer)
	log.logger().LogAttrs(t.Context(), slog.LevelInfo, "test", slog.Any("credential", c), slog.Any("pointer", &c))
	for _, text := range []string{
		fmt.Sprint(c), fmt.Sprintf("%v %+v %#v %s %q %x", c, c, c, c, c, c),
		fmt.Sprintf("%+v", []auth.Credential{c}), fmt.Sprintf("%+v", &c), log.String(),
	} {
		mustNotReveal(t, text, "plain-secret", "hash-secret")
		if !strings.Contains(text, "cc") || !strings.Contains(text, "cf") {
			t.Errorf("%q does not contain the user name", text)
		}
	}
}

func TestBasicReplace(t *testing.T) {
	t.Parallel()
	older := auth.Credential{Username: "cc", PasswordHash: bcryptHash(t, "old-secret"), Platform: "cf"}
	newer := auth.Credential{Username: "cc", Password: "new-secret", Platform: "cf"}
	b := newBasic(t, older)
	s := serve(t, b)
	mustAccept(t, s.provision(t, basicHeader("cc", "old-secret")), "cc", "basic", "cf")
	mustRefuse(t, s.provision(t, basicHeader("cc", "new-secret")), basicChallenge)

	if err := b.Replace(older, newer); err != nil {
		t.Fatal(err)
	}
	mustAccept(t, s.provision(t, basicHeader("cc", "old-secret")), "cc", "basic", "cf")
	mustAccept(t, s.provision(t, basicHeader("cc", "new-secret")), "cc", "basic", "cf")

	for _, bad := range [][]auth.Credential{nil, {newer, {Username: "cc"}}} {
		if err := b.Replace(bad...); err == nil {
			t.Fatal("an invalid set was accepted")
		}
		mustAccept(t, s.provision(t, basicHeader("cc", "old-secret")), "cc", "basic", "cf")
	}

	// Passwords that were verified before are forgotten, too.
	if err := b.Replace(newer); err != nil {
		t.Fatal(err)
	}
	mustRefuse(t, s.provision(t, basicHeader("cc", "old-secret")), basicChallenge)
	mustAccept(t, s.provision(t, basicHeader("cc", "new-secret")), "cc", "basic", "cf")
	mustNotReveal(t, s.log.String(), "old-secret", "new-secret")
}

// During repeated rotations, a client with one of the two valid credentials is
// never refused, and a wrong credential is never accepted.
func TestBasicRotationUnderLoad(t *testing.T) {
	t.Parallel()
	password := func(i int64) string { return fmt.Sprintf("secret-%d", i) }
	hashes := make([]string, 12)
	for i := range hashes {
		hashes[i] = bcryptHash(t, password(int64(i)))
	}
	credential := func(i int64) auth.Credential {
		c := auth.Credential{Username: "cc", Platform: "cf"}
		if i%2 == 0 {
			c.PasswordHash = hashes[i]
		} else {
			c.Password = password(i)
		}
		return c
	}
	b := newBasic(t, credential(0), credential(1))
	// generation g: credentials g and g+1 are valid, or g-1 and g just before.
	var generation atomic.Int64
	var readers sync.RWMutex // A reader prevents the rotation of its generation.
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				readers.RLock()
				g := generation.Load()
				_, errOld := authenticate(b, basicHeader("cc", password(g)))
				_, errWrong := authenticate(b, basicHeader("cc", "wrong"))
				readers.RUnlock()
				if errOld != nil {
					t.Errorf("generation %d: %v", g, errOld)
					return
				}
				if errWrong == nil {
					t.Error("a wrong password was accepted")
					return
				}
			}
		})
	}
	for g := int64(1); g+1 < int64(len(hashes)); g++ {
		// Both work: requests of the old generation may be in progress.
		if err := b.Replace(credential(g-1), credential(g), credential(g+1)); err != nil {
			t.Error(err)
		}
		readers.Lock()
		generation.Store(g)
		readers.Unlock()
		if err := b.Replace(credential(g), credential(g+1)); err != nil {
			t.Error(err)
		}
		if _, err := authenticate(b, basicHeader("cc", password(g-1))); err == nil {
			t.Errorf("the password of generation %d is still accepted", g-1)
		}
	}
	close(stop)
	clients.Wait()
}

// authenticate calls an authenticator without a server.
func authenticate(a openbroker.Authenticator, header string) (openbroker.Principal, error) {
	return a.Authenticate(request(context.Background(), header))
}

func request(ctx context.Context, header string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v2/catalog", http.NoBody)
	r.Header.Set("Authorization", header)
	return r
}
