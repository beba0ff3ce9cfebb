/**
 * A server of S3 that takes little processor time: it keeps small objects, counts the bytes of parts and of large objects, and
 * answers a large object with zeros. Its arguments are the port, and the files of its certificate and key.
 */
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

interface Stored {
  readonly sizeBytes: number
  /** Undefined for a large object. */
  readonly content: Buffer | undefined
  readonly metadata: Readonly<Record<string, string>>
}

const keptBytes = 6 * 1024 * 1024
const zeros = Buffer.alloc(1024 * 1024)
const objects = new Map<string, Stored>()
const parts = new Map<string, number>()

/** Reads a body, and keeps it if it is small. */
async function take(request: IncomingMessage): Promise<Pick<Stored, 'sizeBytes' | 'content'>> {
  const isSmall = Number(request.headers['content-length'] ?? Infinity) <= keptBytes
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.byteLength
    if (isSmall) chunks.push(chunk)
  }
  // A stream comes in signed chunks, which are longer.
  const decoded = request.headers['x-amz-decoded-content-length']
  if (decoded !== undefined) sizeBytes = Number(decoded)
  return { sizeBytes, content: isSmall ? Buffer.concat(chunks) : undefined }
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('x-amz-meta-') ? [[name, String(value)]] : [])),
  )
}

function xml(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${text}`)
}

function* zerosOf(sizeBytes: number): Generator<Buffer> {
  for (let left = sizeBytes; left > 0; left -= zeros.byteLength) yield zeros.subarray(0, left)
}

/** Sends an object or a range of it. */
async function send(request: IncomingMessage, response: ServerResponse, stored: Stored): Promise<void> {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  const start = range === null ? 0 : Number(range[1])
  const end = range === null ? stored.sizeBytes : Math.min(stored.sizeBytes, Number(range[2]) + 1)
  response.writeHead(range === null ? 200 : 206, {
    ...stored.metadata,
    'content-length': end - start,
    etag: '"1"',
    'last-modified': new Date(0).toUTCString(),
    ...(range !== null && { 'content-range': `bytes ${start}-${end - 1}/${stored.sizeBytes}` }),
  })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  if (stored.content !== undefined) {
    response.end(stored.content.subarray(start, end))
    return
  }
  await pipeline(Readable.from(zerosOf(end - start)), response).catch(() => undefined)
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname: key, searchParams: query } = new URL(request.url ?? '', 'http://localhost')
  const upload = query.get('uploadId')
  const { method } = request
  const body = await take(request)
  if (method === 'PUT' && upload !== null) {
    parts.set(upload, (parts.get(upload) ?? 0) + body.sizeBytes)
    response.writeHead(200, { etag: '"1"' }).end()
  } else if (method === 'PUT') {
    objects.set(key, { ...body, metadata: metadataOf(request) })
    response.writeHead(200, { etag: '"1"' }).end()
  } else if (method === 'POST' && upload !== null) {
    objects.set(key, { sizeBytes: parts.get(upload) ?? 0, content: undefined, metadata: {} })
    parts.delete(upload)
    xml(response, '<CompleteMultipartUploadResult><ETag>"1"</ETag></CompleteMultipartUploadResult>')
  } else if (method === 'POST') {
    const id = `${key}-${performance.now()}`
    xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
  } else if (query.has('uploads')) {
    xml(response, '<ListMultipartUploadsResult></ListMultipartUploadsResult>')
  } else if (query.has('list-type')) {
    const prefix = `${key}/${query.get('prefix') ?? ''}`
    const found = [...objects.keys()].filter((one) => one.startsWith(prefix)).map((one) => one.slice(key.length + 1))
    const contents = found.map((one) => `<Contents><Key>${one}</Key></Contents>`).join('')
    xml(response, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`)
  } else if (method === 'DELETE') {
    objects.delete(key)
    response.writeHead(204).end()
  } else {
    const stored = objects.get(key)
    if (stored === undefined) response.writeHead(404).end()
    else await send(request, response, stored)
  }
}

const [port, certFile = '', keyFile = ''] = process.argv.slice(2)
const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
const server = createServer(pair, (request, response) => {
  answer(request, response).catch((error: unknown) => response.destroy(error as Error))
})
server.requestTimeout = 0
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'))
process.once('SIGTERM', () => process.exit())
