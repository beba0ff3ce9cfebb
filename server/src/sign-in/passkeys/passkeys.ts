import { hash, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import type { Credentials, NewPasskey, Passkey } from '../../credentials/index.ts'
import type { User } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import { isJsonObject, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'
import { openText, sealText } from '../../platform/keys/sealed-text.ts'
import { useChallenge } from './challenge-store.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** A request to the browser: the options for its API, and the sealed challenge that its form must return. */
export type PasskeyRequest = { readonly options: string; readonly challenge: string }

/** A passkey that signed a challenge. */
export type PasskeyAssertion = {
  readonly passkey: Passkey
  /** Whether the authenticator verified the person, for example by a PIN or fingerprint. */
  readonly isUserVerified: boolean
}

type Challenge = { readonly challenge: string; readonly purpose: 'create' | 'get'; readonly expiresAtMs: number }

export type PasskeyOptions = {
  readonly database: Database
  readonly credentials: Credentials
  readonly clock: Clock
  readonly sealer: Sealer
  readonly publicOrigin: PublicOrigin
}

const challengeLifetimeMs = 5 * 60 * 1000
const maxCredentialLength = 16_384
const maxChallengeLength = 1024
const maxCredentialDepth = 6

/** Ed25519, ES256 and RS256. Every authenticator supports one of them. [COSE, algorithms] */
const algorithms = [-8, -7, -257]

/** Loaded with the first passkey, because loading takes a tenth of a second. */
const loadWebAuthn = async () => {
  // `@peculiar/x509` needs it, and a server that issues no certificate at its start has not loaded it.
  await import('reflect-metadata')
  return import('@simplewebauthn/server')
}

export type Passkeys = ReturnType<typeof createPasskeys>

/**
 * Passkeys by WebAuthn. A challenge is sealed for one browser, expires, and can be used once.
 * [WebAuthn §7.1, §7.2, §13.4.3]
 */
export function createPasskeys(options: PasskeyOptions) {
  const { hostname, protocol } = new URL(String(options.publicOrigin))
  const isAvailable =
    isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && (protocol === 'https:' || hostname === 'localhost')
  const party = { hostname, challenges: createChallenges(options) }
  return {
    /** Passkeys require a host name. They are not available if the public origin has an IP address. */
    isAvailable,
    ...createRegistration(options, party),
    ...createAssertion(options, party),
  }
}

/** This server as the relying party. */
type RelyingParty = { readonly hostname: string; readonly challenges: ReturnType<typeof createChallenges> }

function createChallenges({ clock, sealer }: PasskeyOptions) {
  const sealingContext = (browser: string) => `passkey challenge of the browser ${browser}`
  return {
    seal: (browser: string, challenge: string, purpose: Challenge['purpose']): string => {
      const value: Challenge = { challenge, purpose, expiresAtMs: clock.now() + challengeLifetimeMs }
      return sealText(sealer, value, sealingContext(browser))
    },
    open: (browser: string, text: string, purpose: Challenge['purpose']): Challenge | undefined => {
      const where = { context: sealingContext(browser), maxLength: maxChallengeLength }
      const value = openText(sealer, text, where) as Challenge | undefined
      return value?.purpose === purpose && clock.now() < value.expiresAtMs ? value : undefined
    },
  }
}

function createRegistration({ credentials, publicOrigin }: PasskeyOptions, { hostname, challenges }: RelyingParty) {
  return {
    /** Requests that the browser creates a passkey. */
    requestRegistration: async (browser: string, user: User, tenantName: string): Promise<PasskeyRequest> => {
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
      return { options: JSON.stringify(options), challenge: challenges.seal(browser, options.challenge, 'create') }
    },
    /** Verifies a new passkey. Undefined if the browser did not create it for this request. */
    verifyRegistration: async (
      browser: string,
      user: User,
      sealed: string,
      credential: string,
    ): Promise<Omit<NewPasskey, 'displayName'> | undefined> => {
      const pending = challenges.open(browser, sealed, 'create')
      const response = parseCredential(credential) as RegistrationResponseJSON | undefined
      if (pending === undefined || response === undefined) return undefined
      const check = {
        expectedOrigin: String(publicOrigin),
        expectedRPID: hostname,
        expectedChallenge: pending.challenge,
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
  }
}

function createAssertion(options: PasskeyOptions, { hostname, challenges }: RelyingParty) {
  const { database, credentials, clock, publicOrigin } = options
  return {
    /** Requests a signature of one of the person's passkeys, or of any passkey for this server. */
    requestAssertion: async (browser: string, objectId?: string): Promise<PasskeyRequest> => {
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
      return { options: JSON.stringify(options), challenge: challenges.seal(browser, options.challenge, 'get') }
    },
    /** Verifies a signature. Undefined if it is invalid or the challenge was already used. */
    verifyAssertion: async (
      browser: string,
      sealed: string,
      credential: string,
    ): Promise<PasskeyAssertion | undefined> => {
      const pending = challenges.open(browser, sealed, 'get')
      const response = parseCredential(credential) as AuthenticationResponseJSON | undefined
      if (pending === undefined || response === undefined) return undefined
      const passkey = await credentials.secondFactors.findPasskey(response.id)
      if (passkey === undefined) return undefined
      const handle = response.response.userHandle
      if (handle !== undefined && handle !== Buffer.from(userHandle(passkey.objectId)).toString('base64url'))
        return undefined
      const webAuthn = await loadWebAuthn()
      const verified = await webAuthn
        .verifyAuthenticationResponse({
          response,
          expectedOrigin: String(publicOrigin),
          expectedRPID: hostname,
          expectedChallenge: pending.challenge,
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
        const row = { challenge_hash: hashOf(pending.challenge), expires_at_ms: pending.expiresAtMs }
        if (!(await useChallenge(transaction, row, clock.now()))) return false
        return credentials.secondFactors.usePasskey(transaction, passkey.id, newCounter)
      })
      return isFirstUse ? { passkey, isUserVerified: userVerified } : undefined
    },
  }
}

const transportPattern = /^[a-z-]{1,32}$/
const credentialIdPattern = /^[A-Za-z0-9_-]{1,1400}$/

/** Checks the shape of a credential only. The contents are checked when it is verified. */
function parseCredential(text: string): unknown {
  if (text.length > maxCredentialLength) return undefined
  const value = parseBoundedJson(Buffer.from(text), maxCredentialDepth)
  if (!isJsonObject(value)) return undefined
  const id = ownValue(value, 'id')
  const response = ownValue(value, 'response')
  if (typeof id !== 'string' || !credentialIdPattern.test(id) || !isJsonObject(response)) return undefined
  const handle = ownValue(response, 'userHandle')
  return handle === undefined || typeof handle === 'string' ? value : undefined
}

/** The bytes of the object id, which contain nothing personal. [WebAuthn §14.6.1] */
function userHandle(objectId: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(objectId.replaceAll('-', ''), 'hex'))
}

function newChallenge(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(randomBytes(32))
}

function hashOf(challenge: string): string {
  return hash('sha256', challenge, 'hex')
}
