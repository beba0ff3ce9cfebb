import type { AllowedPrincipal, RightInQuestion } from '../../access/index.ts'
import type { Registry } from '../../resources/index.ts'
import { askedDocument, consideredDocument, readRight } from './access-questions.ts'
import type { ManagementCall, ManagementOptions } from '../arm/context.ts'
import { largestPageSize, nextLink, readPageSize, readSkipToken, skipToken } from '../arm/page.ts'
import { requireRegistry } from '../registries/registries.ts'

/** Where a page begins, as `$skiptoken` says it: after somebody of the directory, or after a scoped token. */
const ofDirectory = '/principals/'
const ofTokens = '/tokens/'

/**
 * `GET {registry}/allowedPrincipals?action=…&repository=…`, which Azure does not have: who may
 * do something here? Users, groups and service principals by their assignments, then scoped tokens by their scope maps, in
 * pages; and what is allowed by the registry itself.
 */
export async function getAllowedPrincipals(rooms: ManagementOptions, call: ManagementCall): Promise<unknown> {
  const { access, publicOrigin } = rooms
  const { request } = call
  const asked = readRight(call)
  const size = readPageSize(request, largestPageSize)
  const after = readSkipToken(request)
  const registry = await requireRegistry(rooms, call.names)
  const { value, next } = await pageAfter(rooms, call, { registry, asked, after, size })
  const anonymous = await access.explain({ kind: 'anonymous' }, registry, asked)
  const admin = await access.explain({ kind: 'admin', rid: registry.rid }, registry, asked)
  return {
    ...askedDocument(registry, asked),
    anonymous: anonymous.allowed,
    adminAccount: admin.allowed,
    value,
    ...(next !== undefined && { nextLink: nextLink(publicOrigin, request, skipToken(next)) }),
  }
}

type Wanted = {
  readonly registry: Registry
  readonly asked: RightInQuestion
  readonly after: string
  readonly size: number
}

async function pageAfter(
  rooms: ManagementOptions,
  call: ManagementCall,
  { registry, asked, after, size }: Wanted,
): Promise<{ readonly value: readonly object[]; readonly next: string | undefined }> {
  const principals = after.startsWith(ofTokens) ? [] : await principalsAfter(rooms, registry, asked, after)
  const page = principals.slice(0, size)
  const value: object[] = []
  for (const one of page) value.push(await principalDocument(rooms, call, one))
  if (principals.length > size) return { value, next: keyOf(page.at(-1)) }
  const room = size - page.length
  if (room === 0) return { value, next: ofTokens }
  const afterName = after.startsWith(ofTokens) ? after.slice(ofTokens.length) : ''
  const { tokens, next } = await rooms.access.scopedTokens.allowing(registry.rid, asked, afterName, room)
  for (const { name, scopeMapId, enabled } of tokens) {
    const status = enabled ? 'enabled' : 'disabled'
    const who = { principalId: `token:${name}`, principalType: 'ScopedToken', displayName: name }
    value.push({ ...who, assignments: [], scopeMapId, status })
  }
  return { value, next: next === undefined ? undefined : `${ofTokens}${next}` }
}

async function principalsAfter(
  { access }: ManagementOptions,
  registry: Registry,
  asked: RightInQuestion,
  after: string,
): Promise<AllowedPrincipal[]> {
  const all = await access.whoMay(registry, asked)
  return all.filter((one) => keyOf(one) > after).toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

function keyOf(one: AllowedPrincipal | undefined): string {
  return `${ofDirectory}${one?.principalId ?? ''}`
}

async function principalDocument(
  { directory }: ManagementOptions,
  call: ManagementCall,
  { principalId, principalType, assignments }: AllowedPrincipal,
): Promise<object> {
  const displayName = (await directory.findPrincipal(principalId))?.displayName ?? null
  return {
    principalId,
    principalType,
    displayName,
    assignments: assignments.map((one) => consideredDocument(one, call)),
  }
}
