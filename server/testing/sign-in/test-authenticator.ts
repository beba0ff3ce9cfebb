import { generateKeyPairSync, hash, randomBytes, sign } from 'node:crypto'
import type { TestPage } from './test-pages.ts'

/** The part of a page's options that the test authenticator uses. */
type Options = { readonly challenge: string; readonly user?: { readonly id: string } }

export type AssertionChange = {
  /** Whether the authenticator verified the person. */
  readonly isVerified?: boolean
  readonly userHandle?: string
  readonly origin?: string
  readonly type?: string
}

/** A software passkey whose counter stays at zero, like passkeys that are synchronised between devices. [WebAuthn §6.1, §6.5] */
export function createTestAuthenticator({ rpId, origin }: { readonly rpId: string; readonly origin: string }) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(16)
  const rpHash = hash('sha256', rpId, 'buffer')
  let userHandle: string | undefined

  const clientData = (type: string, challenge: string, from: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin: from, crossOrigin: false }))
  const authenticatorData = (flags: number, more: Buffer = Buffer.alloc(0)) =>
    Buffer.concat([rpHash, Buffer.from([flags, 0, 0, 0, 0]), more])
  const shared = { id: id.toString('base64url'), rawId: id.toString('base64url'), type: 'public-key' }

  return {
    /** The credential for a page that requests a new passkey. */
    create: (page: TestPage): string => {
      const { challenge, user } = optionsOf(page)
      userHandle = user?.id
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      const [left, right] = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]
      // {1: 2, 3: -7, -1: 1, -2: x, -3: y} [RFC 9053 §7.1.1]
      const key = [Buffer.from('a5010203262001215820', 'hex'), left, Buffer.from('225820', 'hex'), right]
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, ...key])
      const data = authenticatorData(0x45, attested)
      // {"fmt": "none", "attStmt": {}, "authData": data}
      const attestation = Buffer.concat([
        Buffer.from('a363666d74646e6f6e656761747453746d74a068617574684461746158', 'hex'),
        Buffer.from([data.length]),
        data,
      ])
      const response = {
        clientDataJSON: clientData('webauthn.create', challenge, origin).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      }
      return JSON.stringify({ ...shared, clientExtensionResults: {}, response })
    },
    /** The credential for a page that requests a signature. */
    get: (page: TestPage, change: AssertionChange = {}): string => {
      const { isVerified = true, type = 'webauthn.get' } = change
      const data = authenticatorData(isVerified ? 0x05 : 0x01)
      const client = clientData(type, optionsOf(page).challenge, change.origin ?? origin)
      const signed = Buffer.concat([data, hash('sha256', client, 'buffer')])
      const response = {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', signed, privateKey).toString('base64url'),
        userHandle: change.userHandle ?? userHandle,
      }
      return JSON.stringify({ ...shared, clientExtensionResults: {}, response })
    },
  }
}

function optionsOf({ text }: TestPage): Options {
  const [, options = ''] = /data-options="([^"]*)"/.exec(text) ?? []
  return JSON.parse(options.replaceAll('&quot;', '"')) as Options
}
