/** A bare `node:https` server, the measure of ours. It does one thing, which its only argument says in JSON. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { pipeline } from 'node:stream'

/** What a bare server does. */
export type BaselineTask =
  /** Answers every request with the same bytes from memory; the body is in base64. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: OutgoingHttpHeaders
      readonly body: string
      /** Makes such a signature for every answer, over the body, as an issuer of tokens has to. */
      readonly signs?: SignatureAlgorithm
    }
  /** Answers every request with a file, by a stream. */
  | { readonly kind: 'send'; readonly file: string }
  /** Hashes every body, and writes it to a file of its own, by streams. */
  | { readonly kind: 'receive'; readonly folder: string }

/** What the tokens of an answer are signed with. */
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

function listenerFor(task: BaselineTask): Listener {
  switch (task.kind) {
    case 'answer':
      return answer(task)
    case 'send':
      return send(task.file)
    case 'receive':
      return receive(task.folder)
  }
}

const [task = '', pairFile = '', port = ''] = process.argv.slice(2)
const pair = readFileSync(pairFile)
const server = createServer({ cert: pair, key: pair }, listenerFor(JSON.parse(task) as BaselineTask))
server.requestTimeout = 0
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'))
// In order, so that a profile that was asked for is written.
process.once('SIGTERM', () => process.exit())
