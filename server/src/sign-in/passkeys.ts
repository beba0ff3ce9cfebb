import { createHash, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Credentials, NewPasskey, Passkey } from '../credentials/index.ts'
import type { User } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Sealer } from '../platform/keys/sealing.ts'
import type { Database } from '../platform/sql/database.ts'
import { isJsonObject, ownValue, parseBoundedJson } from '../standards/http/bounded-json.ts'
import { openText, sealText } from './sealed-text.ts'
import type { SignInStore } from './store.ts'

/** What a page hands to the browser: the options for its API, and the challenge as it is to come back. */
export type PasskeyQuestion = { readonly options: string; readonly challenge: string }

/** Somebody whose passkey signed. */
export type PasskeyProof = {
  readonly passkey: Passkey
  /** Whether the device made sure of the person, by a PIN or their body, and not only of its own presence. */
  readonly isUserVerified: boolean
}

type Challenge = { readonly challenge: string; readonly purpose: 'create' | 'get'; readonly expiresAtMs: number }

export type PasskeyOptions = {
  readonly database: Database
  readonly store: SignInStore
  readonly credentials: Credentials
  readonly clock: Clock
  readonly sealer: Sealer
  readonly publicOrigin: string
}

const challengeLifetimeMs = 5 * 60 * 1000
const longestCredential = 16_384
const longestChallenge = 1024
const deepestCredential = 6

/** Ed25519, ES256 and RS256: one of them every authenticator has. [COSE, algorithms] */
const algorithms = [-8, -7, -257]

/** Loaded for the first passkey: it takes a tenth of a second, which a start without one can do without. */
const loadWebAuthn = () => import('@simplewebauthn/server')

export type Passkeys = ReturnType<typeof createPasskeys>

/**
 * Passkeys by WebAuthn. A challenge is sealed for the browser it was made for, runs out, and is good for one signature.
 * [WebAuthn §7.1, §7.2, §13.4.3]
 */
export function createPasskeys({ database, store, credentials, clock, sealer, publicOrigin }: PasskeyOptions) {
  const { hostname, protocol } = new URL(publicOrigin)
  const isAvailable =
    isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && (protocol === 'https:' || hostname === 'localhost')
  const expected = { expectedOrigin: publicOrigin, expectedRPID: hostname }
  const context = (browser: string) => `passkey challenge of the browser ${browser}`

  function seal(browser: string, challenge: string, purpose: Challenge['purpose']): string {
    const value: Challenge = { challenge, purpose, expiresAtMs: clock.now() + challengeLifetimeMs }
    return sealText(sealer, value, context(browser))
  }

  function open(browser: string, text: string, purpose: Challenge['purpose']): Challenge | undefined {
    const where = { context: context(browser), longest: longestChallenge }
    const value = openText(sealer, text, where) as Challenge | undefined
    return value?.purpose === purpose && clock.now() < value.expiresAtMs ? value : undefined
  }

  return {
    /** Passkeys belong to a host name; a server that is reached by an address has none. */
    isAvailable,
    /** Asks the browser to make a passkey. */
    askToCreate: async (browser: string, user: User, tenantName: string): Promise<PasskeyQuestion> => {
      const existing = await credentials.secondFactors.passkeysOf(user.objectId)
      const webAuthn = await loadWebAuthn()
      const options = await webAuthn.generateRegistrationOptions({
        rpName: tenantName,
        rpID: hostname,
        userName: user.userPrincipalName,
        userDisplayName: user.displayName,
        userID: userHandle(user.objectId),
        challenge: newChallenge(),
        attestationType: 'none',
        supportedAlgorithmIDs: algorithms,
        excludeCredentials: existing.map(({ credentialId, transports }) => ({
          id: credentialId,
          transports: [...transports],
        })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      })
      return { options: JSON.stringify(options), challenge: seal(browser, options.challenge, 'create') }
    },
    /** What a new passkey is, when the browser made it as it was asked. */
    readCreated: async (
      browser: string,
      user: User,
      sealed: string,
      credential: string,
    ): Promise<Omit<NewPasskey, 'displayName'> | undefined> => {
      const asked = open(browser, sealed, 'create')
      const response = parseCredential(credential) as RegistrationResponseJSON | undefined
      if (asked === undefined || response === undefined) return undefined
      const check = {
        ...expected,
        expectedChallenge: asked.challenge,
        requireUserVerification: false,
        supportedAlgorithmIDs: algorithms,
      }
      const webAuthn = await loadWebAuthn()
      const verified = await webAuthn.verifyRegistrationResponse({ response, ...check }).catch(() => undefined)
      if (verified?.verified !== true) return undefined
      const { id, publicKey, counter, transports = [] } = verified.registrationInfo.credential
      return {
        objectId: user.objectId,
        credentialId: id,
        publicKey,
        counter,
        transports: transports.filter((transport) => transportPattern.test(transport)).slice(0, 8),
      }
    },
    /** Asks the browser for a passkey: one of this person's, or whichever it has for this server. */
    askForProof: async (browser: string, objectId?: string): Promise<PasskeyQuestion> => {
      const known = objectId === undefined ? [] : await credentials.secondFactors.passkeysOf(objectId)
      const webAuthn = await loadWebAuthn()
      const options = await webAuthn.generateAuthenticationOptions({
        rpID: hostname,
        challenge: newChallenge(),
        allowCredentials: known.map(({ credentialId, transports }) => ({
          id: credentialId,
          transports: [...transports],
        })),
        userVerification: objectId === undefined ? 'required' : 'preferred',
      })
      return { options: JSON.stringify(options), challenge: seal(browser, options.challenge, 'get') }
    },
    /** Whose passkey signed the challenge; undefined when none did, or the same signature came before. */
    prove: async (browser: string, sealed: string, credential: string): Promise<PasskeyProof | undefined> => {
      const asked = open(browser, sealed, 'get')
      const response = parseCredential(credential) as AuthenticationResponseJSON | undefined
      if (asked === undefined || response === undefined) return undefined
      const passkey = await credentials.secondFactors.findPasskey(response.id)
      if (passkey === undefined) return undefined
      const handle = response.response.userHandle
      if (handle !== undefined && handle !== Buffer.from(userHandle(passkey.objectId)).toString('base64url'))
        return undefined
      const webAuthn = await loadWebAuthn()
      const verified = await webAuthn
        .verifyAuthenticationResponse({
          response,
          ...expected,
          expectedChallenge: asked.challenge,
          requireUserVerification: false,
          credential: {
            id: passkey.credentialId,
            publicKey: Uint8Array.from(passkey.publicKey),
            counter: passkey.counter,
          },
        })
        .catch(() => undefined)
      if (verified?.verified !== true) return undefined
      const { newCounter, userVerified } = verified.authenticationInfo
      const isFirstUse = await database.transaction(async (transaction) => {
        const row = { challenge_hash: hashOf(asked.challenge), expires_at_ms: asked.expiresAtMs }
        if (!(await store.useChallenge(transaction, row, clock.now()))) return false
        return credentials.secondFactors.usePasskey(transaction, passkey.id, newCounter)
      })
      return isFirstUse ? { passkey, isUserVerified: userVerified } : undefined
    },
  }
}

const transportPattern = /^[a-z-]{1,32}$/
const credentialIdPattern = /^[A-Za-z0-9_-]{1,1400}$/

/** What a browser gave, when it has the shape of a credential; its insides are looked at when it is verified. */
function parseCredential(text: string): unknown {
  if (text.length > longestCredential) return undefined
  const value = parseBoundedJson(Buffer.from(text), deepestCredential)
  if (!isJsonObject(value)) return undefined
  const id = ownValue(value, 'id')
  const response = ownValue(value, 'response')
  if (typeof id !== 'string' || !credentialIdPattern.test(id) || !isJsonObject(response)) return undefined
  const handle = ownValue(response, 'userHandle')
  return handle === undefined || typeof handle === 'string' ? value : undefined
}

/** The bytes of the object id: they tell nothing of the person. [WebAuthn §14.6.1] */
function userHandle(objectId: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(objectId.replaceAll('-', ''), 'hex'))
}

function newChallenge(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(randomBytes(32))
}

function hashOf(challenge: string): string {
  return createHash('sha256').update(challenge).digest('hex')
}
