package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// Limits of the cost of one verification. They are several times the values that
// are recommended today. Without them, a mistyped hash could stall the broker.
const (
	maxBcryptCost     = 15
	maxBcryptPassword = 72 // bytes; bcrypt ignores the rest
	maxArgon2Memory   = 256 << 10
	maxArgon2Passes   = 16
	maxArgon2Lanes    = 64
)

// A passwordHash verifies passwords at a cost of milliseconds.
type passwordHash interface {
	verify(password []byte) bool
	// class is equal for hashes that cost the same.
	class() string
}

var (
	_ passwordHash = bcryptHash{}
	_ passwordHash = argon2Hash{}
)

// parsePasswordHash parses a hash. Its errors do not contain the hash.
func parsePasswordHash(encoded string) (passwordHash, error) {
	switch {
	case strings.HasPrefix(encoded, "$2"):
		return parseBcrypt(encoded)
	case strings.HasPrefix(encoded, "$argon2id$"):
		return parseArgon2id(encoded)
	default:
		return nil, errors.New("the password hash is neither bcrypt ($2a$, $2b$, $2y$) nor argon2id ($argon2id$)")
	}
}

type bcryptHash struct {
	encoded []byte
	cost    int
}

var bcryptPattern = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

func parseBcrypt(encoded string) (passwordHash, error) {
	if !bcryptPattern.MatchString(encoded) {
		return nil, errors.New("the bcrypt hash is malformed: it must be $2b$, two digits of cost, $ and 53 characters")
	}
	cost, err := bcrypt.Cost([]byte(encoded))
	if err != nil {
		return nil, errors.New("the bcrypt hash is malformed: its cost is out of range")
	}
	if cost > maxBcryptCost {
		return nil, fmt.Errorf("the bcrypt hash has cost %d: at most %d is accepted", cost, maxBcryptCost)
	}
	return bcryptHash{encoded: []byte(encoded), cost: cost}, nil
}

func (h bcryptHash) verify(password []byte) bool {
	long := len(password) > maxBcryptPassword
	if long {
		password = password[:maxBcryptPassword] // The check takes as long as any other.
	}
	return bcrypt.CompareHashAndPassword(h.encoded, password) == nil && !long
}

func (h bcryptHash) class() string { return "bcrypt/" + strconv.Itoa(h.cost) }

type argon2Hash struct {
	memory, passes uint32 // KiB; count
	lanes          uint8
	salt, sum      []byte
}

// parseArgon2id parses the PHC string format.
func parseArgon2id(encoded string) (passwordHash, error) {
	fields := strings.Split(encoded, "$")
	if len(fields) != 6 {
		return nil, errors.New("the argon2id hash is malformed: it must be $argon2id$v=19$m=...,t=...,p=...$salt$hash")
	}
	if fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return nil, fmt.Errorf("the argon2id hash must be of version v=%d", argon2.Version)
	}
	parameters := strings.Split(fields[3], ",")
	if len(parameters) != 3 {
		return nil, errors.New("the argon2id hash is malformed: its parameters must be m=...,t=...,p=... in this order")
	}
	var numbers [3]uint32
	for i, limit := range [...]struct {
		prefix string
		most   uint64
	}{{"m=", maxArgon2Memory}, {"t=", maxArgon2Passes}, {"p=", maxArgon2Lanes}} {
		digits, ok := strings.CutPrefix(parameters[i], limit.prefix)
		number, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || number < 1 || number > limit.most {
			return nil, fmt.Errorf("the argon2id hash is malformed: parameter %d must be %s and a number from 1 to %d", i+1, limit.prefix, limit.most)
		}
		numbers[i] = uint32(number)
	}
	h := argon2Hash{memory: numbers[0], passes: numbers[1], lanes: uint8(numbers[2])} //nolint:gosec // At most maxArgon2Lanes.
	if h.memory < 8*uint32(h.lanes) {
		return nil, errors.New("the argon2id hash is malformed: m must be at least 8 times p")
	}
	var err error
	if h.salt, err = phcBytes(fields[4], 8, 64); err != nil {
		return nil, fmt.Errorf("the salt of the argon2id hash %w", err)
	}
	if h.sum, err = phcBytes(fields[5], 16, 64); err != nil {
		return nil, fmt.Errorf("the last field of the argon2id hash %w", err)
	}
	return h, nil
}

func phcBytes(encoded string, least, most int) ([]byte, error) {
	decoded, err := base64.RawStdEncoding.Strict().DecodeString(encoded)
	if err != nil || strings.ContainsAny(encoded, "\r\n") {
		return nil, errors.New("is not base64 without padding")
	}
	if len(decoded) < least || len(decoded) > most {
		return nil, fmt.Errorf("has %d bytes: it must have %d to %d", len(decoded), least, most)
	}
	return decoded, nil
}

func (h argon2Hash) verify(password []byte) bool {
	sum := argon2.IDKey(password, h.salt, h.passes, h.memory, h.lanes, uint32(len(h.sum))) //nolint:gosec // At most 64.
	return subtle.ConstantTimeCompare(sum, h.sum) == 1
}

func (h argon2Hash) class() string {
	return fmt.Sprintf("argon2id/%d/%d/%d", h.memory, h.passes, h.lanes)
}
