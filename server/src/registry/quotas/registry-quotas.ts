import type { Database, Transaction } from '../../platform/sql/database.ts'
import { prepareRepositoryReads } from '../repositories/repository-store.ts'
import type { QuotaRow } from '../rows/rows.ts'
import type { Quotas } from './quotas.ts'
import { countQuotas, deleteQuota, findQuotaName, listQuotas, putQuota, wholeRegistry } from './quota-store.ts'

/** The maximum number of quotas of a registry. */
export const maxQuotas = 1000

/** A limit on the bytes of a registry or of one of its repositories. */
export type Quota = {
  readonly name: string
  /** Undefined for the whole registry. */
  readonly repository: string | undefined
  readonly limitBytes: number
}

/** A quota and its usage, open uploads included. */
export type QuotaUsage = Quota & { readonly usedBytes: number }

/** Another quota limits the same repository or registry, or the maximum number is reached. */
export class QuotaConflictError extends Error {
  override readonly name = 'QuotaConflictError'
}

/** The quotas of registries. */
export interface RegistryQuotas {
  /** By name. */
  list(rid: string): Promise<QuotaUsage[]>
  find(rid: string, name: string): Promise<QuotaUsage | undefined>
  /**
   * Sets a quota, effective from the next request on, and returns whether it is new.
   *
   * @throws QuotaConflictError
   */
  put(transaction: Transaction, rid: string, quota: Quota): Promise<boolean>
  /** Deletes a quota, and returns whether it existed. */
  delete(transaction: Transaction, rid: string, name: string): Promise<boolean>
}

/** Opens the quotas of a server. */
export function createRegistryQuotas(database: Database, quotas: Quotas): RegistryQuotas {
  const repositories = prepareRepositoryReads(database)
  async function usageOf(rid: string, row: QuotaRow): Promise<QuotaUsage> {
    const { name, limit_bytes: limitBytes } = row
    if (row.repository === wholeRegistry) {
      return { name, repository: undefined, limitBytes, usedBytes: await quotas.registryBytes(rid) }
    }
    const repository = await repositories.byName.first({ rid, name: row.repository })
    const usedBytes = repository === undefined ? 0 : await quotas.repositoryBytes(repository.id)
    return { name, repository: row.repository, limitBytes, usedBytes }
  }
  return {
    list: async (rid) => Promise.all((await listQuotas(database, rid)).map((row) => usageOf(rid, row))),
    find: async (rid, name) => {
      const row = (await listQuotas(database, rid)).find((each) => each.name === name)
      return row && usageOf(rid, row)
    },
    put: async (transaction, rid, { name, repository = wholeRegistry, limitBytes }) => {
      const other = await findQuotaName(transaction, rid, repository)
      if (other !== undefined && other !== name) {
        throw new QuotaConflictError(`the quota '${other}' already applies to the same content`)
      }
      const isNew = await putQuota(transaction, { rid, name, repository, limit_bytes: limitBytes })
      if (isNew && (await countQuotas(transaction, rid)) > maxQuotas) {
        throw new QuotaConflictError(`a registry has at most ${maxQuotas} quotas`)
      }
      return isNew
    },
    delete: (transaction, rid, name) => deleteQuota(transaction, rid, name),
  }
}
