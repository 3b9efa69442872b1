package narrow

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// A decimal is a JSON number: 0.digits times ten to the power of exponent. Unlike math/big,
// it takes no more memory than its text: 1e999999999 has one digit.
type decimal struct {
	negative bool
	// digits has no zero at either end. It is empty for zero.
	digits   string
	exponent int64
}

func parseDecimal(n json.Number) (decimal, bool) {
	text, negative := strings.CutPrefix(string(n), "-")
	exponent := int64(0)
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.ParseInt(text[i+1:], 10, 32); err != nil {
			return decimal{}, false
		}
		text = text[:i]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent += int64(len(digits) - len(fraction))
	if digits = strings.TrimRight(digits, "0"); digits == "" {
		return decimal{}, true
	}
	return decimal{negative, digits, exponent}, true
}

// String returns the same text for equal numbers.
func (d decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	return sign + d.digits + "e" + strconv.FormatInt(d.exponent, 10)
}

// whole reports whether the number is an integer.
func (d decimal) whole() bool { return int64(len(d.digits)) <= d.exponent || d.digits == "" }

func (d decimal) compare(other decimal) int {
	if d == other {
		return 0
	}
	sign := func(d decimal) int {
		switch {
		case d.digits == "":
			return 0
		case d.negative:
			return -1
		default:
			return 1
		}
	}
	if s, o := sign(d), sign(other); s != o {
		return s - o
	}
	larger := d.exponent - other.exponent
	if larger == 0 {
		// Without trailing zeros, the shorter of two texts with the same beginning is less.
		larger = int64(strings.Compare(d.digits, other.digits))
	}
	if (larger > 0) == d.negative {
		return -1
	}
	return 1
}

// multipleOf reports whether d is certainly a multiple of other.
func (d decimal) multipleOf(other decimal) bool {
	const most = 400 // More digits could take long.
	if d == other {
		return true
	}
	for _, part := range []decimal{d, other} {
		if len(part.digits) > most || part.exponent > most || part.exponent < -most {
			return false
		}
	}
	if other.digits == "" {
		return false
	}
	quotient := new(big.Rat).Quo(d.rational(), other.rational())
	return quotient.IsInt()
}

func (d decimal) rational() *big.Rat {
	r, _ := new(big.Rat).SetString("0" + d.digits)
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(d.exponent-int64(len(d.digits)), int64(len(d.digits))-d.exponent)), nil)
	if d.exponent >= int64(len(d.digits)) {
		return r.Mul(r, new(big.Rat).SetInt(power))
	}
	return r.Quo(r, new(big.Rat).SetInt(power))
}

// whole returns a count as a decimal.
func whole(n int) decimal {
	d, _ := parseDecimal(json.Number(strconv.Itoa(n)))
	return d
}
