import { readFileSync } from 'node:fs'
import { getCompileCacheDir } from 'node:module'
import { basename, dirname } from 'node:path'
import { getAsset, getRawAsset, isSea } from 'node:sea'
import { Worker, type WorkerOptions } from 'node:worker_threads'

/**
 * Reads a text file that belongs to the program. A single-file executable contains these files as assets, under their name
 * without a directory.
 */
export function readPackagedFile(file: URL): string {
  return isSea() ? getAsset(basename(file.pathname), 'utf8') : readFileSync(file, 'utf8')
}

/** The bytes of a file that belongs to the program; undefined if this build has none. */
export function findPackagedBytes(file: URL): Uint8Array | undefined {
  try {
    return isSea() ? new Uint8Array(getRawAsset(basename(file.pathname))) : readFileSync(file)
  } catch {
    return undefined
  }
}

/**
 * Starts a thread that runs a file of the program. A single-file executable cannot start one from a URL. The thread uses the
 * compile cache of this one: without it, a thread of the sources starts 25 ms later.
 */
export function startPackagedThread(file: URL, options: WorkerOptions): Worker {
  const cache = getCompileCacheDir()
  const env = { ...process.env, ...(cache !== undefined && { NODE_COMPILE_CACHE: dirname(cache) }) }
  return isSea()
    ? new Worker(readPackagedFile(file), { env, ...options, eval: true })
    : new Worker(file, { env, ...options })
}
