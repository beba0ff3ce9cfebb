import { randomBytes } from 'node:crypto'
import { type Sealer, hashSecret, secretEquals } from '../platform/keys/sealing.ts'
import type { Transaction } from '../platform/sql/database.ts'
import type { AdminPasswordRow, ResourcesStore } from './store.ts'
import type { AdminPasswordName, AdminPasswordProof } from './model.ts'
import { acrPassword, acrPasswordRandomBytes } from '../standards/azure/acr-password.ts'

/** The names of the two passwords, in the order in which ARM lists them. */
export const adminPasswordNames: readonly AdminPasswordName[] = ['password', 'password2']

/** The two passwords of the admin account of each registry. */
export interface AdminPasswords {
  /** Both passwords in clear, for `listCredentials`; they are sealed at rest. Undefined when there is no such registry. */
  readAdminPasswords(rid: string): Promise<Record<AdminPasswordName, string> | undefined>
  renewAdminPassword(transaction: Transaction, rid: string, name: AdminPasswordName): Promise<void>
  /** Compares in constant time with both; says nothing of whether the account is enabled. */
  verifyAdminPassword(rid: string, password: string): Promise<AdminPasswordProof | undefined>
  /** Whether the password that was proved is still the one that stands. */
  adminPasswordStands(rid: string, proof: AdminPasswordProof): boolean | Promise<boolean>
}

type AdminAccount = AdminPasswords & {
  readonly createPasswords: (transaction: Transaction, rid: string) => Promise<void>
}

/** The admin account of each registry. Its passwords can be read again by who may, so they are sealed and not only hashed. */
export function createAdminAccount(store: ResourcesStore, sealer: Sealer): AdminAccount {
  const context = (rid: string, name: string) => `admin-password/${rid}/${name}`

  function newRow(rid: string, name: AdminPasswordName): Omit<AdminPasswordRow, 'generation'> {
    const password = acrPassword(randomBytes(acrPasswordRandomBytes))
    return { rid, name, hash: hashSecret(password), sealed: sealer.seal(password, context(rid, name)) }
  }

  return {
    createPasswords: async (transaction, rid) => {
      await store.insertAdminPasswords(
        transaction,
        adminPasswordNames.map((name) => ({ ...newRow(rid, name), generation: 1 })),
      )
    },

    readAdminPasswords: async (rid) => {
      const rows = await store.adminPasswords(rid)
      if (rows.length === 0) return undefined
      const clear = (name: AdminPasswordName) => {
        const row = rows.find((candidate) => candidate.name === name)
        if (row === undefined) throw new Error(`registry ${rid} has no ${name}`)
        return Buffer.from(sealer.open(row.sealed, context(rid, name))).toString()
      }
      return { password: clear('password'), password2: clear('password2') }
    },

    renewAdminPassword: async (transaction, rid, name) => {
      transaction.changesAuthority()
      await store.renewAdminPassword(transaction, newRow(rid, name))
    },

    verifyAdminPassword: async (rid, password) => {
      const hash = hashSecret(password)
      const rows = await store.adminPasswords(rid)
      let proof: AdminPasswordProof | undefined
      // Both are compared, and a registry without any is compared with noise: the time tells nothing.
      for (const name of adminPasswordNames) {
        const row = rows.find((candidate) => candidate.name === name)
        const equal = secretEquals(row?.hash ?? randomBytes(hash.length), hash)
        if (equal && row !== undefined) proof = { name, generation: row.generation }
      }
      return proof
    },

    adminPasswordStands: async (rid, proof) => {
      const rows = await store.adminPasswords(rid)
      return rows.some((row) => row.name === proof.name && row.generation === proof.generation)
    },
  }
}
