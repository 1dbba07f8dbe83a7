//go:build race

package sqlite_test

// stride makes the tests that go through all calls or pages take one in so
// many: SQLite takes twelve times as long with the race detector.
const stride = 7
