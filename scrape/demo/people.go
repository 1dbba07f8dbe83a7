package demo

import (
	"fmt"
	"time"
)

// A person works at a host. All are invented.
type person struct {
	num   int // from 1, as in /staff/12
	given string
	last  string
}

func (p person) name() string  { return "Dr. " + p.given + " " + p.last }
func (p person) short() string { return p.last + "-" + string([]rune(p.given)[:1]) }

// staffSize is how many people each host employs.
const staffSize = 48

// Names, written so that windows-1252 has nearly all of their letters: Łucja
// and Věra need what a page of that charset does when it has not.
var (
	givenNames = [...]string{
		"Ada", "Bram", "Céline", "Dorrit", "Eero", "Fenna", "Günay", "Héloïse", "Ilse", "Jorun", "Kasimir", "Łucja",
		"Maëlle", "Nuno", "Ottoline", "Piet", "Quentin", "Róisín", "Søren", "Tove", "Ulrika", "Věra", "Wystan", "Zoë",
	}
	lastNames = [...]string{
		"Aldermarsh", "Brøgger", "Castañeda-Voss", "Drummle", "Eskerwood", "Fiachra", "Grünewalt", "Hathersedge",
		"Ivelay", "Jarndish", "Kestrelmann", "L’Estrange", "Marrable", "Nørrevang", "O’Tarn", "Pellworm",
		"Quistgaard", "Ravenglass", "Šimůnek", "Thornaby", "Ünlügil", "Vantongeren", "Wrexcombe", "Yarwell",
	}
	services = [...]string{
		"Harbour Medicine", "Night Float", "Upper Ward", "Lower Ward", "Children’s Wing", "Stroke Line", "Bed Desk",
	}
	wards = [...]string{"East", "West", "Hill", "River", "Garden"}
)

// person returns the nth of the host's staff, from 1. No two are namesakes.
func (h *host) person(n int) person {
	at := (h.rand("staff").IntN(1<<16) + n*17) % (len(givenNames) * len(lastNames))
	return person{num: n, given: givenNames[at%len(givenNames)], last: lastNames[at/len(givenNames)]}
}

// onCall returns who has a shift of a service on a day; ok is false if nobody
// was found for it. Every page of the host agrees on it.
func (h *host) onCall(day time.Time, service, shift string) (p person, ok bool) {
	r := h.rand(fmt.Sprintf("on call %s %s %s", day.Format(time.DateOnly), service, shift))
	if r.IntN(41) == 0 {
		return person{}, false
	}
	return h.person(1 + r.IntN(staffSize)), true
}

// staffPage draws one of the host's people.
func (h *host) staffPage(n int, base string) page {
	type colleague struct {
		Num  int
		Name string
	}
	p, r := h.person(n), h.rand(fmt.Sprintf("staff %d", n))
	var near []colleague
	for range 3 + r.IntN(9) {
		c := h.person(1 + r.IntN(staffSize))
		near = append(near, colleague{c.num, c.name()})
	}
	return draw("staff.html", struct {
		Org, Base, Name, Service, Ward, Telephone, Month string
		Num                                              int
		Colleagues                                       []colleague
	}{
		h.org, base, p.name(), services[r.IntN(len(services))], wards[r.IntN(len(wards))],
		fmt.Sprintf("555 01%02d", r.IntN(100)), (firstListed + month(n%listedMonths)).String(), n, near,
	})
}
