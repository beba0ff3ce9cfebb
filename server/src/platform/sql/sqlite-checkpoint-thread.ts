import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/*
 * Runs checkpoints, so that commits do not wait for them. Otherwise the commit that fills the write-ahead log would run
 * one, which takes 30 to 150 ms.
 */
const lookMs = 100
/** The minimum number of pages of 4 KiB. */
const minPages = 500

const { file } = workerData as { file: string }
const database = new DatabaseSync(file)
const look = database.prepare('pragma wal_checkpoint(noop)')
const checkpoint = database.prepare('pragma wal_checkpoint(passive)')

const timer = setInterval(() => {
  try {
    const { log, checkpointed } = look.get() as { log: number; checkpointed: number }
    if (log - checkpointed >= minPages) checkpoint.get()
  } catch {
    // The disk is full or fails. When the log is longer, the writing connection runs the checkpoint and reports the
    // error.
  }
}, lookMs)

parentPort?.once('message', () => {
  clearInterval(timer)
  database.close()
})
