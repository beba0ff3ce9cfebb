import type { Database } from '../../platform/sql/database.ts'
import type { RegistryTables } from '../rows/rows.ts'
import type { DefaultQuotas } from './quotas.ts'
import { wholeRegistry } from './quota-store.ts'

/** The use of quotas, for metrics. */
export type QuotaUse = {
  /** The bytes of all registries. */
  readonly storedBytes: number
  /** The highest ratio of usage to quota of a registry or repository; 0 if there is no quota. */
  readonly highestRatio: number
}

/** Reads the use of all quotas. The cost is proportional to the number of registries and quotas. */
export async function readQuotaUse(database: Database, defaults: DefaultQuotas): Promise<QuotaUse> {
  const tables = database.tables<RegistryTables>()
  const registries = await tables
    .selectFrom('registry_usage')
    .leftJoin('quota', (join) =>
      join.onRef('quota.rid', '=', 'registry_usage.rid').on('quota.repository', '=', wholeRegistry),
    )
    .select(['size_bytes', 'limit_bytes'])
    .execute()
  const repositories = await tables
    .selectFrom('quota')
    .innerJoin('repository', (join) =>
      join.onRef('repository.rid', '=', 'quota.rid').onRef('repository.name', '=', 'quota.repository'),
    )
    .innerJoin('repository_usage', 'repository_usage.repository_id', 'repository.id')
    .select(['repository_usage.size_bytes', 'quota.limit_bytes'])
    .execute()
  const ratios = [
    ...registries.map(({ size_bytes, limit_bytes }) => ratioOf(size_bytes, limit_bytes ?? defaults.registryBytes)),
    ...repositories.map(({ size_bytes, limit_bytes }) => ratioOf(size_bytes, limit_bytes)),
  ]
  return {
    storedBytes: registries.reduce((total, { size_bytes }) => total + size_bytes, 0),
    highestRatio: ratios.reduce((highest, ratio) => Math.max(highest, ratio), 0),
  }
}

function ratioOf(sizeBytes: number, limitBytes: number): number {
  return limitBytes === 0 ? 0 : sizeBytes / limitBytes
}
