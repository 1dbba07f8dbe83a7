//go:build !race

package sqlite_test

const stride = 1 // see troublerace_test.go
