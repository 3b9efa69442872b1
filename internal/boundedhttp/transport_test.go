package boundedhttp_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/openbroker/openbroker/internal/boundedhttp"
)

// A response of the greatest size is read whole, and a greater one fails.
func TestTransport(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, _ := strconv.Atoi(r.URL.RawQuery)
		_, _ = w.Write(bytes.Repeat([]byte("x"), size))
	}))
	t.Cleanup(server.Close)
	for name, base := range map[string]http.RoundTripper{"default": nil, "another one": server.Client().Transport} {
		client := http.Client{Transport: boundedhttp.Transport{Base: base}}
		for size, whole := range map[int]bool{boundedhttp.MaxResponse: true, boundedhttp.MaxResponse + 1: false} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"?"+strconv.Itoa(size), http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			var tooLarge *http.MaxBytesError
			if whole && (err != nil || len(body) != size) || !whole && (!errors.As(err, &tooLarge) || len(body) > boundedhttp.MaxResponse) {
				t.Errorf("%s: %d of %d bytes, %v", name, len(body), size, err)
			}
		}
	}
}
