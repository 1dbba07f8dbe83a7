package scrape

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/currency"
)

// symbols are the signs of money that mean one currency.
var symbols = map[string]string{
	"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "zł": "PLN", "US$": "USD", "₺": "TRY", "₽": "RUB", "₴": "UAH",
	"₪": "ILS", "₫": "VND", "฿": "THB", "₱": "PHP", "R$": "BRL", "Kč": "CZK", "Ft": "HUF",
}

// shared are the signs of money that mean several, and which.
var shared = map[string][]string{
	"$": {
		"USD", "ARS", "AUD", "BBD", "BMD", "BND", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "DOP", "FJD", "GYD", "HKD", "JMD",
		"KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "UYU", "XCD",
	},
	"¥":  {"JPY", "CNY"},
	"￥":  {"JPY", "CNY"},
	"kr": {"SEK", "NOK", "DKK", "ISK"},
}

// isCurrency reports whether code is one of ISO 4217, in capitals.
func isCurrency(code string) bool {
	unit, err := currency.ParseISO(code)
	return err == nil && unit.String() == code
}

// readMoney reads an amount with its currency, in front of it or behind:
// 1,234.50 EUR, € 5, -$3.20, 12 zł. It becomes 1234.50 EUR: no grouping, the
// decimal sign a point, the code of ISO 4217. The amount is as for a float.
//
// usual is the currency of signs that several have, as $, and of amounts
// without any. Where it is empty, these cannot be read; nor can such a sign if
// it is not one of usual.
func readMoney(raw, usual string) (string, bool) {
	if len(raw) > 100 {
		return raw, false
	}
	sign, rest := cutSign(strings.TrimSpace(raw))
	from := strings.IndexFunc(rest, isAmount)
	to := strings.LastIndexFunc(rest, unicode.IsDigit)
	if from < 0 || to < from {
		return raw, false
	}
	front, back := strings.TrimSpace(rest[:from]), strings.TrimSpace(rest[to+1:])
	inner, front := cutInnerSign(front)
	if inner != "" {
		if sign != "" {
			return raw, false
		}
		sign = inner
	}
	code, ok := currencyOf(front, back, usual)
	if !ok {
		return raw, false
	}
	amount, ok := readFloat(rest[from : to+1])
	if !ok {
		return raw, false
	}
	return sign + amount + " " + code, true
}

// isAmount reports whether an amount may begin with r.
func isAmount(r rune) bool { return r >= '0' && r <= '9' || r == '.' }

// cutInnerSign takes the sign off that stands between a currency and its
// amount: $-5.
func cutInnerSign(front string) (sign, rest string) {
	for _, minus := range []string{"-", "\u2212"} {
		if rest, ok := strings.CutSuffix(front, minus); ok {
			return "-", strings.TrimSpace(rest)
		}
	}
	return "", front
}

// currencyOf returns the currency of an amount that has front before it and
// back behind it. Two that agree are one: € 5 EUR.
func currencyOf(front, back, usual string) (string, bool) {
	var codes []string
	for _, mark := range []string{front, back} {
		if mark == "" {
			continue
		}
		code, ok := symbols[mark]
		switch {
		case ok:
		case isCurrency(mark):
			code = mark
		case slices.Contains(shared[mark], usual):
			code = usual
		default:
			if front == "" || back == "" || !slices.Contains(shared[mark], otherCode(mark, front, back)) {
				return "", false
			}
			code = otherCode(mark, front, back) // $5 USD
		}
		codes = append(codes, code)
	}
	switch {
	case len(codes) == 0:
		return usual, usual != ""
	case len(codes) == 2 && codes[0] != codes[1]:
		return "", false
	}
	return codes[0], true
}

// otherCode returns the one of front and back that is not mark.
func otherCode(mark, front, back string) string {
	if mark == front {
		return back
	}
	return front
}
