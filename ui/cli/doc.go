// Package cli is weir's command line: commands and flags, runs without a
// screen, files of results, exit codes.
//
// A run goes one way. [Main] reads flags, environment and configuration file
// into a [Config]. Everything that can be wrong with them, with a recipe, a
// list or a file to write is found first and ends in one line on stderr and
// exit code 2, before any request. Then the lists are handed to the engine
// (source.go), a screen or a printer shows what happens (run.go, headless.go),
// results go to files as they are kept (sink.go), and the ledger is printed.
//
// The package knows flags, and neither HTTP nor clocks: what it needs of other
// rooms comes through [Deps].
//
// Every run is kept in a file of its own (runfile.go, about.go), with the
// settings that it began with but without secrets (kept.go). The next life of
// it takes up what is there (resume.go, life.go).
//
// Exit codes: 0 all ended ok, empty or skipped; 1 some failed, or a file could
// not be written to its end; 2 bad usage, recipe or list; 3 the run could not be
// kept; 130 cancelled, or left with jobs that were not fetched.
package cli
