import { Document, visit } from 'yaml'
import { escapedInYaml, isUnsafe } from '../terminal/terminal-text.ts'

const key = /^( *(?:- )*)([^\s:][^:\n]*)(?=:(?: |$))/gm

/** YAML in the layout of az: members sorted by name, and texts quoted that YAML 1.1 would read as another type. [PyYAML safe_dump] */
export function yamlText(value: unknown, { hasColor = false } = {}): string {
  const document = new Document(value ?? null, {
    version: '1.1',
    schema: 'yaml-1.1',
    sortMapEntries: true,
    aliasDuplicateObjects: false,
  })
  visit(document, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && isUnsafe(scalar.value)) scalar.type = 'QUOTE_DOUBLE'
    },
  })
  // az folds long texts. This function keeps each text on one line, because line breaks have no meaning here.
  const text = escapedInYaml(
    document.toString({ indentSeq: false, singleQuote: true, lineWidth: 0, blockQuote: false }),
  )
  if (typeof value === 'object' && value !== null)
    return hasColor ? text.replaceAll(key, '$1\u001b[34m$2\u001b[39m') : text
  // PyYAML ends a document that consists of one plain scalar with `...`.
  return /^['"|>]/.test(text) ? text : `${text}...\n`
}
