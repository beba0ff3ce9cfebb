import { randomBytes } from 'node:crypto'
import { type Sealer, hashSecret, secretEquals } from '../platform/keys/sealing.ts'
import type { Transaction } from '../platform/sql/database.ts'
import type { ResourcesStore } from './resources-store.ts'
import type { AdminPasswordRow } from './rows.ts'
import type { AdminPasswordName, AdminPasswordVersion } from './model.ts'
import { acrPassword, acrPasswordRandomBytes } from '@acrux/shared/standards/azure/acr-password.ts'

/** The names of the two passwords, in the order in which ARM lists them. */
export const adminPasswordNames: readonly AdminPasswordName[] = ['password', 'password2']

/** The two passwords of the admin account of each registry. */
export interface AdminPasswords {
  /** Both passwords in plain text, for `listCredentials`. The result is undefined if the registry does not exist. */
  readAdminPasswords(rid: string): Promise<Record<AdminPasswordName, string> | undefined>
  /** Replaces a password with the given password. Without a given password, the new password is random. */
  renewAdminPassword(transaction: Transaction, rid: string, name: AdminPasswordName, password?: string): Promise<void>
  /** Compares a password with both stored passwords in constant time, whether the account is enabled or not. */
  verifyAdminPassword(rid: string, password: string): Promise<AdminPasswordVersion | undefined>
  /** Whether the password has not been renewed since the given generation. */
  adminPasswordStands(rid: string, version: AdminPasswordVersion): Promise<boolean>
}

type AdminAccount = AdminPasswords & {
  readonly createPasswords: (transaction: Transaction, rid: string) => Promise<void>
}

/** Creates the admin accounts. The passwords are sealed and not only hashed, because authorized callers can read them again. */
export function createAdminAccount(store: ResourcesStore, sealer: Sealer): AdminAccount {
  const context = (rid: string, name: string) => `admin-password/${rid}/${name}`

  function newRow(
    rid: string,
    name: AdminPasswordName,
    password = acrPassword(randomBytes(acrPasswordRandomBytes)),
  ): Omit<AdminPasswordRow, 'generation'> {
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

    renewAdminPassword: async (transaction, rid, name, password) => {
      transaction.changesAuthority()
      await store.renewAdminPassword(transaction, newRow(rid, name, password))
    },

    verifyAdminPassword: async (rid, password) => {
      const hash = hashSecret(password)
      const rows = await store.adminPasswords(rid)
      let version: AdminPasswordVersion | undefined
      // The code always compares both passwords. It replaces a missing password by random bytes, so that the response time reveals nothing.
      for (const name of adminPasswordNames) {
        const row = rows.find((candidate) => candidate.name === name)
        const equal = secretEquals(row?.hash ?? randomBytes(hash.length), hash)
        if (equal && row !== undefined) version = { name, generation: row.generation }
      }
      return version
    },

    adminPasswordStands: async (rid, version) => {
      const rows = await store.adminPasswords(rid)
      return rows.some((row) => row.name === version.name && row.generation === version.generation)
    },
  }
}
