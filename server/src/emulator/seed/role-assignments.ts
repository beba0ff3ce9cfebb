import {
  isWithinScope,
  normalizeScope,
  parseResourceId,
  roleAssignmentId,
  subscriptionId,
} from '@acrux/shared/standards/azure/resource-id.ts'
import { parseRoleCondition } from '@acrux/shared/standards/conditions/role-condition-parser.ts'
import { type RoleDefinition, isAssignableAt } from '../../authorization/index.ts'
import { type SeedContext, type SeedPlan, seedAuthor } from './context.ts'
import { derivedId } from './derived-id.ts'
import { requirePrincipal } from './groups.ts'
import type { SeedDocument } from './read-seed.ts'
import { findSeedRegistry } from './registries.ts'
import type { Seed } from './schema.ts'
import type { SeedPath } from './seed-error.ts'

type AssignmentSeed = Seed['roleAssignments'][number]

const principalTypes = { user: 'User', 'service-principal': 'ServicePrincipal', group: 'Group' } as const

/** Plans the role assignments. Two assignments are the same if they have the same role, principal and scope. */
export async function planRoleAssignments(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<void> {
  const planned = new Set<string>()
  for (const [index, wanted] of document.seed.roleAssignments.entries()) {
    const path = ['roleAssignments', index]
    const scope = await requireScope(context, document, plan, { text: wanted.on, path: [...path, 'on'] })
    const role = await requireRole(context, document, wanted, { scope, path: [...path, 'role'] })
    const to = { text: wanted.to, path: [...path, 'to'] }
    const { objectId: principalId, kind } = await requirePrincipal(context, document, plan, to)
    requireCondition(document, wanted, [...path, 'condition'])
    const key = `${normalizeScope(scope)}/${role.name}/${principalId}`
    if (planned.has(key)) throw document.errorAt(path, 'repeats an earlier assignment')
    planned.add(key)
    await planAssignment(context, wanted, path, {
      plan,
      scope,
      roleDefinitionName: role.name,
      principalId,
      principalType: principalTypes[kind],
      name: wanted.id ?? derivedId(`roleAssignments/${key}`),
    })
  }
}

type PlannedAssignment = {
  readonly plan: SeedPlan
  readonly scope: string
  readonly roleDefinitionName: string
  readonly principalId: string
  readonly principalType: (typeof principalTypes)[keyof typeof principalTypes]
  readonly name: string
}

async function planAssignment(
  { access }: SeedContext,
  { condition: given }: AssignmentSeed,
  path: SeedPath,
  { plan, ...assignment }: PlannedAssignment,
): Promise<void> {
  const condition = given ?? null
  const { scope, roleDefinitionName, principalId } = assignment
  const filter = { scope, includeBelow: false, principalIds: [principalId], roleDefinitionName }
  const present = (await access.listAssignments(filter)).find(
    (other) => normalizeScope(other.scope) === normalizeScope(scope),
  )
  if (present?.condition === condition) return
  const conditionVersion = condition === null ? null : '2.0'
  plan.changes.push({
    path,
    make: async (transaction) => {
      const detail = { principalId, roleDefinitionName, condition }
      if (present === undefined) {
        const terms = { condition, conditionVersion, createdBy: seedAuthor.name }
        const created = await access.createAssignment(transaction, { ...assignment, ...terms })
        return { action: 'role-assignment.create', target: roleAssignmentId(created), detail }
      }
      const change = { condition, conditionVersion, description: present.description, updatedBy: seedAuthor.name }
      await access.updateAssignment(transaction, present.scope, present.name, change)
      return { action: 'role-assignment.update', target: roleAssignmentId(present), detail }
    },
  })
}

type Place = { readonly text: string; readonly path: SeedPath }

/** The id of a registry for its name, or a resource id within the subscription. */
async function requireScope(
  context: SeedContext,
  { errorAt }: SeedDocument,
  plan: SeedPlan,
  { text, path }: Place,
): Promise<string> {
  if (!text.startsWith('/')) {
    const registry = await findSeedRegistry(context, plan, text)
    if (registry === undefined) throw errorAt(path, `names ${text}, but there is no registry with this name`)
    return registry.id
  }
  const subscriptions = await context.resources.listSubscriptions()
  const isKnown = subscriptions.some((known) => isWithinScope(text, subscriptionId(known.subscriptionId)))
  if (parseResourceId(text) === undefined || !isKnown) {
    throw errorAt(path, 'must be the name of a registry, or a resource id within the subscription of the server')
  }
  return text
}

async function requireRole(
  { access }: SeedContext,
  { errorAt }: SeedDocument,
  { role: text }: AssignmentSeed,
  { scope, path }: { readonly scope: string; readonly path: SeedPath },
): Promise<RoleDefinition> {
  const role = await access.findRoleDefinition(text)
  if (role !== undefined && isAssignableAt(role, scope)) return role
  throw errorAt(path, `names ${text}, but the role does not exist at this scope`)
}

function requireCondition({ errorAt }: SeedDocument, { condition }: AssignmentSeed, path: SeedPath): void {
  if (condition === undefined) return
  const reading = parseRoleCondition(condition)
  if ('condition' in reading) return
  throw errorAt(path, `is not a valid condition. At character ${reading.position}: ${reading.problem}`)
}
