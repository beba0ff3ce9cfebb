import { nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { SeedContext, SeedPlan, SeedPrincipal } from './context.ts'
import { derivedId } from './derived-id.ts'
import type { SeedDocument } from './read-seed.ts'
import type { SeedPath } from './seed-error.ts'

/** The number of members of a group that one query reads. */
const pageSize = 1000

/**
 * Plans the changes of the groups and their members. A group may contain other groups, so the function plans all groups before the members.
 */
export async function planGroups(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<void> {
  const { directory } = context
  const planned: { readonly objectId: string; readonly isNew: boolean }[] = []
  for (const [index, { name: displayName, objectId: givenId }] of document.seed.groups.entries()) {
    const path = ['groups', index]
    const objectId = givenId ?? derivedId(`groups/${displayName}`)
    const present = await directory.groups.find(objectId)
    plan.principals.push({ kind: 'group', name: displayName, objectId })
    planned.push({ objectId, isNew: present === undefined })
    if (present?.displayName === displayName) continue
    plan.changes.push({
      path,
      make: async (transaction) => {
        const action = present === undefined ? 'group.create' : 'group.update'
        if (present !== undefined) await directory.groups.updateGroup(transaction, objectId, { displayName })
        else {
          const mailNickname = displayName.replaceAll(/[^A-Za-z0-9._-]/g, '').slice(0, 64) || 'group'
          await directory.groups.createGroup(transaction, { displayName, mailNickname }, objectId)
        }
        return { action, target: `groups/${objectId}`, detail: { displayName } }
      },
    })
  }
  for (const [index, { members }] of document.seed.groups.entries()) {
    const group = planned[index]
    if (group === undefined) continue
    const present = group.isNew ? [] : await memberIds(context, group.objectId)
    for (const [at, member] of members.entries()) {
      const path = ['groups', index, 'members', at]
      const { objectId: memberId } = await requirePrincipal(context, document, plan, { text: member, path })
      if (memberId === group.objectId) throw document.errorAt(path, 'must not be the group itself')
      if (present.includes(memberId)) continue
      present.push(memberId)
      plan.changes.push({
        path,
        make: async (transaction) => {
          await directory.groups.addMember(transaction, group.objectId, memberId)
          return { action: 'group.add-member', target: `groups/${group.objectId}`, detail: { memberId } }
        },
      })
    }
  }
}

async function memberIds({ directory }: SeedContext, objectId: string): Promise<string[]> {
  const found: string[] = []
  for (;;) {
    const page = { objectId, transitive: false, after: found.at(-1) ?? '', limit: pageSize }
    const ids = await directory.groups.listMemberIds(page)
    found.push(...ids)
    if (ids.length < pageSize) return found
  }
}

/**
 * The principal with a name or an object id. Principals in the document take precedence.
 *
 * @throws SeedError if no principal or several principals match
 */
export async function requirePrincipal(
  context: SeedContext,
  { errorAt }: SeedDocument,
  { principals }: SeedPlan,
  { text, path }: { readonly text: string; readonly path: SeedPath },
): Promise<Omit<SeedPrincipal, 'name'>> {
  const isNamed = ({ name, objectId }: SeedPrincipal) => nameKey(name) === nameKey(text) || objectId === nameKey(text)
  const planned = principals.filter(isNamed)
  const found = planned.length > 0 ? planned : await findInDirectory(context, text)
  const [principal, ...others] = found
  if (principal === undefined) {
    throw errorAt(path, `names ${text}, but there is no user, application or group with this name`)
  }
  if (others.length > 0)
    throw errorAt(path, `is ambiguous: ${text} names ${found.length} principals. Use the object id`)
  return principal
}

async function findInDirectory({ directory }: SeedContext, text: string): Promise<Omit<SeedPrincipal, 'name'>[]> {
  const id = parseGuid(text)
  const byId = id && (await directory.findPrincipal(id))
  if (byId !== undefined) return [byId]
  const byName = {
    conditions: [{ by: 'display-name', value: nameKey(text) }],
    visibleTo: undefined,
    after: '',
    limit: 2,
  } as const
  const [user, applications, groups] = await Promise.all([
    directory.findUserByName(text),
    directory.applications.listServicePrincipals(byName),
    directory.groups.list(byName),
  ])
  return [
    ...(user === undefined ? [] : [{ kind: 'user', objectId: user.objectId } as const]),
    ...applications.map(({ objectId }) => ({ kind: 'service-principal', objectId }) as const),
    ...groups.map(({ objectId }) => ({ kind: 'group', objectId }) as const),
  ]
}
