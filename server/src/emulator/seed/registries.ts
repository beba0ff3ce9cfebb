import { registryId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Registry, RegistryChange } from '../../resources/index.ts'
import { type SeedContext, type SeedPlan, type SeedRegistry, seedAuthor } from './context.ts'
import type { SeedDocument } from './read-seed.ts'
import type { Seed } from './schema.ts'
import type { SeedPath } from './seed-error.ts'

type RegistrySeed = Seed['registries'][number]

/** The resource group and the location of new registries. */
const resourceGroup = 'default'
const location = 'local'

const modes = { rbac: 'LegacyRegistryPermissions', abac: 'AbacRepositoryPermissions' } as const
const passwordNames = ['password', 'password2'] as const

/** Plans the changes of the registries and their admin accounts. */
export async function planRegistries(context: SeedContext, { seed }: SeedDocument, plan: SeedPlan): Promise<void> {
  for (const [index, wanted] of seed.registries.entries()) {
    const path = ['registries', index]
    const present = await context.resources.findRegistryByName(wanted.name)
    plan.registries.push(
      present === undefined
        ? await planNewRegistry(context, wanted, path, plan)
        : planRegistryUpdate(context, wanted, path, { plan, present }),
    )
    await planAdminPasswords(context, wanted, path, plan)
  }
}

/** A registry by its name: a registry in the document, or a registry that already exists. */
export async function findSeedRegistry(
  { resources }: SeedContext,
  { registries }: SeedPlan,
  name: string,
): Promise<SeedRegistry | undefined> {
  const planned = registries.find((registry) => registry.name.toLowerCase() === name.toLowerCase())
  if (planned !== undefined) return planned
  const present = await resources.findRegistryByName(name)
  return present && { ...present, present, rid: () => present.rid }
}

async function planNewRegistry(
  { resources }: SeedContext,
  wanted: RegistrySeed,
  path: SeedPath,
  { changes }: SeedPlan,
): Promise<SeedRegistry> {
  const [subscription] = await resources.listSubscriptions()
  if (subscription === undefined) throw new Error('the server has no subscription')
  const { subscriptionId } = subscription
  const { name } = wanted
  let created: Registry | undefined
  changes.push({
    path,
    make: async (transaction) => {
      const place = { subscriptionId, resourceGroup, name, location, author: seedAuthor }
      created = await resources.createRegistry(transaction, { ...place, change: settingsOf(wanted) })
      return { action: 'registry.create', target: created.id, detail: detailOf(created) }
    },
  })
  const rid = () => {
    if (created === undefined) throw new Error(`the registry ${name} is not created yet`)
    return created.rid
  }
  return { name, id: registryId(subscriptionId, resourceGroup, name), present: undefined, rid }
}

function planRegistryUpdate(
  { resources }: SeedContext,
  wanted: RegistrySeed,
  path: SeedPath,
  { plan, present }: { readonly plan: SeedPlan; readonly present: Registry },
): SeedRegistry {
  const settings = settingsOf(wanted)
  const isSame = Object.entries(settings).every(([name, value]) => Reflect.get(present, name) === value)
  if (!isSame) {
    plan.changes.push({
      path,
      make: async (transaction) => {
        const updated = await resources.updateRegistry(transaction, present.rid, settings, seedAuthor)
        return { action: 'registry.update', target: updated.id, detail: detailOf(updated) }
      },
    })
  }
  return { name: present.name, id: present.id, present, rid: () => present.rid }
}

/** The settings that the document contains. */
function settingsOf({ sku, mode, admin }: RegistrySeed): RegistryChange {
  return {
    ...(sku !== undefined && { sku }),
    ...(mode !== undefined && { roleAssignmentMode: modes[mode] }),
    ...(admin !== undefined && { adminUserEnabled: true }),
  }
}

async function planAdminPasswords(
  { resources }: SeedContext,
  { admin }: RegistrySeed,
  path: SeedPath,
  { changes, registries }: SeedPlan,
): Promise<void> {
  const registry = registries.at(-1)
  if (registry === undefined) return
  const stored = registry.present && (await resources.readAdminPasswords(registry.present.rid))
  for (const [index, password] of (admin?.passwords ?? []).entries()) {
    const name = passwordNames[index === 0 ? 0 : 1]
    if (stored?.[name] === password) continue
    changes.push({
      path: [...path, 'admin', 'passwords', index],
      make: async (transaction: Transaction) => {
        await resources.renewAdminPassword(transaction, registry.rid(), name, password)
        const detail = { rid: registry.rid(), name }
        return { action: 'registry.regenerate-credential', target: registry.id, detail }
      },
    })
  }
}

function detailOf({ rid, sku, adminUserEnabled, roleAssignmentMode }: Registry) {
  return { rid, sku, adminUserEnabled, roleAssignmentMode }
}
