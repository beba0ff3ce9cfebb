import { isName, nameKey } from '@acrux/shared/standards/azure/object-name.ts'
import { GraphError } from './errors.ts'
import type { ApplicationCondition, Condition, GroupCondition, UserCondition } from '../../directory/index.ts'

/** The filters that a list supports: those that az sends. Only the values of a filter reach SQL, as parameters. */
export type Filterable<By> = { readonly resource: string; readonly forms: ReadonlyMap<string, By> }

// prettier-ignore
export const filterableApplications: Filterable<ApplicationCondition['by']> = {
  resource: 'Application',
  forms: new Map([
    ['equals appId',            'app-id'],
    ['equals displayName',      'display-name'],
    ['starts-with displayName', 'display-name-prefix'],
    ['any identifierUris',      'identifier-uri'],
  ]),
}

// prettier-ignore
export const filterableServicePrincipals: Filterable<ApplicationCondition['by']> = {
  resource: 'ServicePrincipal',
  forms: new Map([
    ['equals appId',              'app-id'],
    ['equals displayName',        'display-name'],
    ['starts-with displayName',   'display-name-prefix'],
    ['any servicePrincipalNames', 'service-principal-name'],
  ]),
}

// prettier-ignore
export const filterableUsers: Filterable<UserCondition['by']> = {
  resource: 'User',
  forms: new Map([
    ['equals userPrincipalName', 'user-principal-name'],
    ['equals displayName',       'display-name'],
    ['starts-with displayName',  'display-name-prefix'],
  ]),
}

// prettier-ignore
export const filterableGroups: Filterable<GroupCondition['by']> = {
  resource: 'Group',
  forms: new Map([
    ['equals displayName',      'display-name'],
    ['starts-with displayName', 'display-name-prefix'],
    ['equals mailNickname',     'mail-nickname'],
  ]),
}

// prettier-ignore
export const filterableRoleAssignments: Filterable<'principalId' | 'roleDefinitionId'> = {
  resource: 'UnifiedRoleAssignment',
  forms: new Map([
    ['equals principalId',      'principalId'],
    ['equals roleDefinitionId', 'roleDefinitionId'],
  ]),
}

/** For lists without filters. */
export const filterableNothing: Filterable<never> = { resource: 'DirectoryObject', forms: new Map<string, never>() }

type Term = { readonly form: 'equals' | 'starts-with' | 'any'; readonly property: string; readonly value: string }

const maxFilterLength = 2048
const maxTerms = 4

const literal = String.raw`'((?:[^']|'')*)'`
const termPattern = new RegExp(
  [
    String.raw`(?<equals>[A-Za-z]+) +eq +${literal}`,
    String.raw`startswith\( *(?<prefixed>[A-Za-z]+) *, *${literal} *\)`,
    String.raw`(?<any>[A-Za-z]+)/any\( *(?<range>[a-z]) *: *\k<range> +eq +${literal} *\)`,
  ].join('|'),
  'y',
)
const conjunction = / +and +/y

/**
 * Parses a `$filter`: one to four terms joined by `and`.
 *
 * @throws GraphError `Request_UnsupportedQuery` for every other filter.
 */
export function parseFilter<By>(filterable: Filterable<By>, filter: string): readonly Condition<By>[] {
  if (filter.length > maxFilterLength) throw unsupported(filterable, '')
  const conditions: Condition<By>[] = []
  let at = 0
  while (at < filter.length) {
    if (conditions.length > 0) {
      conjunction.lastIndex = at
      if (conjunction.exec(filter) === null || conditions.length === maxTerms) throw unsupported(filterable, '')
      at = conjunction.lastIndex
    }
    termPattern.lastIndex = at
    const term = readTerm(termPattern.exec(filter))
    if (term === undefined) throw unsupported(filterable, '')
    conditions.push(toCondition(filterable, term))
    at = termPattern.lastIndex
  }
  if (conditions.length === 0) throw unsupported(filterable, '')
  return conditions
}

function readTerm(match: RegExpExecArray | null): Term | undefined {
  if (match?.groups === undefined) return undefined
  const { equals, prefixed, any } = match.groups
  const [, , equalsValue, , prefixedValue, , , anyValue] = match
  if (equals !== undefined) return { form: 'equals', property: equals, value: unquote(equalsValue) }
  if (prefixed !== undefined) return { form: 'starts-with', property: prefixed, value: unquote(prefixedValue) }
  return any === undefined ? undefined : { form: 'any', property: any, value: unquote(anyValue) }
}

function unquote(text: string | undefined): string {
  return (text ?? '').replaceAll("''", "'")
}

function toCondition<By>(filterable: Filterable<By>, { form, property, value }: Term): Condition<By> {
  const by = filterable.forms.get(`${form} ${property}`)
  if (by === undefined) throw unsupported(filterable, property)
  if (!isName(value)) {
    throw new GraphError('badRequest', `Invalid filter value specified for property '${property}'.`)
  }
  return { by, value: nameKey(value) }
}

function unsupported({ resource }: Filterable<unknown>, property: string): GraphError {
  const text = `Unsupported or invalid query filter clause specified for property '${property}' of resource '${resource}'.`
  return new GraphError('unsupported', text)
}
