import { token } from '../../../clients/arm/documents.ts'
import {
  type NamedRegistry,
  type OwningRegistryFlags,
  askRegistry,
  owningRegistryFlags,
} from '../../../clients/arm/named-registry.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { choiceFlag } from '../../../framework/options/flags.ts'
import { documentOf, valueAt, withResourceGroup } from '../../../framework/values/shape.ts'
import { tokenVersion } from '../scope-map/scope-map.ts'
import { cell, rowsOf, timeCell } from '../tables.ts'

/** Selects a scoped token. */
export type TokenFlags = OwningRegistryFlags & { readonly name: string }

/** Describes {@link TokenFlags}. */
export const tokenFlags: readonly FlagDescription[] = [
  ...owningRegistryFlags,
  { flags: '-n, --name <name>', description: 'the name of the token', required: true },
]

/** The option with the status of a token. */
export const statusFlag: FlagDescription = {
  ...choiceFlag('--status <status>', ['disabled', 'enabled'], 'whether the passwords of the token are accepted'),
  default: 'enabled',
}

/** Sends a request about a scoped token. @throws ApiError */
export function askToken(
  named: NamedRegistry,
  method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
  { name, properties }: { readonly name: string; readonly properties?: object },
): Promise<unknown> {
  return askRegistry(named, method, {
    path: `/tokens/${encodeURIComponent(name)}`,
    version: tokenVersion,
    ...(properties !== undefined && { body: { properties } }),
  })
}

/** The document of a scoped token. */
export function tokenDocument(response: unknown): unknown {
  return withResourceGroup(documentOf(token, response))
}

/** The table of scoped tokens. */
export function tokenTable(result: unknown): object[] {
  return rowsOf(result, (item) => ({
    NAME: cell(item, 'name'),
    'SCOPE MAP': cell(item, 'scopeMapId').split('/').at(-1),
    'PASSWORD1 EXPIRY': expiryCell(item, 'password1'),
    'PASSWORD2 EXPIRY': expiryCell(item, 'password2'),
    STATUS: cell(item, 'status').replace(/^./, (letter) => letter.toUpperCase()),
    'PROVISIONING STATE': cell(item, 'provisioningState'),
    'CREATION DATE': timeCell(item, 'creationDate'),
  }))
}

function expiryCell(item: unknown, name: string): string {
  const passwords = valueAt(item, 'credentials.passwords')
  const password: unknown = Array.isArray(passwords)
    ? passwords.find((each) => valueAt(each, 'name') === name)
    : undefined
  if (password === undefined) return ''
  return valueAt(password, 'expiry') === null ? 'Never' : timeCell(password, 'expiry')
}
