//go:build !race

package scrape_test

const raced = false // the race detector is off
