import type { Database } from '../../platform/sql/database.ts'
import type { CredentialUseRow } from './rows.ts'

type Tables = { credential_use: CredentialUseRow }

/** A filter of uses. Omitted properties match everything. */
export type UseFilter = { readonly actorId?: string | undefined; readonly credentialId?: string | undefined }

/** The SQL of the uses of credentials. */
export function createCredentialUseStore(database: Database) {
  return {
    /** Writes uses. A use is ignored if the recorded use is newer. */
    write: (uses: readonly CredentialUseRow[]) =>
      database.transaction((transaction) =>
        transaction
          .tables<Tables>()
          .insertInto('credential_use')
          .values([...uses])
          .onConflict((conflict) =>
            conflict
              .columns(['actor_kind', 'actor_id', 'credential_id'])
              .doUpdateSet((builder) => ({ last_used_ms: builder.ref('excluded.last_used_ms') }))
              .whereRef('excluded.last_used_ms', '>', 'credential_use.last_used_ms'),
          )
          .execute(),
      ),
    /** The uses by actors of one kind. */
    ofActors: (actorKind: string, actorIds: readonly string[]): Promise<CredentialUseRow[]> =>
      database
        .tables<Tables>()
        .selectFrom('credential_use')
        .selectAll()
        .where('actor_kind', '=', actorKind)
        .where('actor_id', 'in', [...actorIds])
        .execute(),
    /** Lists uses by actor and credential, after a place. */
    list: (
      { actorId, credentialId }: UseFilter,
      after: CredentialUsePlace,
      limit: number,
    ): Promise<CredentialUseRow[]> => {
      let query = database.tables<Tables>().selectFrom('credential_use').selectAll()
      if (actorId !== undefined) query = query.where('actor_id', '=', actorId)
      if (credentialId !== undefined) query = query.where('credential_id', '=', credentialId)
      return query
        .where((builder) =>
          builder(
            builder.refTuple('actor_kind', 'actor_id', 'credential_id'),
            '>',
            builder.tuple(after.actor_kind, after.actor_id, after.credential_id),
          ),
        )
        .orderBy('actor_kind')
        .orderBy('actor_id')
        .orderBy('credential_id')
        .limit(limit)
        .execute()
    },
  }
}

/** A place in the list of uses. */
export type CredentialUsePlace = Omit<CredentialUseRow, 'last_used_ms'>
