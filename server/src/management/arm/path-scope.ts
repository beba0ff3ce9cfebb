import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import {
  hybridMachineId,
  registryId,
  resourceGroupId,
  subscriptionId,
  userAssignedIdentityId,
} from '@acrux/shared/standards/azure/resource-id.ts'
import { ArmError } from './errors.ts'

/** The names in a path; empty if the path has none. */
export type PathNames = {
  /** In lower case. */
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly registry: string
  /** A user-assigned managed identity. */
  readonly identity: string
  /** A machine outside Azure. */
  readonly machine: string
  /** The name of a role assignment, a role definition or a resource provider. Not checked here. */
  readonly name: string
}

const groupPattern = /^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$/
const registryPattern = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/

/**
 * Reads the names in a path. Malformed names are rejected here, before any lookup, so that the answer is the same for every
 * caller.
 *
 * @throws ArmError
 */
export function readPathNames(params: unknown): PathNames {
  const texts = params as Readonly<Record<string, string | undefined>>
  return {
    subscriptionId: readSubscriptionId(texts.subscriptionId),
    resourceGroup: readGroup(texts.resourceGroup),
    registry: readRegistry(texts.registry),
    identity: readResourceName(texts.identity),
    machine: readResourceName(texts.machine),
    name: texts.name ?? '',
  }
}

/** The scope that a path names: a resource, a group, a subscription, or the tenant. */
export function scopeOf({ subscriptionId: subscription, resourceGroup, ...resource }: PathNames): string {
  const { registry, identity, machine } = resource
  if (identity !== '') return userAssignedIdentityId(subscription, resourceGroup, identity)
  if (machine !== '') return hybridMachineId(subscription, resourceGroup, machine)
  if (registry !== '') return registryId(subscription, resourceGroup, registry)
  if (resourceGroup !== '') return resourceGroupId(subscription, resourceGroup)
  return subscription === '' ? '/' : subscriptionId(subscription)
}

function readSubscriptionId(text: string | undefined): string {
  if (text === undefined) return ''
  const guid = parseGuid(text)
  if (guid !== undefined) return guid
  throw new ArmError('invalidSubscriptionId', 'The provided subscription identifier is malformed or invalid.')
}

function readGroup(text: string | undefined): string {
  if (text === undefined || groupPattern.test(text)) return text ?? ''
  const message =
    'A resource group name has 1 to 90 letters, digits, hyphens, dots, underscores and parentheses, and does not end with a dot.'
  throw new ArmError('invalidGroupName', message)
}

function readRegistry(text: string | undefined): string {
  if (text === undefined || registryPattern.test(text)) return text ?? ''
  throw new ArmError('invalidResourceName', nameRule)
}

const resourceNamePattern = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/

function readResourceName(text: string | undefined): string {
  if (text === undefined || resourceNamePattern.test(text)) return text ?? ''
  const message = 'A resource name has 1 to 128 letters, digits, hyphens, dots and underscores.'
  throw new ArmError('invalidResourceName', message)
}

/** ARM's text for an invalid registry name. [arm-facts §15] */
export const nameRule =
  'Resource names may contain alpha numeric characters only and must be between 5 and 50 characters.'
