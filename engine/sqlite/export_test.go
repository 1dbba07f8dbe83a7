package sqlite

import "errors"

// Exec does something to a file that no store would.
func Exec(path, sql string) error {
	c, err := connect(path)
	if err != nil {
		return err
	}
	return errors.Join(c.exec(sql), c.Close())
}
