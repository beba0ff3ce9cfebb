import { randomBytes, randomUUID } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import type { Clock } from '../../platform/process/clock.ts'
import type { Origin } from '../../platform/http/app.ts'
import { type Sealer, hashSecret } from '../../platform/keys/sealing.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import type { DirectoryStore } from '../store.ts'
import type { PasskeyRow, TotpRow } from './people-rows.ts'
import { newReadableCode } from './readable-code.ts'
import type { SecurityEvents } from './security-events.ts'

/** Which second factors somebody has. */
export type SecondFactorsHeld = {
  readonly totp: boolean
  readonly passkeys: number
  readonly recoveryCodes: number
}

/** A secret that an authenticator app is to be told, in clear this once. */
export type NewTotp = {
  readonly secretBase32: string
  /** `otpauth://totp/…`, for a QR code. */
  readonly uri: string
}

export type Passkey = {
  readonly id: string
  readonly objectId: string
  /** base64url, as the authenticator made it. */
  readonly credentialId: string
  readonly publicKey: Uint8Array
  readonly counter: number
  readonly transports: readonly string[]
  readonly displayName: string
  readonly createdAtMs: number
}

export type NewPasskey = Omit<Passkey, 'id' | 'createdAtMs'>

/**
 * What a code of an authenticator app proved. `throttled`: too many wrong codes of strangers within an hour. `closed`: too
 * many wrong codes in a row; the app proves nothing until an owner, or another second factor, removes it. `closing` is the
 * wrong code that closed it.
 */
export type CodeCheck = 'proved' | 'wrong' | 'throttled' | 'closing' | 'closed'

/** Who sends a code: whether from a network or browser of earlier sign-ins, and from where. */
export type CodeSender = { readonly known: boolean; readonly origin: Pick<Origin, 'remoteAddress' | 'userAgent'> }

/** Second factors of people. Secrets of authenticator apps are sealed, recovery codes are hashed. */
export interface SecondFactors {
  of(objectId: string): Promise<SecondFactorsHeld>
  /**
   * Begins the enrolment of an authenticator app; an enrolment that was begun before is forgotten. Gives undefined when
   * there is an app already: that has to be removed first.
   */
  enrolTotp(transaction: Transaction, person: TotpHolder): Promise<NewTotp | undefined>
  /** The enrolment that was begun and is not confirmed yet. */
  findPendingTotp(person: TotpHolder): Promise<NewTotp | undefined>
  /** Ends the enrolment by a code of the app, and every sign-in that no second factor proved. */
  confirmTotp(transaction: Transaction, objectId: string, code: string): Promise<boolean>
  /** Each code proves once. [RFC 6238 §5.2] */
  checkTotp(objectId: string, code: string, sender: CodeSender): Promise<CodeCheck>
  /**
   * Uses up a code of the authenticator app, or a recovery code, and returns the methods that it proves. A wrong one
   * counts as in {@link checkTotp}; `closing` is the one that closed the app.
   */
  useCode(objectId: string, code: string, sender: CodeSender): Promise<readonly string[] | 'wrong' | 'closing'>
  removeTotp(transaction: Transaction, objectId: string): Promise<boolean>

  passkeysOf(objectId: string): Promise<readonly Passkey[]>
  findPasskey(credentialId: string): Promise<Passkey | undefined>
  /**
   * Adds a passkey, and ends every sign-in that no second factor proved. Gives undefined when the credential is registered
   * already, or the person has as many as may be.
   */
  addPasskey(transaction: Transaction, passkey: NewPasskey): Promise<Passkey | undefined>
  /** Notes a use. False when the counter did not go up: the authenticator may have been copied. [WebAuthn §6.1.1] */
  usePasskey(transaction: Transaction, id: string, counter: number): Promise<boolean>
  removePasskey(transaction: Transaction, objectId: string, id: string): Promise<boolean>

  /** Makes ten codes, in clear this once; those there were are void. */
  newRecoveryCodes(transaction: Transaction, objectId: string): Promise<readonly string[]>
  /** Each code proves once. */
  useRecoveryCode(objectId: string, code: string): Promise<boolean>
  /** Records in the person's security events that a recovery code was wrong. */
  recordWrongRecoveryCode(objectId: string, origin: CodeSender['origin']): Promise<void>
}

export type TotpHolder = {
  readonly objectId: string
  readonly userPrincipalName: string
  /** What the app shows as the issuer. */
  readonly issuer: string
}

export type SecondFactorsOptions = {
  readonly database: Database
  readonly store: DirectoryStore
  readonly clock: Clock
  readonly sealer: Sealer
  readonly securityEvents: SecurityEvents
}

/** [RFC 6238 §4, §5.2]: one step before and after may be off. */
const totpShape = { algorithm: 'SHA1', digits: 6, period: 30 } as const
const window = 1

/** Wrong codes of strangers within an hour. A guess of six digits hits one time in 333,333. */
const maxFailures = 10
/** Wrong codes in a row, whoever sends them, before the app is closed. */
const maxFailuresInRow = 100
const failureWindowMs = 60 * 60 * 1000

/** How many owners are told that an app was closed. */
const maxOwnersTold = 20

const mostPasskeys = 20
const recoveryCodeCount = 10

/** Keeps second factors. */
export function createSecondFactors({
  database,
  store,
  clock,
  sealer,
  securityEvents,
}: SecondFactorsOptions): SecondFactors {
  const context = (objectId: string) => `totp:${objectId}`

  /** The time step whose code this is, if it is one. */
  function stepOf(row: TotpRow, code: string): number | undefined {
    const token = parseTotpCode(code)
    if (token === undefined) return undefined
    const secret = new Secret({ buffer: bufferOf(sealer.open(row.sealed_secret, context(row.object_id))) })
    const timestamp = clock.now()
    const delta = TOTP.validate({ ...totpShape, token, secret, timestamp, window })
    return delta === null ? undefined : TOTP.counter({ period: totpShape.period, timestamp }) + delta
  }

  /** A sign-in that a second factor was not asked of must not outlive the day from which one is required. */
  async function endWeakSignIns(transaction: Transaction, objectId: string): Promise<void> {
    transaction.changesAuthority()
    await store.endWeakSignInsOf(transaction, objectId)
  }

  /** The code that the app is set up with, as a URI for its QR code and as text. */
  function newTotp({ userPrincipalName, issuer }: TotpHolder, bytes: Uint8Array): NewTotp {
    const secret = new Secret({ buffer: bufferOf(bytes) })
    const totp = new TOTP({ ...totpShape, issuer, label: userPrincipalName, secret })
    return { secretBase32: secret.base32, uri: totp.toString() }
  }

  /** Counts a wrong code. The one that is too much closes the app, which the person and the owners are told. */
  async function countFailure(
    transaction: Transaction,
    row: TotpRow,
    { known, origin }: CodeSender,
  ): Promise<CodeCheck> {
    const nowMs = clock.now()
    const counts = nowMs < row.failures_since_ms + failureWindowMs
    const ofStrangers = counts ? row.failures + (known ? 0 : 1) : known ? 0 : 1
    const failuresInRow = row.failures_in_row + 1
    await store.setTotpFailures(transaction, row.object_id, {
      failures: ofStrangers,
      failures_since_ms: counts ? row.failures_since_ms : nowMs,
      failures_in_row: failuresInRow,
    })
    const { object_id: objectId } = row
    await securityEvents.record(transaction, objectId, { kind: 'failed-sign-in', detail: 'wrong-code', origin })
    if (failuresInRow < maxFailuresInRow) return 'wrong'
    const name = (await store.user(transaction, objectId))?.user_principal_name ?? ''
    await securityEvents.record(transaction, objectId, { kind: 'second-factor-closed', origin })
    for (const owner of await store.ownersWithin(transaction, maxOwnersTold)) {
      if (owner.object_id === objectId) continue
      await securityEvents.record(transaction, owner.object_id, { kind: 'second-factor-closed', detail: name, origin })
    }
    return 'closing'
  }

  function checkTotp(objectId: string, code: string, sender: CodeSender): Promise<CodeCheck> {
    return database.transaction(async (transaction): Promise<CodeCheck> => {
      const row = await store.totp(transaction, objectId)
      if (row?.confirmed !== 1) return 'wrong'
      if (row.failures_in_row >= maxFailuresInRow) return 'closed'
      const counts = clock.now() < row.failures_since_ms + failureWindowMs
      if (!sender.known && counts && row.failures >= maxFailures) return 'throttled'
      const step = stepOf(row, code)
      if (step !== undefined && (await store.useTotpStep(transaction, objectId, step))) return 'proved'
      return countFailure(transaction, row, sender)
    })
  }

  function useRecoveryCode(objectId: string, code: string): Promise<boolean> {
    return database.transaction((transaction) =>
      store.useRecoveryCode(transaction, { object_id: objectId, code_hash: recoveryHash(objectId, code) }),
    )
  }

  function recordWrongRecoveryCode(objectId: string, origin: CodeSender['origin']): Promise<void> {
    return database.transaction((transaction) =>
      securityEvents.record(transaction, objectId, { kind: 'failed-sign-in', detail: 'wrong-recovery-code', origin }),
    )
  }

  async function removeUnneededCodes(transaction: Transaction, objectId: string): Promise<void> {
    const totp = await store.totp(transaction, objectId)
    const passkeys = await store.passkeysOf(transaction, objectId)
    if (totp?.confirmed !== 1 && passkeys.length === 0) await store.replaceRecoveryCodes(transaction, objectId, [])
  }

  return {
    of: async (objectId) => {
      const totp = await store.totp(undefined, objectId)
      const passkeys = await store.passkeysOf(undefined, objectId)
      const recoveryCodes = await store.countRecoveryCodes(objectId)
      return { totp: totp?.confirmed === 1, passkeys: passkeys.length, recoveryCodes }
    },
    enrolTotp: async (transaction, person) => {
      const { objectId } = person
      const present = await store.totp(transaction, objectId)
      if (present?.confirmed === 1) return undefined
      await store.deleteTotp(transaction, objectId)
      const bytes = randomBytes(20)
      const row: TotpRow = {
        object_id: objectId,
        sealed_secret: sealer.seal(bytes, context(objectId)),
        confirmed: 0,
        last_step: 0,
        failures: 0,
        failures_since_ms: 0,
        failures_in_row: 0,
        created_at_ms: clock.now(),
      }
      await store.insertTotp(transaction, row)
      return newTotp(person, bytes)
    },
    findPendingTotp: async (person) => {
      const row = await store.totp(undefined, person.objectId)
      if (row === undefined || row.confirmed === 1) return undefined
      return newTotp(person, sealer.open(row.sealed_secret, context(row.object_id)))
    },
    confirmTotp: async (transaction, objectId, code) => {
      const row = await store.totp(transaction, objectId)
      const step = row === undefined || row.confirmed === 1 ? undefined : stepOf(row, code)
      if (step === undefined) return false
      await store.useTotpStep(transaction, objectId, step)
      await store.confirmTotp(transaction, objectId)
      await endWeakSignIns(transaction, objectId)
      return true
    },
    checkTotp,
    useCode: async (objectId, code, sender) => {
      if (parseTotpCode(code) !== undefined) {
        const check = await checkTotp(objectId, code, sender)
        if (check === 'proved') return ['otp', 'mfa']
        return check === 'closing' ? 'closing' : 'wrong'
      }
      if (await useRecoveryCode(objectId, code)) return ['mfa']
      await recordWrongRecoveryCode(objectId, sender.origin)
      return 'wrong'
    },
    removeTotp: async (transaction, objectId) => {
      const removed = await store.deleteTotp(transaction, objectId)
      if (removed) await store.outdateProofsOf(transaction, objectId)
      await removeUnneededCodes(transaction, objectId)
      return removed
    },

    passkeysOf: async (objectId) => (await store.passkeysOf(undefined, objectId)).map(toPasskey),
    findPasskey: async (credentialId) => {
      const row = await store.passkeyByCredential(credentialId)
      return row === undefined ? undefined : toPasskey(row)
    },
    addPasskey: async (transaction, passkey) => {
      if ((await store.passkeysOf(transaction, passkey.objectId)).length >= mostPasskeys) return undefined
      const row: PasskeyRow = {
        id: randomUUID(),
        object_id: passkey.objectId,
        credential_id: passkey.credentialId,
        public_key: passkey.publicKey,
        counter: passkey.counter,
        transports: passkey.transports.join(' '),
        display_name: passkey.displayName,
        created_at_ms: clock.now(),
      }
      if (!(await store.insertPasskey(transaction, row))) return undefined
      await endWeakSignIns(transaction, row.object_id)
      return toPasskey(row)
    },
    usePasskey: (transaction, id, counter) => store.advancePasskey(transaction, id, counter),
    removePasskey: async (transaction, objectId, id) => {
      const removed = await store.deletePasskey(transaction, objectId, id)
      if (removed) await store.outdateProofsOf(transaction, objectId)
      await removeUnneededCodes(transaction, objectId)
      return removed
    },

    newRecoveryCodes: async (transaction, objectId) => {
      const codes = Array.from({ length: recoveryCodeCount }, newReadableCode)
      const rows = codes.map((code) => ({ object_id: objectId, code_hash: recoveryHash(objectId, code) }))
      await store.replaceRecoveryCodes(transaction, objectId, rows)
      return codes
    },
    useRecoveryCode,
    recordWrongRecoveryCode,
  }
}

/** The digits of a text that has the form of an app's code. */
function parseTotpCode(text: string): string | undefined {
  const digits = text.replace(/\s/g, '')
  return /^\d{6}$/.test(digits) ? digits : undefined
}

function recoveryHash(objectId: string, code: string): string {
  const written = code
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  return hashSecret(`${objectId} ${written}`).toString('base64url')
}

/** otpauth takes a whole ArrayBuffer, and a Buffer may be a part of one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}

function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    objectId: row.object_id,
    credentialId: row.credential_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: row.transports === '' ? [] : row.transports.split(' '),
    displayName: row.display_name,
    createdAtMs: row.created_at_ms,
  }
}
