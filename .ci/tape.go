// Tape says whether vhs 0.11 takes a tape, by vhs's own parser, as its command
// validate does. All of vhs would be sixty modules more:
//
//	go run -modfile=.tools.mod .ci/tape.go demo.tape
package main

import (
	"fmt"
	"os"

	"github.com/charmbracelet/vhs/lexer"
	"github.com/charmbracelet/vhs/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tape FILE")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := parser.New(lexer.New(string(text)))
	if p.Parse(); len(p.Errors()) == 0 {
		return
	}
	for _, err := range p.Errors() {
		fmt.Fprintf(os.Stderr, "%s:%d:%d: %s\n", os.Args[1], err.Token.Line, err.Token.Column, err.Msg)
	}
	os.Exit(1)
}
