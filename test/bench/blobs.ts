import { randomFillSync } from 'node:crypto'
import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '../harness/registry.ts'
import { stringAt } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { startBaseline } from './children.ts'
import { cpuSecondsPerGiB, inTurns, median, medianQuotient, type Figure, type Settings } from './figure.ts'
import type { Outcome } from './jobs.ts'
import { repositoryName } from './seed.ts'
import type { Subject } from './subject.ts'

/** The size of a measured blob. */
export const blobBytes = 256 * 1024 * 1024
/** How many blobs are moved each time, so that the clock of the processor time, which ticks every 10 ms, is fine enough. */
export const times = 4

/** The headers of a client that may pull and push. */
export async function bearer(subject: Subject): Promise<Record<string, string>> {
  const service = subject.filled.firstRun.loginServer
  const query = new URLSearchParams({ service, scope: `repository:${repositoryName(1)}:pull,push` })
  const answer = await subject.ask('GET', `/oauth2/token?${query.toString()}`, { authorization: subject.basicOf(1) })
  return { host: service, authorization: `Bearer ${stringAt(answer.json(), 'access_token')}` }
}

/** The processor time for each GiB, as a multiple of that of a bare server. */
export function ratioFigure(name: string, target: number, bare: readonly Outcome[], acrux: readonly Outcome[]): Figure {
  const costs = { bare: bare.map(cpuSecondsPerGiB), acrux: acrux.map(cpuSecondsPerGiB) }
  return {
    name,
    measured: medianQuotient(costs.acrux, costs.bare),
    unit: 'ratio',
    bound: 'at most',
    target,
    details: `CPU per GiB: bare ${median(costs.bare).toFixed(2)} s, acrux ${median(costs.acrux).toFixed(2)} s`,
  }
}

/** The processor time of downloads, compared with a bare server that streams the same bytes from a file. */
export async function measureBlobGet(settings: Settings, subject: Subject): Promise<Figure> {
  const { load, cores, rounds } = settings
  settings.say('blob-get')
  const folder = tempDir('bench-blob')
  try {
    const headers = await bearer(subject)
    const bytes = randomFillSync(Buffer.alloc(blobBytes))
    const digest = digestOf(bytes)
    const file = join(folder.path, 'blob')
    await writeFile(file, bytes)
    const blobs = `/v2/${repositoryName(1)}/blobs`
    const type = { 'content-type': 'application/octet-stream' }
    const pushed = await subject.ask('POST', `${blobs}/uploads/?digest=${digest}`, { ...headers, ...type }, bytes)
    if (pushed.status !== 201) throw new Error(`status ${pushed.status}: ${pushed.text()}`)
    await using bare = await startBaseline({ kind: 'send', file }, subject.target, subject.pairFile, cores.server)
    const job = { kind: 'download', path: `${blobs}/${digest}`, headers, times } as const
    const outcomes = await inTurns(rounds, {
      bare: () => load.run({ ...job, target: bare.target }),
      acrux: () => load.run({ ...job, target: subject.target }),
    })
    return ratioFigure('blob-get', 1.25, outcomes.bare, outcomes.acrux)
  } finally {
    folder.remove()
  }
}

/**
 * Removes the pushed blobs, so that the next ones reuse the memory of their pages: memory that a virtual machine has
 * not used yet costs as much as the rest of an upload.
 */
async function removeBlobs(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name)
    if (entry.isFile() && (await stat(file)).size === blobBytes) await rm(file)
  }
}

/** The outcome of a run that pushed into a folder. The blobs in the folder are deleted afterwards. */
async function cleaned<Outcome>(folder: string, run: Promise<Outcome>): Promise<Outcome> {
  try {
    return await run
  } finally {
    await removeBlobs(folder)
  }
}

/** The processor time of uploads, compared with a bare server that hashes them and streams them to a file. */
export async function measureBlobPush(settings: Settings, subject: Subject): Promise<Figure> {
  const { load, cores, rounds } = settings
  settings.say('blob-push')
  const folder = tempDir('bench-blob')
  try {
    const headers = await bearer(subject)
    const task = { kind: 'receive', folder: folder.path } as const
    await using bare = await startBaseline(task, subject.target, subject.pairFile, cores.server)
    const path = `/v2/${repositoryName(1)}/blobs/uploads/`
    const job = { kind: 'upload', path, headers, sizeBytes: blobBytes, times } as const
    const outcomes = await inTurns(rounds, {
      bare: () => cleaned(folder.path, load.run({ ...job, how: 'whole', target: bare.target })),
      acrux: () => cleaned(subject.filled.dataDir, load.run({ ...job, how: 'registry', target: subject.target })),
    })
    return ratioFigure('blob-push', 1, outcomes.bare, outcomes.acrux)
  } finally {
    folder.remove()
  }
}
