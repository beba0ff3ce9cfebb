import type { AccessExplanation } from '@acrux/shared/wire/api-types.ts'
import { ApiError, askArm } from '../../../clients/arm/arm.ts'
import { requireAnyAccount } from '../../../clients/arm/az.ts'
import type { RegistryFlags } from '../../../clients/arm/named-registry.ts'
import { registryVersion } from '../../../clients/arm/named-registry.ts'
import { findRegistry } from '../../../clients/arm/registry.ts'
import type { Account } from '../../../clients/session/account.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { CommandFailure, failure } from '../../../framework/command/failure.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { tokenVersion } from '../scope-map/scope-map.ts'
import { type Subject, principalOf } from './subject.ts'

/** A registry whose permissions are shown or changed. */
export type PermissionRegistry = {
  readonly account: Account
  readonly id: string
  readonly name: string
  readonly loginServer: string
  /** Whether permissions apply per repository, and not to the registry as a whole. */
  readonly isPerRepository: boolean
}

/** A permission in question. */
export type Question = { readonly action: string; readonly repository?: string | undefined }

/** Finds a registry. @throws CommandFailure if the registry does not exist */
export async function openPermissions(context: CommandContext, flags: RegistryFlags): Promise<PermissionRegistry> {
  const account = await requireAnyAccount(context, flags)
  const found = await findRegistry(account, flags.name, flags.resourceGroup)
  if (found !== undefined) return { account, ...found }
  throw new CommandFailure(
    `the registry ${flags.name} does not exist, or the signed-in principal cannot see the registry`,
    3,
    'list the registries: acrux acr list -o table',
  )
}

/** Asks whether a subject has a permission, and why. @throws ApiError */
export async function explainAccess(
  { account, id }: PermissionRegistry,
  subject: Subject,
  { action, repository }: Question,
): Promise<AccessExplanation> {
  const query = new URLSearchParams({ 'api-version': registryVersion, principal: principalOf(subject), action })
  if (repository !== undefined) query.set('repository', repository)
  const answer = await askArm(account, { method: 'GET', url: `${id}/accessExplanation?${query.toString()}` })
  if (answer !== undefined) return answer as AccessExplanation
  throw failure('the server did not explain the permission')
}

/**
 * Gets a child of the registry, such as `/scopeMaps/devices`. Returns undefined if the child does not exist. @throws
 * ApiError
 */
export async function findChild({ account, id }: PermissionRegistry, path: string): Promise<unknown> {
  try {
    return await askArm(account, { method: 'GET', url: `${id}${path}?api-version=${tokenVersion}` })
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined
    throw error
  }
}

/** Sends a request that changes a child of the registry. @throws ApiError */
export async function changeChild(
  { account, id }: PermissionRegistry,
  method: 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  properties?: object,
): Promise<void> {
  const url = `${id}${path}?api-version=${tokenVersion}`
  await askArm(account, { method, url, ...(properties !== undefined && { body: { properties } }) })
}

/** The texts of a list in a response. */
export function textsAt(value: unknown, path: string): string[] {
  const list = valueAt(value, path)
  return Array.isArray(list) ? list.map(String) : []
}
