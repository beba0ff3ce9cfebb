import { hash, randomUUID } from 'node:crypto'
import type { Clock } from '../../platform/process/clock.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import type { ExternalGroupRow, ExternalUserStore } from './external-user-store.ts'

/** The groups of a user at another provider, at the time of a sign-in. */
export type ProviderGroups = {
  readonly issuer: string
  /** The provider's name in the settings. The names of the provider's groups begin with this name. */
  readonly provider: string
  readonly groups: readonly string[]
}

/** The maximum number of groups that one provider can create in the directory. */
const maxGroupsOfIssuer = 20_000

/** Creates the groups that represent groups of other providers, and their memberships. */
export function createExternalGroups(store: ExternalUserStore, clock: Clock) {
  async function createGroup(
    transaction: Transaction,
    { issuer, provider }: ProviderGroups,
    value: string,
  ): Promise<ExternalGroupRow> {
    const row = { issuer, value, group_id: randomUUID() }
    const displayName = cutText(`${provider}:${value}`, 256)
    const mailNickname = `${provider}-${digest(issuer, value)}`
    await store.insertGroup(transaction, row, {
      object_id: row.group_id,
      display_name: displayName,
      display_name_key: nameKey(displayName),
      description: cutText(
        `A group of ${issuer}. The server updates the members at each sign-in through the issuer.`,
        1024,
      ),
      mail_nickname: mailNickname,
      mail_nickname_key: nameKey(mailNickname),
      created_at_ms: clock.now(),
    })
    return row
  }

  return {
    /**
     * The ids of the groups that represent the provider's groups. Missing groups are created. The result is undefined if the number exceeds
     * the maximum.
     */
    idsFor: async (transaction: Transaction, from: ProviderGroups): Promise<readonly string[] | undefined> => {
      const found = await store.groups(transaction, from.issuer, from.groups)
      const known = new Set(found.map(({ value }) => value))
      const unknown = from.groups.filter((value) => !known.has(value))
      const count = unknown.length === 0 ? 0 : await store.groupCount(transaction, from.issuer)
      if (count + unknown.length > maxGroupsOfIssuer) return undefined
      for (const value of unknown) found.push(await createGroup(transaction, from, value))
      return found.map(({ group_id }) => group_id)
    },

    /** Replaces the user's memberships in the issuer's groups. */
    replace: async (transaction: Transaction, objectId: string, issuer: string, groupIds: readonly string[]) => {
      const had = new Set((await store.memberships(transaction, objectId, issuer)).map(({ group_id }) => group_id))
      const has = new Set(groupIds)
      for (const groupId of had.difference(has)) await store.deleteMember(transaction, groupId, objectId)
      for (const groupId of has.difference(had)) await store.insertMember(transaction, groupId, objectId)
      if (had.symmetricDifference(has).size > 0) transaction.changesAuthority()
    },

    /** Removes the user from all groups of the issuer. */
    leave: async (transaction: Transaction, objectId: string, issuer: string): Promise<void> => {
      await store.deleteMemberships(transaction, objectId, issuer)
      transaction.changesAuthority()
    },
  }
}

export type ExternalGroups = ReturnType<typeof createExternalGroups>

/** 80 bits in hexadecimal digits. With 80 bits, nobody can find a second text with the same digest. */
export function digest(...texts: readonly string[]): string {
  return hash('sha256', JSON.stringify(texts), 'hex').slice(0, 20)
}
