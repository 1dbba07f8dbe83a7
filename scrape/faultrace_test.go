//go:build race

package scrape_test

const raced = true // the race detector is on
