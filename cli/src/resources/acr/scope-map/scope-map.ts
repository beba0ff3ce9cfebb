import { scopeMap } from '../../../clients/arm/documents.ts'
import { type OwningRegistryFlags, owningRegistryFlags } from '../../../clients/arm/named-registry.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { documentOf, withResourceGroup } from '../../../framework/values/shape.ts'
import { cell, rowsOf, timeCell } from '../tables.ts'

/** The api-version of scope maps and scoped tokens that az 2.74 sends. */
export const tokenVersion = '2024-11-01-preview'

/** Selects a scope map. */
export type ScopeMapFlags = OwningRegistryFlags & { readonly name: string }

/** Describes {@link ScopeMapFlags}. */
export const scopeMapFlags: readonly FlagDescription[] = [
  ...owningRegistryFlags,
  { flags: '-n, --name <name>', description: 'the name of the scope map', required: true },
]

/** The option that describes a scope map. */
export const descriptionFlag: FlagDescription = {
  flags: '--description <text>',
  description: 'a description of up to 256 characters',
}

/** The document of a scope map. */
export function scopeMapDocument(response: unknown): unknown {
  return withResourceGroup(documentOf(scopeMap, response))
}

const maxDescription = 57

/** The table of scope maps. az leaves the column TYPE empty. */
export function scopeMapTable(result: unknown): object[] {
  return rowsOf(result, (item) => {
    const text = cell(item, 'description')
    return {
      NAME: cell(item, 'name'),
      TYPE: cell(item, 'scopeMapType'),
      'CREATION DATE': timeCell(item, 'creationDate'),
      DESCRIPTION: text.length > maxDescription ? `${text.slice(0, maxDescription)}...` : text,
    }
  })
}
