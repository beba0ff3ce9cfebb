import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { processorSeconds, slowness } from '../harness/processor-time.ts'
import type { RunningServer } from '../harness/server.ts'

const mebibyte = 1024 * 1024

/** The memory of the server's process in bytes; undefined if the system has no `/proc`. */
function residentBytes(server: RunningServer): number | undefined {
  if (process.platform !== 'linux') return undefined
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/**
 * Runs some work, and asserts that it took neither much memory of the server nor more than this many milliseconds of
 * processor time, regardless of other load. If the system does not report processor time, the wall clock is used.
 */
export async function assertBounded(
  server: RunningServer,
  bounds: { milliseconds: number; mebibytes: number },
  work: () => Promise<void>,
): Promise<void> {
  const before = residentBytes(server)
  const tells = process.platform === 'linux'
  const spent = (): number => (tells ? processorSeconds(server.pid) * 1000 : performance.now())
  const started = spent()
  await work()
  const took = spent() - started
  const now = residentBytes(server)
  assert.ok(took < bounds.milliseconds * (tells ? slowness() : 1), `it took ${Math.round(took)} ms`)
  if (before === undefined || now === undefined) return
  const grown = (now - before) / mebibyte
  assert.ok(grown < bounds.mebibytes, `the server's memory grew by ${Math.round(grown)} MiB`)
}
