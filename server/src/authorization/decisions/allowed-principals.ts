import type { AllowedPrincipal } from './explain.ts'
import type { RightInQuestion } from '../rights/model.ts'
import type { Registry } from '../../resources/index.ts'
import type { DecisionContext } from './context.ts'
import { consideredDocument, questionDocument } from './explanation.ts'
import type { AllowedPrincipalDocument, AllowedPrincipalPage } from './model.ts'

/** The sort keys of pages: first the principals of the directory, then scoped tokens. */
const principalKeys = '/principals/'
const tokenKeys = '/tokens/'

/** One page of the principals with a permission, and the key after which the next page begins. */
export type AllowedPrincipals = { readonly document: AllowedPrincipalPage; readonly next: string | undefined }

/** The page of a list: at most `size` principals with keys after `after`, which is empty for the first page. */
export type PageOfPrincipals = { readonly after: string; readonly size: number }

/**
 * The principals with a permission at a registry: principals of the directory by their own assignments, scoped tokens
 * by their scope maps, and anonymous clients and the admin account by the settings of the registry. Members of groups
 * are not listed.
 */
export async function listAllowedPrincipals(
  context: DecisionContext,
  registry: Registry,
  asked: RightInQuestion,
  page: PageOfPrincipals,
): Promise<AllowedPrincipals> {
  const { value, next } = await readPage(context, registry, asked, page)
  const anonymous = await context.access.explain({ kind: 'anonymous' }, registry, asked)
  const admin = await context.access.explain({ kind: 'admin', rid: registry.rid }, registry, asked)
  const byRegistry = { anonymous: anonymous.allowed, adminAccount: admin.allowed }
  return { document: { ...questionDocument(registry, asked), ...byRegistry, value }, next }
}

async function readPage(
  context: DecisionContext,
  registry: Registry,
  asked: RightInQuestion,
  { after, size }: PageOfPrincipals,
): Promise<{ readonly value: readonly AllowedPrincipalDocument[]; readonly next: string | undefined }> {
  const principals = after.startsWith(tokenKeys) ? [] : await principalsAfter(context, registry, asked, after)
  const shown = principals.slice(0, size)
  const value: AllowedPrincipalDocument[] = []
  for (const one of shown) value.push(await principalDocument(context, registry, one))
  if (principals.length > size) return { value, next: keyOf(shown.at(-1)) }
  const left = size - shown.length
  if (left === 0) return { value, next: tokenKeys }
  const afterName = after.startsWith(tokenKeys) ? after.slice(tokenKeys.length) : ''
  const { tokens, next } = await context.access.scopedTokens.allowing(registry.rid, asked, afterName, left)
  for (const { name, scopeMapId, enabled } of tokens) {
    const status = enabled ? 'enabled' : 'disabled'
    const who = { principalId: `token:${name}`, principalType: 'ScopedToken', displayName: name } as const
    value.push({ ...who, assignments: [], scopeMapId, status })
  }
  return { value, next: next === undefined ? undefined : `${tokenKeys}${next}` }
}

async function principalsAfter(
  { access }: DecisionContext,
  registry: Registry,
  asked: RightInQuestion,
  after: string,
): Promise<AllowedPrincipal[]> {
  const all = await access.whoMay(registry, asked)
  return all.filter((one) => keyOf(one) > after).toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

function keyOf(one: AllowedPrincipal | undefined): string {
  return `${principalKeys}${one?.principalId ?? ''}`
}

async function principalDocument(
  { directory }: DecisionContext,
  { subscriptionId }: Registry,
  { principalId, principalType, assignments }: AllowedPrincipal,
): Promise<AllowedPrincipalDocument> {
  const displayName = (await directory.findPrincipal(principalId))?.displayName ?? null
  return {
    principalId,
    principalType,
    displayName,
    assignments: assignments.map((one) => consideredDocument(one, subscriptionId)),
  }
}
