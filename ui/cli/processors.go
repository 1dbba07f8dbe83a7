package cli

import (
	"os"
	"runtime"
)

// oneMore lets Go run one goroutine more at a time than there are cores, unless
// the environment says how many (GOMAXPROCS). What it returns ends that.
//
// The goroutine that reads keys waits in a system call. If every processor of
// Go's scheduler is busy with pages when a key comes, it joins the global queue,
// which is looked at every 61st time only: on two cores, at 3,200 pages a
// second, one key in ten waited for more than 16 ms there, and with a processor
// that is free one in a hundred does. The kernel then does the sharing.
func oneMore() (end func()) {
	if os.Getenv("GOMAXPROCS") != "" {
		return func() {}
	}
	was := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(was + 1)
	return func() { runtime.GOMAXPROCS(was) }
}
