package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/openbroker/openbroker"
	"github.com/openbroker/openbroker/auth"
)

func ExampleNewBasic() {
	basic, err := auth.NewBasic(
		auth.Credential{Username: "cc", Password: "old", Platform: "cf-eu"},
		auth.Credential{Username: "cc", Password: "new", Platform: "cf-eu"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := openbroker.NewHandler(broker{},
		openbroker.WithAuthenticator(basic), openbroker.WithLogger(slog.New(slog.DiscardHandler)))
	for _, password := range []string{"old", "new", "wrong"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v2/catalog", http.NoBody)
		r.Header.Set("X-Broker-API-Version", "2.17")
		r.SetBasicAuth("cc", password)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(password, w.Code)
	}
	// Output:
	// old 200
	// new 200
	// wrong 401
}

func ExampleBasic_Replace() {
	basic, err := auth.NewBasic(auth.Credential{Username: "cc", Password: "old"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(basic.Replace(auth.Credential{Username: "cc", Password: ""}))
	fmt.Println(basic.Replace(
		auth.Credential{Username: "cc", Password: "old"},
		auth.Credential{Username: "cc", Password: "new"},
	))
	// Output:
	// auth: credential 1 (username "cc"): the password is empty: set a password or a password hash
	// <nil>
}

func ExampleParseCredentials() {
	credentials, err := auth.ParseCredentials("credentials", []byte(`
# user name, colon, password or its hash
[cf-eu]
cc:$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy
[korifi]
kf:a plain password
`))
	fmt.Println(credentials, err)
	_, err = auth.ParseCredentials("credentials", []byte("cc:$apr1$not$supported\n"))
	fmt.Println(err)
	// Output:
	// [{username: "cc", platform: "cf-eu", password: [redacted]} {username: "kf", platform: "korifi", password: [redacted]}] <nil>
	// auth: credentials:1: the password hash is neither bcrypt ($2a$, $2b$, $2y$) nor argon2id ($argon2id$)
}

func ExampleBasic_Watch() {
	dir, err := os.MkdirTemp("", "auth")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "credentials")
	_ = os.WriteFile(path, []byte("cc:old\n"), 0o600)
	basic, err := auth.LoadBasic(path)
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go basic.Watch(ctx, path, 10*time.Second, slog.New(slog.DiscardHandler))
	_ = os.WriteFile(path, []byte("cc:old\ncc:new\n"), 0o600)

	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v2/catalog", http.NoBody)
	r.SetBasicAuth("cc", "new")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	principal, err := basic.Authenticate(r)
	for err != nil { // The change takes effect soon.
		<-tick.C
		principal, err = basic.Authenticate(r)
	}
	fmt.Println(principal.Name, err)
	// Output: cc <nil>
}

func ExampleNewBearer() {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	bearer, err := auth.NewBearer(auth.BearerConfig{
		Issuer:   "https://login.example.com",
		Audience: "https://broker.example.com",
		Scopes:   []string{"broker"},
		Platform: "sm",
		Keys:     []crypto.PublicKey{key.Public()}, // Without JWKSURL, discovery at the issuer finds the keys.
	})
	fmt.Println(bearer.Challenges(), err)
	// Output: [Bearer realm="openbroker", scope="broker"] <nil>
}

func ExampleNewClientCert() {
	certificates, err := auth.NewClientCert(
		auth.CertificateRule{Subject: "CN=cc,O=Example", Platform: "cf-eu"},
		auth.CertificateRule{URI: "spiffe://example.org/korifi", Platform: "korifi"},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: x509.NewCertPool()} // of the server

	// The server records the verification for each connection.
	raw, err := pkixSubject("Example", "cc")
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/v2/catalog", http.NoBody)
	r.TLS = &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{{RawSubject: raw, NotAfter: time.Now().Add(time.Hour)}}}}
	principal, err2 := certificates.Authenticate(r)
	fmt.Println(principal.Name, principal.Platform, err, err2)
	// Output: CN=cc,O=Example cf-eu <nil> <nil>
}

func ExampleNewAny() {
	basic, err := auth.NewBasic(auth.Credential{Username: "cc", Password: "secret", Platform: "cf-eu"})
	if err != nil {
		fmt.Println(err)
		return
	}
	certificates, err := auth.NewClientCert(auth.CertificateRule{CommonName: "sm", Platform: "sm"})
	if err != nil {
		fmt.Println(err)
		return
	}
	either, err := auth.NewAny(basic, certificates)
	fmt.Println(len(either.Challenges()), err)
	// Output: 2 <nil>
}

func ExampleNewNone() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	_ = openbroker.WithAuthenticator(auth.NewNone(logger))
	// Output: level=WARN msg="authentication is off: anyone who reaches the broker can use it"
}

func pkixSubject(organization, commonName string) ([]byte, error) {
	name := pkix.Name{Organization: []string{organization}, CommonName: commonName}
	return asn1.Marshal(name.ToRDNSequence())
}
