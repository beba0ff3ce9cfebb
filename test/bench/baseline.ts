/**
 * A bare `node:https` server, with which Acrux is compared. Its only argument says in JSON what it does.
 *
 */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { pipeline, Transform } from 'node:stream'
import { pipeline as pipelineOf } from 'node:stream/promises'

/** What a bare server does. */
export type BaselineTask =
  /** Answers every request with the same bytes from memory; the body is in base64. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: OutgoingHttpHeaders
      readonly body: string
      /** Signs the body of every response, as an issuer of tokens must. */
      readonly signs?: SignatureAlgorithm
    }
  /** Answers every request with a file, as a stream. */
  | { readonly kind: 'send'; readonly file: string }
  /** Hashes every body, and streams it to a file of its own. */
  | { readonly kind: 'receive'; readonly folder: string }
  /**
   * Hashes every body and stores it in S3, and answers every GET with the object that was stored last. All bytes are
   * streamed through the SDK.
   */
  | { readonly kind: 'objects'; readonly endpoint: string; readonly bucket: string; readonly key: string }

/** The key that signs the tokens of a response. */
export type SignatureAlgorithm = 'RS256' | 'ES256'

type Listener = (request: IncomingMessage, response: ServerResponse) => void

function newKey(algorithm: SignatureAlgorithm): KeyObject {
  return algorithm === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

function answer(task: Extract<BaselineTask, { kind: 'answer' }>): Listener {
  const body = Buffer.from(task.body, 'base64')
  const key = task.signs === undefined ? undefined : newKey(task.signs)
  return (request, response) => {
    request.resume()
    if (key !== undefined) sign('sha256', body, key)
    response.writeHead(task.status, task.headers)
    if (request.method === 'HEAD') response.end()
    else response.end(body)
  }
}

function send(file: string): Listener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    pipeline(createReadStream(file), response, (error) => {
      if (error) response.destroy(error)
    })
  }
}

function receive(folder: string): Listener {
  let received = 0
  return (request, response) => {
    const hash = createHash('sha256')
    request.on('data', (chunk: Buffer) => hash.update(chunk))
    pipeline(request, createWriteStream(join(folder, String((received += 1)))), (error) => {
      if (error) response.destroy(error)
      else response.writeHead(201, { 'docker-content-digest': `sha256:${hash.digest('hex')}` }).end()
    })
  }
}

async function objects({ endpoint, bucket, key }: Extract<BaselineTask, { kind: 'objects' }>): Promise<Listener> {
  const { GetObjectCommand, PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3')
  const client = new S3Client({
    region: 'us-east-1',
    endpoint,
    forcePathStyle: true,
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const place = { Bucket: bucket, Key: key }
  const put = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const hash = createHash('sha256')
    const hashing = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk)
        done(null, chunk)
      },
    })
    const ContentLength = Number(request.headers['content-length'])
    await client.send(new PutObjectCommand({ ...place, Body: request.pipe(hashing), ContentLength }))
    response.writeHead(201, { 'docker-content-digest': `sha256:${hash.digest('hex')}` }).end()
  }
  const get = async (response: ServerResponse): Promise<void> => {
    const { Body, ContentLength } = await client.send(new GetObjectCommand(place))
    response.writeHead(200, { 'content-length': ContentLength })
    // In Node, the SDK's body is the response of node:http.
    await pipelineOf(Body as IncomingMessage, response)
  }
  return (request, response) => {
    const done = request.method === 'GET' ? get(response) : put(request, response)
    done.catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      response.destroy()
    })
  }
}

async function listenerFor(task: BaselineTask): Promise<Listener> {
  switch (task.kind) {
    case 'answer':
      return answer(task)
    case 'send':
      return send(task.file)
    case 'receive':
      return receive(task.folder)
    case 'objects':
      return objects(task)
  }
}

const [task = '', pairFile = '', port = ''] = process.argv.slice(2)
const pair = readFileSync(pairFile)
const server = createServer({ cert: pair, key: pair }, await listenerFor(JSON.parse(task) as BaselineTask))
server.requestTimeout = 0
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'))
// In order, so that a profile that was asked for is written.
process.once('SIGTERM', () => process.exit())
