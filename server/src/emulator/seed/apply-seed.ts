import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { planApplications } from './applications.ts'
import { type SeedContext, type SeedPlan, seedActor, seedOrigin } from './context.ts'
import { planGroups } from './groups.ts'
import { type ImageOutput, planImages, storeImages } from './images.ts'
import type { SeedDocument } from './read-seed.ts'
import { planRegistries } from './registries.ts'
import { planRoleAssignments } from './role-assignments.ts'
import { planScopeMaps, planScopedTokens } from './scoped-tokens.ts'
import { planUsers } from './users.ts'

/** The result of an applied seed. */
export type SeedOutputs = { readonly images?: Readonly<Record<string, ImageOutput>> }

/**
 * Applies a document: adds the missing objects, and changes the objects that differ. The function deletes nothing, and changes only objects
 * that the document names. A second application of the same document therefore changes nothing.
 *
 * Everything is checked before the first change. All changes but those of images are one transaction.
 *
 * @throws SeedError with the place in the document
 */
export async function applySeed(context: SeedContext, document: SeedDocument): Promise<SeedOutputs> {
  requireDistinct(document)
  const plan: SeedPlan = { changes: [], principals: [], registries: [] }
  await planRegistries(context, document, plan)
  await planUsers(context, document, plan)
  await planApplications(context, document, plan)
  await planGroups(context, document, plan)
  await planRoleAssignments(context, document, plan)
  await planScopeMaps(context, document, plan)
  await planScopedTokens(context, document, plan)
  const images = await planImages(context, document, plan)
  await makeChanges(context, document, plan)
  if (images.length === 0) return {}
  return { images: await storeImages(context, document, images) }
}

async function makeChanges(context: SeedContext, { seed, errorAt }: SeedDocument, { changes, registries }: SeedPlan) {
  const { database, audit, clock, setClock } = context
  const beforeMs = clock.now()
  if (seed.clock !== undefined) {
    await setClock(seed.clock).catch((error: unknown) => {
      throw errorAt(['clock'], `cannot be applied: ${plainReason(error)}`, { cause: error })
    })
  }
  const origin = seedOrigin()
  const makeAll = async (transaction: Transaction) => {
    for (const { path, make } of changes) {
      const event = await make(transaction).catch((error: unknown) => {
        throw errorAt(path, `cannot be applied: ${plainReason(error)}`, {
          cause: error,
        })
      })
      await audit.record(transaction, { ...event, outcome: 'success', actor: seedActor, origin })
    }
  }
  try {
    if (changes.length > 0) await database.transaction(makeAll)
  } catch (error) {
    if (seed.clock !== undefined) await setClock(beforeMs)
    throw error
  }
  if (registries.some(({ present }) => present === undefined)) await context.onRegistriesChanged()
}

/** @throws SeedError if a document has two objects with the same name */
function requireDistinct({ seed, errorAt }: SeedDocument): void {
  const lists: readonly (readonly [list: string, texts: readonly string[]])[] = [
    ['registries', seed.registries.map(({ name }) => name)],
    ['users', seed.users.map(({ upn }) => upn)],
    ['applications', seed.applications.map(({ name }) => name)],
    ['groups', seed.groups.map(({ name }) => name)],
    ['scopeMaps', seed.scopeMaps.map(({ registry, name }) => `${registry}/${name}`)],
    ['tokens', seed.tokens.map(({ registry, name }) => `${registry}/${name}`)],
  ]
  for (const [list, texts] of lists) {
    const keys = texts.map((text) => text.toLowerCase())
    const index = keys.findIndex((key, at) => keys.indexOf(key) !== at)
    if (index !== -1) throw errorAt([list, index], `repeats ${texts[index]}`)
  }
}
