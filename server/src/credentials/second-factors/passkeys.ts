import { randomUUID } from 'node:crypto'
import type { PasskeyRow } from '../records/rows.ts'
import { type SecondFactorContext, endWeakSignInsOf, removeUnneededCodes } from './context.ts'
import type { Passkey, SecondFactors } from './model.ts'

const maxPasskeys = 20

type Passkeys = Pick<SecondFactors, 'passkeysOf' | 'findPasskey' | 'addPasskey' | 'usePasskey' | 'removePasskey'>

/** Creates the passkeys of users. */
export function createPasskeys(context: SecondFactorContext): Passkeys {
  const { store, authentication, clock } = context
  return {
    passkeysOf: async (objectId) => (await store.passkeysOf(undefined, objectId)).map(toPasskey),
    findPasskey: async (credentialId) => {
      const row = await store.passkeyByCredential(credentialId)
      return row === undefined ? undefined : toPasskey(row)
    },
    addPasskey: async (transaction, passkey) => {
      if ((await store.passkeysOf(transaction, passkey.objectId)).length >= maxPasskeys) return undefined
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
      await endWeakSignInsOf(context, transaction, row.object_id)
      return toPasskey(row)
    },
    usePasskey: (transaction, id, counter) => store.advancePasskey(transaction, id, counter),
    removePasskey: async (transaction, objectId, id) => {
      const removed = await store.deletePasskey(transaction, objectId, id)
      if (removed) await authentication.advanceRevision(transaction, objectId)
      await removeUnneededCodes(context, transaction, objectId)
      return removed
    },
  }
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
