import { prepareGeneratedPassword } from '../../credentials/index.ts'
import { isGeneratedPassword, verifyPassword } from '../../platform/keys/password-hash.ts'
import { type SeedContext, type SeedPlan, seedOrigin } from './context.ts'
import { derivedId } from './derived-id.ts'
import type { SeedDocument } from './read-seed.ts'
import type { Seed } from './schema.ts'
import type { SeedPath } from './seed-error.ts'

type UserSeed = Seed['users'][number]

/** Plans the changes of the users. Everyone who can read the document knows the passwords, so a slow hash would protect nothing. */
export async function planUsers(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<void> {
  for (const [index, wanted] of document.seed.users.entries()) {
    const path = ['users', index]
    const present = await context.directory.findUserByName(wanted.upn)
    const objectId = wanted.objectId ?? present?.objectId ?? derivedId(`users/${wanted.upn}`)
    plan.principals.push({ kind: 'user', name: wanted.upn, objectId })
    if (present === undefined) planNewUser(context, wanted, path, { plan, objectId })
    else if (present.objectId === objectId) await planUserUpdate(context, wanted, path, { plan, objectId })
    else throw document.errorAt([...path, 'objectId'], `must be ${present.objectId}, the id of the existing user`)
  }
}

type PlannedUser = { readonly plan: SeedPlan; readonly objectId: string }

function planNewUser(
  { directory }: SeedContext,
  { upn, password, displayName = upn.slice(0, upn.indexOf('@')) }: UserSeed,
  path: SeedPath,
  { plan, objectId }: PlannedUser,
): void {
  plan.changes.push({
    path,
    make: async (transaction) => {
      const prepared = password === undefined ? undefined : prepareGeneratedPassword(password)
      const user = { userPrincipalName: upn, displayName, password: prepared }
      await directory.createUser(transaction, user, objectId)
      return { action: 'user.create', target: `users/${objectId}`, detail: { userPrincipalName: upn, displayName } }
    },
  })
}

async function planUserUpdate(
  { directory, credentials }: SeedContext,
  { upn, password, displayName }: UserSeed,
  path: SeedPath,
  { plan, objectId }: PlannedUser,
): Promise<void> {
  const stored = await directory.authentication.find(objectId)
  if (displayName !== undefined && displayName !== stored?.displayName) {
    plan.changes.push({
      path: [...path, 'displayName'],
      make: async (transaction) => {
        await directory.people.updateUser(transaction, objectId, { displayName })
        return { action: 'user.update', target: `users/${objectId}`, detail: { userPrincipalName: upn, displayName } }
      },
    })
  }
  if (password !== undefined && !(await hasPassword(stored?.passwordHash, password))) {
    plan.changes.push({
      path: [...path, 'password'],
      make: async (transaction) => {
        const reset = { mustChange: false, origin: seedOrigin() }
        await credentials.resetPassword(transaction, objectId, prepareGeneratedPassword(password), reset)
        return { action: 'user.reset-password', target: `users/${objectId}` }
      },
    })
  }
}

async function hasPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  if (passwordHash === undefined) return false
  return isGeneratedPassword(password, passwordHash) || verifyPassword(password, passwordHash)
}
