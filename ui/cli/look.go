package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"weir/ui"
)

// lookFile is where the screen leaves what its operator has chosen, in the
// state directory of the user.
const lookFile = "weir/screen.json"

// lookVersion is the form of that file. A file of another is left alone until
// something new is chosen.
const lookVersion = 1

type keptLook struct {
	Version int     `json:"version"`
	Look    ui.Look `json:"look"`
}

// remember gives a screen the look that the last one had, and has it keep its
// own. A file that cannot be used is told of in the screen's log: it is never
// what a run fails for.
func (a *app) remember(d *ui.Deps) {
	if a.deps.State == nil {
		return
	}
	path, err := a.deps.State(lookFile)
	if err == nil {
		d.Look, err = readLook(path)
		d.Keep = func(l ui.Look) {
			if err := writeLook(path, l); err != nil {
				a.note("what you chose of the screen is not remembered: " + err.Error())
			}
		}
	}
	if err != nil {
		d.Notes = append(d.Notes, "what was chosen of the screen before is not known: "+err.Error())
	}
}

// readLook reads the file of that path. One that is not there is the look that
// weir comes with.
func readLook(path string) (ui.Look, error) {
	text, err := readAtMost(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return ui.Look{}, nil
	}
	var kept keptLook
	if err == nil {
		if err = json.Unmarshal(text, &kept); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}
	switch {
	case err != nil:
		return ui.Look{}, err
	case kept.Version != lookVersion:
		return ui.Look{}, fmt.Errorf("%s: has version %d, want %d", path, kept.Version, lookVersion)
	}
	return kept.Look, nil
}

func writeLook(path string, l ui.Look) error {
	text, err := json.MarshalIndent(keptLook{lookVersion, l}, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(text, '\n'))
}

// replaceFile writes a file in one step, so that whoever reads or writes it at
// the same moment, or ends in the middle, leaves a whole one.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // it is of no use, and err is why
	}
	return err
}
