import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { getAsset, isSea } from 'node:sea'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Reads a text file that belongs to the program. A single-file executable contains these files as assets, under their name
 * without a directory.
 */
export function readPackagedFile(file: URL): string {
  return isSea() ? getAsset(basename(file.pathname), 'utf8') : readFileSync(file, 'utf8')
}

/** Starts a thread that runs a file of the program. A single-file executable cannot start one from a URL. */
export function startPackagedThread(file: URL, options: WorkerOptions): Worker {
  return isSea() ? new Worker(readPackagedFile(file), { ...options, eval: true }) : new Worker(file, options)
}
