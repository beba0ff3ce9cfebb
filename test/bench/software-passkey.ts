import { generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto'
import type { Page } from '../harness/page-visitor.ts'

/** The host of the server, for which passkeys are made. */
const host = 'localhost'

function shared(id: string) {
  return { id, rawId: id, type: 'public-key', clientExtensionResults: {} }
}

function clientData(type: 'create' | 'get', { html, url }: Page): Buffer {
  const [, options = ''] = /data-options="([^"]*)"/.exec(html) ?? []
  const { challenge } = JSON.parse(options.replaceAll('&quot;', '"')) as { readonly challenge: string }
  return Buffer.from(JSON.stringify({ type: `webauthn.${type}`, challenge, origin: url.origin, crossOrigin: false }))
}

/** The data of an authenticator that verified the person. [WebAuthn §6.1] */
function authenticatorData(forHost: string, flags: number, more = Buffer.alloc(0)): Buffer {
  return Buffer.concat([hash('sha256', forHost, 'buffer'), Buffer.from([flags, 0, 0, 0, 0]), more])
}

/**
 * The id and the credential of a new passkey, for a page that asks for one. A passkey for another host is rejected after
 * all of it was read. [WebAuthn §6.5, RFC 9053 §7.1.1]
 */
export function newPasskey(page: Page, forHost = host): { readonly id: string; readonly credential: string } {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  const id = randomBytes(16)
  const key = ['a5010203262001215820', Buffer.from(x, 'base64url'), '225820', Buffer.from(y, 'base64url')].map(
    (part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part),
  )
  const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, ...key])
  const data = authenticatorData(forHost, 0x45, attested)
  // {"fmt": "none", "attStmt": {}, "authData": data}
  const start = Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex')
  const response = {
    clientDataJSON: clientData('create', page).toString('base64url'),
    attestationObject: Buffer.concat([start, Buffer.from([data.length]), data]).toString('base64url'),
    transports: ['internal'],
  }
  const text = id.toString('base64url')
  return { id: text, credential: JSON.stringify({ ...shared(text), response }) }
}

const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** The credential for a page that asks for a passkey, signed with the key of another passkey. [WebAuthn §6.3.3] */
export function wrongSignature(page: Page, id: string): string {
  const data = authenticatorData(host, 0x05)
  const client = clientData('get', page)
  const response = {
    clientDataJSON: client.toString('base64url'),
    authenticatorData: data.toString('base64url'),
    signature: sign('sha256', Buffer.concat([data, hash('sha256', client, 'buffer')]), otherKey).toString('base64url'),
  }
  return JSON.stringify({ ...shared(id), response })
}
