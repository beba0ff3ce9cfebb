import { stringify } from 'yaml'

const key = /^( *(?:- )*)([^\s:][^:\n]*)(?=:(?: |$))/gm

/** YAML in the layout of az: members sorted by name, and texts quoted that YAML 1.1 would read as another type. [PyYAML safe_dump] */
export function yamlText(value: unknown, { hasColor = false } = {}): string {
  const text = stringify(value ?? null, {
    version: '1.1',
    schema: 'yaml-1.1',
    sortMapEntries: true,
    indentSeq: false,
    singleQuote: true,
    aliasDuplicateObjects: false,
    lineWidth: 80,
  })
  if (typeof value === 'object' && value !== null)
    return hasColor ? text.replaceAll(key, '$1\u001b[34m$2\u001b[39m') : text
  // PyYAML ends a document that is one plain scalar.
  return /^['"|>]/.test(text) ? text : `${text}...\n`
}
