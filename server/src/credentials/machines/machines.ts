import { randomBytes, randomUUID } from 'node:crypto'
import type { Directory, ManagedIdentity, ServicePrincipal } from '../../directory/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database, Transaction } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { Enrolled, EnrollmentCode, Machine, MachineIdentity } from '../records/model.ts'
import type { MachineKeyRow } from '../records/rows.ts'
import { storedHash } from '../records/stored-hash.ts'
import type { OneTimeCodes } from '../one-time-codes/one-time-code-store.ts'
import type { MachineStore } from './machine-store.ts'

/** The machines that act as managed identities. */
export interface Machines {
  describe(machines: readonly ManagedIdentity[], transaction?: Transaction): Promise<Machine[]>
  /** Invalidates the enrollment code of the machine. */
  attach(transaction: Transaction, machine: ManagedIdentity, identity: ManagedIdentity): Promise<void>
  detach(transaction: Transaction, machine: ManagedIdentity, identity: ManagedIdentity): Promise<void>
  /** A code of 15 minutes. Called outside of the transaction, which may run more than once. */
  prepareEnrollmentCode(): EnrollmentCode
  /** Replaces the enrollment code of the machine. The code ends when the principal `createdBy` is disabled or deleted. */
  insertEnrollmentCode(
    transaction: Transaction,
    machine: ManagedIdentity,
    code: EnrollmentCode & { readonly createdBy: string },
  ): Promise<void>
  /**
   * Replaces the key of the machine with this code; of concurrent calls, one succeeds. `onEnrolled` writes the event in the
   * same transaction. Undefined for an unknown, used or expired code.
   */
  enroll(
    code: string,
    publicKey: string,
    onEnrolled: (transaction: Transaction, enrolled: Enrolled) => Promise<void>,
  ): Promise<Enrolled | undefined>
  /** The public key of this id as JWK text, with its machine. */
  findKey(keyId: string): Promise<
    | {
        readonly machine: Pick<ServicePrincipal, 'objectId' | 'appId' | 'enabled'>
        readonly publicKey: string
      }
    | undefined
  >
  /** The identities that the machine may act as: its own and the attached ones. */
  identitiesOf(machineId: string): Promise<MachineIdentity[]>
}

/** The lifetime of a code. */
const codeLifetimeMs = 15 * 60 * 1000

/** Without the letters that look like digits, and without U. [Crockford, Base 32] */
const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeLength = 20

/** Far more than a code with its hyphens. */
const maxCodeLength = 64

/** A machine's credential has no expiry: it ends with its key or the machine. */
const neverMs = Date.UTC(9999, 11, 31)

export type MachinesOptions = {
  readonly database: Database
  readonly directory: Pick<Directory, 'applications' | 'findServicePrincipal' | 'managedIdentities'>
  readonly store: MachineStore
  readonly codes: OneTimeCodes
  readonly clock: Clock
}

/** Creates the keys and enrollment codes of machines, and the permissions to act as managed identities. */
export function createMachines(options: MachinesOptions): Machines {
  const { directory, store, codes, clock } = options
  return {
    describe: (machines, transaction) => describe(options, machines, transaction),
    attach: async (transaction, machine, identity) => {
      // The creator of the code was authorized to assign only the identities that were attached then.
      await codes.delete(transaction, machine.objectId)
      const row = { id: randomUUID(), machine_id: machine.objectId, identity_id: identity.objectId }
      await store.insertCredential(transaction, row)
    },
    detach: async (transaction, machine, identity) => {
      transaction.changesAuthority()
      await store.removeCredential(transaction, machine.objectId, identity.objectId)
    },
    prepareEnrollmentCode: () => {
      const code = newCode()
      const expiresAtMs = clock.now() + codeLifetimeMs
      return { code, codeHash: storedHash(normalizeCode(code)), expiresAtMs }
    },
    insertEnrollmentCode: async (transaction, machine, { codeHash, expiresAtMs, createdBy }) => {
      await codes.replace(transaction, {
        holder_id: machine.objectId,
        code_hash: codeHash,
        created_at_ms: expiresAtMs - codeLifetimeMs,
        expires_at_ms: expiresAtMs,
        created_by: createdBy,
      })
    },
    enroll: (code, publicKey, onEnrolled) => enroll(options, code, publicKey, onEnrolled),
    findKey: async (keyIdText) => {
      const keyId = parseGuid(keyIdText)
      const row = keyId === undefined ? undefined : await store.keyById(keyId)
      const machine = row && (await directory.findServicePrincipal(row.machine_id))
      if (row === undefined || machine === undefined) return undefined
      const { objectId, appId, enabled } = machine
      return { machine: { objectId, appId, enabled }, publicKey: row.public_key }
    },
    identitiesOf: (machineId) => identitiesOf(options, machineId),
  }
}

/** Infinity, if the machine may act as the identity and both are enabled. */
export async function machineCredentialValidUntilMs(
  { directory, store }: Pick<MachinesOptions, 'directory' | 'store'>,
  objectId: string,
  credentialId: string,
): Promise<number | undefined> {
  const row = await store.credentialById(credentialId)
  if (row?.identity_id !== objectId) return undefined
  for (const id of new Set([objectId, row.machine_id])) {
    if ((await directory.findServicePrincipal(id))?.enabled !== true) return undefined
  }
  return Number.POSITIVE_INFINITY
}

async function describe(
  { directory, store }: MachinesOptions,
  machines: readonly ManagedIdentity[],
  transaction: Transaction | undefined,
): Promise<Machine[]> {
  const ids = machines.map(({ objectId }) => objectId)
  const keys = await store.keysOf(transaction, ids)
  const credentials = await store.credentialsOf(transaction, ids)
  const identityIds = [...new Set(credentials.map(({ identity_id }) => identity_id))]
  const identities = await directory.managedIdentities.named(identityIds, transaction)
  return machines.map((machine): Machine => {
    const key = keys.find(({ machine_id: machineId }) => machineId === machine.objectId)
    const own = credentials.filter(({ machine_id: machineId }) => machineId === machine.objectId)
    const isAttached = ({ kind, objectId }: ManagedIdentity) =>
      kind !== 'machine' && own.some(({ identity_id: identityId }) => identityId === objectId)
    return {
      ...machine,
      key: key && { keyId: key.key_id, enrolledAtMs: key.enrolled_at_ms },
      attached: identities.filter(isAttached),
    }
  })
}

async function identitiesOf({ directory, store }: MachinesOptions, machineId: string): Promise<MachineIdentity[]> {
  const credentials = await store.credentialsOfMachine(machineId)
  const ids = credentials.map(({ identity_id }) => identity_id)
  const principals = await directory.applications.servicePrincipalsNamed(ids)
  return credentials.flatMap(({ id: credentialId, identity_id: identityId }) => {
    const principal = principals.find(({ objectId }) => objectId === identityId)
    if (principal?.managed === undefined) return []
    const { objectId, appId, displayName, enabled, managed } = principal
    const servicePrincipal = { objectId, appId, displayName, enabled }
    return [{ id: managed.resourceId, servicePrincipal, credentialId, credentialExpiresAtMs: neverMs }]
  })
}

async function enroll(
  { database, directory, store, codes, clock }: MachinesOptions,
  codeText: string,
  publicKey: string,
  onEnrolled: (transaction: Transaction, enrolled: Enrolled) => Promise<void>,
): Promise<Enrolled | undefined> {
  if (codeText.length > maxCodeLength) return undefined
  const codeHash = storedHash(normalizeCode(codeText))
  // A wrong code is rejected before a transaction begins.
  if ((await codes.findByHash(codeHash)) === undefined) return undefined
  const keyId = randomUUID()
  return database.transaction(async (transaction) => {
    const nowMs = clock.now()
    const machineId = await codes.use(transaction, codeHash, nowMs)
    if (machineId === undefined) return undefined
    const machine = await directory.managedIdentities.findById(machineId, transaction)
    if (machine?.kind !== 'machine') return undefined
    await replaceKey(store, transaction, {
      machine_id: machine.objectId,
      key_id: keyId,
      public_key: publicKey,
      enrolled_at_ms: nowMs,
    })
    const enrolled = { machine, keyId }
    await onEnrolled(transaction, enrolled)
    return enrolled
  })
}

/** Invalidates everything that the previous key authenticated, for the attached identities too. */
async function replaceKey(store: MachineStore, transaction: Transaction, row: MachineKeyRow): Promise<void> {
  transaction.changesAuthority()
  await store.replaceKey(transaction, row)
  const machineId = row.machine_id
  const credentials = await store.credentialsOf(transaction, [machineId])
  for (const { id } of credentials) await store.renameCredential(transaction, id, randomUUID())
  if (credentials.some(({ identity_id: identityId }) => identityId === machineId)) return
  await store.insertCredential(transaction, { id: randomUUID(), machine_id: machineId, identity_id: machineId })
}

/** 100 random bits, which a person can read out and type. */
function newCode(): string {
  const letters = [...randomBytes(codeLength)].map((byte) => codeAlphabet.charAt(byte & 31)).join('')
  return letters.match(/.{4}/g)?.join('-') ?? letters
}

/** The form of a code that is compared: people type it in either case, with and without its hyphens. */
function normalizeCode(text: string): string {
  return text.toUpperCase().replaceAll(/[\s-]/g, '')
}
