// Receives the events of an audit webhook, and prints each event once. Run it with:
//   WEBHOOK_SECRET_FILE=secret TLS_CERT=cert.pem TLS_KEY=key.pem PORT=8443 node receiver.mjs
// The secret is the `whsec_…` of the response that created the webhook. [https://www.standardwebhooks.com]
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'

const maxBytes = 1024 * 1024
const maxAgeSeconds = 5 * 60
const maxSeen = 10_000

const { WEBHOOK_SECRET_FILE = 'secret', TLS_CERT = 'cert.pem', TLS_KEY = 'key.pem', PORT = '8443' } = process.env
const secret = Buffer.from(
  readFileSync(WEBHOOK_SECRET_FILE, 'utf8')
    .trim()
    .replace(/^whsec_/, ''),
  'base64',
)
/** The ids of the latest events: an event is delivered at least once, so it may arrive again. */
const seen = new Set()

const server = createServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, async (request, response) => {
  try {
    const body = await readBody(request)
    const id = String(request.headers['webhook-id'])
    if (!isAuthentic(request.headers, id, body)) return response.writeHead(401).end()
    if (!seen.has(id)) process.stdout.write(`${body}\n`)
    seen.add(id)
    if (seen.size > maxSeen) seen.delete(seen.values().next().value)
    // The server sends the next event after this answer.
    return response.writeHead(204).end()
  } catch {
    return response.writeHead(400).end()
  }
})
server.requestTimeout = 10_000
server.listen(Number(PORT), () => process.stderr.write(`waiting for events at port ${server.address().port}\n`))

async function readBody(request) {
  const chunks = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Whether the event is recent, and one of its signatures is made with the secret: two signatures follow a rotation. */
function isAuthentic(headers, id, body) {
  const timestamp = String(headers['webhook-timestamp'])
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= maxAgeSeconds)) return false
  const expected = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest()
  return String(headers['webhook-signature'])
    .split(' ')
    .some((signature) => {
      const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64')
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
}
