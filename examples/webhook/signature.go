package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tolerance is how far the clock of the broker may differ.
const tolerance = 5 * time.Minute

// signature returns a signature of Standard Webhooks.
func signature(key []byte, id, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// sign sets the headers of a message to the broker.
func sign(header http.Header, key []byte, id string, body []byte) {
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", timestamp)
	header.Set("Webhook-Signature", signature(key, id, timestamp, body))
}

// verify returns why a request is not one of the broker.
func verify(header http.Header, keys [][]byte, body []byte) error {
	id, timestamp := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	signed := false
	for given := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
		for _, key := range keys {
			signed = hmac.Equal([]byte(given), []byte(signature(key, id, timestamp, body))) || signed
		}
	}
	if !signed {
		return errors.New("no signature matches")
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return errors.New("the clocks differ")
	}
	return nil
}
