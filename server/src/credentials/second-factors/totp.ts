import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { isWaiting } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { TotpRow } from '../records/rows.ts'
import { type SecondFactorContext, endWeakSignInsOf, removeUnneededCodes } from './context.ts'
import type { CodeCheck, CodeSender, NewTotp, SecondFactors, TotpHolder } from './model.ts'

/** The clock may be one step ahead or behind. [RFC 6238 §4, §5.2] */
const totpShape = { algorithm: 'SHA1', digits: 6, period: 30 } as const
const window = 1

/** Wrong codes from unknown senders within an hour. One guess of six digits in 333,333 is right. */
const maxFailures = 10
/** Wrong codes in a row, from any sender, before the app is closed. */
const maxFailuresInRow = 100
const failureWindowMs = 60 * 60 * 1000

/** How many owners get a security event when an app is closed. */
const maxOwnersTold = 20

type Totp = Pick<SecondFactors, 'enrolTotp' | 'findPendingTotp' | 'confirmTotp' | 'checkTotp' | 'removeTotp'>

/** Creates the authenticator apps of users. */
export function createTotp(context: SecondFactorContext): Totp {
  const { database, store, authentication, clock, sealer } = context
  return {
    enrolTotp: async (transaction, person) => {
      const { objectId } = person
      const present = await store.totp(transaction, objectId)
      if (present?.confirmed === 1) return undefined
      await store.deleteTotp(transaction, objectId)
      const bytes = randomBytes(20)
      const row: TotpRow = {
        object_id: objectId,
        sealed_secret: sealer.seal(bytes, sealingContext(objectId)),
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
      return newTotp(person, sealer.open(row.sealed_secret, sealingContext(row.object_id)))
    },
    confirmTotp: async (transaction, objectId, code) => {
      const row = await store.totp(transaction, objectId)
      const step = row === undefined || row.confirmed === 1 ? undefined : stepOf(context, row, code)
      if (step === undefined) return false
      await store.useTotpStep(transaction, objectId, step)
      await store.confirmTotp(transaction, objectId)
      await endWeakSignInsOf(context, transaction, objectId)
      return true
    },
    checkTotp: (objectId, code, sender) =>
      database.transaction(async (transaction): Promise<CodeCheck> => {
        const row = await store.totp(transaction, objectId)
        if (row?.confirmed !== 1) return 'wrong'
        if (row.failures_in_row >= maxFailuresInRow) return 'closed'
        if (!sender.known && isWithinWindow(context, row) && row.failures >= maxFailures) return 'throttled'
        const step = stepOf(context, row, code)
        if (step !== undefined && (await store.useTotpStep(transaction, objectId, step))) return 'verified'
        return countFailure(context, transaction, row, sender)
      }),
    removeTotp: async (transaction, objectId) => {
      const removed = await store.deleteTotp(transaction, objectId)
      if (removed) await authentication.advanceRevision(transaction, objectId)
      await removeUnneededCodes(context, transaction, objectId)
      return removed
    },
  }
}

/** The digits of a text in the form of an app's code. */
export function parseTotpCode(text: string): string | undefined {
  const digits = text.replace(/\s/g, '')
  return /^\d{6}$/.test(digits) ? digits : undefined
}

/** The time step of a code; undefined for a wrong code. */
function stepOf({ sealer, clock }: SecondFactorContext, row: TotpRow, code: string): number | undefined {
  const token = parseTotpCode(code)
  if (token === undefined) return undefined
  const secret = new Secret({ buffer: bufferOf(sealer.open(row.sealed_secret, sealingContext(row.object_id))) })
  const timestamp = clock.now()
  const delta = TOTP.validate({ ...totpShape, token, secret, timestamp, window })
  return delta === null ? undefined : TOTP.counter({ period: totpShape.period, timestamp }) + delta
}

/** Counts a wrong code. The last allowed one closes the app, and the user and the owners get a security event. */
async function countFailure(
  context: SecondFactorContext,
  transaction: Transaction,
  row: TotpRow,
  { known, origin }: CodeSender,
): Promise<CodeCheck> {
  const { store, clock, securityEvents, authentication } = context
  const counts = isWithinWindow(context, row)
  const ofStrangers = counts ? row.failures + (known ? 0 : 1) : known ? 0 : 1
  const failuresInRow = row.failures_in_row + 1
  await store.setTotpFailures(transaction, row.object_id, {
    failures: ofStrangers,
    failures_since_ms: counts ? row.failures_since_ms : clock.now(),
    failures_in_row: failuresInRow,
  })
  const { object_id: objectId } = row
  await securityEvents.record(transaction, objectId, { kind: 'failed-sign-in', detail: 'wrong-code', origin })
  if (failuresInRow < maxFailuresInRow) return 'wrong'
  const name = (await authentication.find(objectId, transaction))?.userPrincipalName ?? ''
  await securityEvents.record(transaction, objectId, { kind: 'second-factor-closed', origin })
  const owners = (await authentication.owners(transaction)).filter(({ enabled }) => enabled)
  for (const owner of owners.slice(0, maxOwnersTold)) {
    if (owner.objectId === objectId) continue
    await securityEvents.record(transaction, owner.objectId, { kind: 'second-factor-closed', detail: name, origin })
  }
  return 'closing'
}

function isWithinWindow({ clock }: SecondFactorContext, row: TotpRow): boolean {
  return isWaiting(row.failures_since_ms + failureWindowMs, clock.now(), failureWindowMs)
}

function newTotp({ userPrincipalName, issuer }: TotpHolder, bytes: Uint8Array): NewTotp {
  const secret = new Secret({ buffer: bufferOf(bytes) })
  const totp = new TOTP({ ...totpShape, issuer, label: userPrincipalName, secret })
  return { secretBase32: secret.base32, uri: totp.toString() }
}

function sealingContext(objectId: string): string {
  return `totp:${objectId}`
}

/** otpauth takes a whole ArrayBuffer, and a Buffer may be a part of one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
