import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { storedHash } from '../credentials/client-secrets.ts'
import { toManagedIdentity } from './managed-identities.ts'
import type { ManagedIdentityStore } from './managed-identity-store.ts'
import { toServicePrincipal } from '../principals.ts'
import type { Machine, ManagedIdentity, ServicePrincipal, EnrollmentCode, Enrolled, SpokenIdentity } from '../model.ts'

/** The machines that speak as managed identities. */
export interface Machines {
  describe(machines: readonly ManagedIdentity[], transaction?: Transaction): Promise<Machine[]>
  /** A code that was made before enrolls nothing any more. */
  attach(transaction: Transaction, machine: ManagedIdentity, identity: ManagedIdentity): Promise<void>
  detach(transaction: Transaction, machine: ManagedIdentity, identity: ManagedIdentity): Promise<void>
  /** A code of 15 minutes, to be inserted; made outside the transaction, which may run more than once. */
  prepareEnrollmentCode(): EnrollmentCode
  /** A machine has one code at a time: an earlier one is no more. */
  insertEnrollmentCode(transaction: Transaction, machine: ManagedIdentity, code: EnrollmentCode): Promise<void>
  /**
   * Gives the machine of this code the key, in place of the one it had; of several at once, one succeeds. `onEnrolled`
   * writes the event in the same transaction. Undefined for a code that is none, is used, or is too old.
   */
  enroll(
    code: string,
    publicKey: string,
    onEnrolled: (transaction: Transaction, enrolled: Enrolled) => Promise<void>,
  ): Promise<Enrolled | undefined>
  /** The public key of this id as JWK text, and whose it is. */
  findKey(keyId: string): Promise<
    | {
        readonly machine: Pick<ServicePrincipal, 'objectId' | 'appId' | 'enabled'>
        readonly publicKey: string
      }
    | undefined
  >
  /** What the machine may speak as: itself, and what is attached to it. */
  identitiesOf(machineId: string): Promise<SpokenIdentity[]>
}

/** How long a code is good for. */
const codeLifetimeMs = 15 * 60 * 1000

/** Without the letters that are taken for digits, and without U. [Crockford, Base 32] */
const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLength = 20

/** Far more than a code has with its hyphens. */
const longestCode = 64

/** Nothing that a machine proves ends by itself: its key stands until it is replaced or the machine is gone. */
const neverMs = Date.UTC(9999, 11, 31)

/** The machines that may speak as managed identities: which ones, and by which key. */
export function createMachines(options: {
  readonly database: Database
  readonly managedStore: ManagedIdentityStore
  readonly clock: Clock
}): Machines {
  const { database, managedStore, clock } = options
  return {
    describe: async (machines, transaction) => {
      const ids = machines.map(({ objectId }) => objectId)
      const keys = await managedStore.keysOf(transaction, ids)
      const attached = await managedStore.attachedTo(transaction, ids)
      return machines.map((machine): Machine => {
        const key = keys.find(({ machine_id: machineId }) => machineId === machine.objectId)
        return {
          ...machine,
          key: key && { keyId: key.key_id, enrolledAtMs: key.enrolled_at_ms },
          attached: attached.filter((row) => row.machine_id === machine.objectId).map(toManagedIdentity),
        }
      })
    },
    attach: async (transaction, machine, identity) => {
      // Whoever made a code was asked for the right to assign what was attached then.
      await managedStore.deleteCode(transaction, machine.objectId)
      const row = { id: randomUUID(), machine_id: machine.objectId, identity_id: identity.objectId }
      await managedStore.insertCredential(transaction, row)
    },
    detach: async (transaction, machine, identity) => {
      transaction.changesAuthority()
      await managedStore.removeCredential(transaction, machine.objectId, identity.objectId)
    },
    prepareEnrollmentCode: () => {
      const code = newCode()
      const expiresAtMs = clock.now() + codeLifetimeMs
      return { code, codeHash: storedHash(normalizeCode(code)), expiresAtMs }
    },
    insertEnrollmentCode: async (transaction, machine, { codeHash, expiresAtMs }) => {
      const row = { machine_id: machine.objectId, code_hash: codeHash, expires_at_ms: expiresAtMs }
      await managedStore.replaceCode(transaction, row)
    },
    enroll: async (codeText, publicKey, onEnrolled) => {
      if (codeText.length > longestCode) return undefined
      const codeHash = storedHash(normalizeCode(codeText))
      // Whoever guesses gets no transaction.
      if (!(await managedStore.hasCode(codeHash))) return undefined
      const keyId = randomUUID()
      return database.transaction(async (transaction) => {
        const nowMs = clock.now()
        const code = await managedStore.takeCode(transaction, codeHash)
        if (code === undefined || nowMs >= code.expires_at_ms) return undefined
        const row = await managedStore.machineById(transaction, code.machine_id)
        if (row === undefined) return undefined
        await replaceKey(transaction, row.object_id, { keyId, publicKey, nowMs })
        const enrolled = { machine: toManagedIdentity(row), keyId }
        await onEnrolled(transaction, enrolled)
        return enrolled
      })
    },
    findKey: async (keyIdText) => {
      const keyId = parseGuid(keyIdText)
      const row = keyId === undefined ? undefined : await managedStore.keyById(keyId)
      if (row === undefined) return undefined
      const { machine_id: objectId, app_id: appId } = row
      return { machine: { objectId, appId, enabled: row.enabled === 1 }, publicKey: row.public_key }
    },
    identitiesOf: async (machineId) =>
      (await managedStore.spokenBy(machineId)).map((row) => ({
        id: toManagedIdentity(row).id,
        servicePrincipal: toServicePrincipal({ ...row, display_name: row.name }),
        credentialId: row.credential_id,
        credentialExpiresAtMs: neverMs,
      })),
  }

  /** Everything that was got by the key before ends with it, and so does what was got as an attached identity. */
  async function replaceKey(
    transaction: Transaction,
    machineId: ManagedIdentity['objectId'],
    { keyId, publicKey, nowMs }: { keyId: string; publicKey: string; nowMs: number },
  ): Promise<void> {
    transaction.changesAuthority()
    const row = { machine_id: machineId, key_id: keyId, public_key: publicKey, enrolled_at_ms: nowMs }
    await managedStore.replaceKey(transaction, row)
    for (const { id } of await managedStore.credentialsOf(transaction, machineId)) {
      await managedStore.renameCredential(transaction, id, randomUUID())
    }
  }
}

/** 100 random bits, which a person can read out and type. */
function newCode(): string {
  const letters = [...randomBytes(codeLength)].map((byte) => codeAlphabet.charAt(byte & 31)).join('')
  return letters.match(/.{4}/g)?.join('-') ?? letters
}

/** A code as it is compared: people type it in either case, with and without its hyphens. */
function normalizeCode(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/g, '')
}
