import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { DownloadJob, Outcome, Target, UploadJob } from './jobs.ts'
import { measure } from './measure.ts'

interface Exchange {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | number>>
  /** The body in pieces. */
  readonly pieces?: readonly Buffer[]
  readonly expected: number
}

/**
 * One exchange on a persistent connection. Returns the response when its headers have arrived; throws for any other
 * status.
 */
async function exchange(target: Target, agent: Agent, what: Exchange): Promise<IncomingMessage> {
  const { port, servername, caFile = '' } = target
  const { method, path, headers, pieces = [], expected } = what
  const ca = readFileSync(caFile)
  const outgoing = request({ host: '127.0.0.1', port, servername, ca, agent, method, path, headers })
  const answered = once(outgoing, 'response')
  for (const piece of pieces) if (!outgoing.write(piece)) await once(outgoing, 'drain')
  outgoing.end()
  const [incoming] = (await answered) as [IncomingMessage]
  if (incoming.statusCode !== expected) throw new Error(`${method} ${path}: status ${incoming.statusCode}`)
  return incoming
}

async function drain(incoming: IncomingMessage): Promise<number> {
  let bytes = 0
  incoming.on('data', (chunk: Buffer) => (bytes += chunk.length))
  await once(incoming, 'end')
  return bytes
}

/** Downloads, and counts the bytes. */
export async function download({ target, path, headers, times }: DownloadJob): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const oneBlob = async (): Promise<number> =>
      drain(await exchange(target, agent, { method: 'GET', path, headers, expected: 200 }))
    return await measure(target.pid, async () => {
      let bytes = 0
      for (let time = 0; time < times; time += 1) bytes += await oneBlob()
      return bytes
    })
  } finally {
    agent.destroy()
  }
}

const pieceBytes = 1024 * 1024

/** A body with unique content, and its digest. */
function newBody(sizeBytes: number): { pieces: Buffer[]; digest: string } {
  const piece = randomFillSync(Buffer.alloc(pieceBytes))
  const first = randomFillSync(Buffer.alloc(pieceBytes))
  const pieces = Array.from({ length: sizeBytes / pieceBytes }, (_, index) => (index === 0 ? first : piece))
  const hash = createHash('sha256')
  for (const one of pieces) hash.update(one)
  return { pieces, digest: `sha256:${hash.digest('hex')}` }
}

async function pushWhole(job: UploadJob, agent: Agent, { pieces }: { pieces: Buffer[] }): Promise<void> {
  const headers = { ...job.headers, 'content-length': job.sizeBytes }
  await drain(await exchange(job.target, agent, { method: 'PUT', path: job.path, headers, pieces, expected: 201 }))
}

async function pushToRegistry(
  job: UploadJob,
  agent: Agent,
  { pieces, digest }: { pieces: Buffer[]; digest: string },
): Promise<void> {
  const { target, path, headers, sizeBytes } = job
  const sized = { ...headers, 'content-type': 'application/octet-stream', 'content-length': sizeBytes }
  const empty = { ...headers, 'content-length': 0 }
  const begun = await exchange(target, agent, { method: 'POST', path, headers: empty, expected: 202 })
  await drain(begun)
  const patch = { method: 'PATCH', path: String(begun.headers.location), headers: sized, pieces, expected: 202 }
  const patched = await exchange(target, agent, patch)
  await drain(patched)
  const location = String(patched.headers.location)
  const end = `${location}${location.includes('?') ? '&' : '?'}digest=${digest}`
  await drain(await exchange(target, agent, { method: 'PUT', path: end, headers: empty, expected: 201 }))
}

/** Uploads, and counts the bytes. The bodies and their digests are created before the measurement. */
export async function upload(job: UploadJob): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const bodies = Array.from({ length: job.times }, () => newBody(job.sizeBytes))
  try {
    return await measure(job.target.pid, async () => {
      for (const body of bodies) {
        await (job.how === 'whole' ? pushWhole(job, agent, body) : pushToRegistry(job, agent, body))
      }
      return job.times * job.sizeBytes
    })
  } finally {
    agent.destroy()
  }
}
