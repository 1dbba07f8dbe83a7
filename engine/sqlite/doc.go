// Package sqlite keeps a run on disk: an [engine.Store] in one file that
// outlives the process, and that the sqlite3 of any system can read.
//
// # What is where
//
// The jobs are in memory, in an [engine.Frontier], and in the file; what comes
// next and how many there are is never asked of the file. What a page came to,
// its records among it, is in the file only.
//
//	Finish, AddBatch, Change ─► Frontier ─► journal ─► writer ─► FILE ◄─ readers
//	                                         in memory  one goroutine
//
// A change is made in the Frontier and put into the journal under one lock, so
// that the file gets the changes in their order. The writer commits what is in
// the journal in one transaction: as soon as 50 results are in it or somebody
// is in a hurry, and else not more often than every 20 ms.
//
// # Promises
//
// What was acknowledged is kept: Finish, AddBatch and Sync return when what
// they did, or Change before them, is on disk (write-ahead log, synchronous
// FULL). Release, Keep and SetOutput are written behind. Leases are not written: a job that was out when
// the process died waits again.
//
// The first failure of a write is the last write: from then on every method
// returns it. It is an [Error] that names the file and the cause.
//
// Reading does not hold up writing, and many can read a run while one process
// works on it. Two processes cannot work on it: see [HeldError].
//
// The file and those beside it (-wal, -shm, .lock) can be read by their owner
// only.
package sqlite
