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
  const unfolded = document.toString({ indentSeq: false, singleQuote: true, lineWidth: 0, blockQuote: false })
  const text = pyyamlLines(escapedInYaml(unfolded))
  if (typeof value === 'object' && value !== null)
    return hasColor ? text.replaceAll(key, '$1\u001b[34m$2\u001b[39m') : text
  // PyYAML ends a document that is one plain scalar.
  return /^['"|>]/.test(text) ? text : `${text}...\n`
}

/** The column after which PyYAML breaks a line. */
const bestWidth = 80

/** The indentation and the dashes of a line, its key if it has one, and the rest. */
const parts = /^((?: |- )*)((?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^'"\s](?:[^:]|:(?! ))*): )?(.*)$/su

/**
 * Writes the lines of a YAML document as PyYAML does. Texts are in single quotes if they have no escapes. A line is folded at
 * the first single space behind column 80, and the next line is indented by two more than the mapping or the list.
 * [PyYAML Emitter.write_plain, write_single_quoted]
 */
function pyyamlLines(text: string): string {
  return text.split('\n').map(pyyamlLine).join('\n')
}

function pyyamlLine(line: string): string {
  const [, start = '', key = '', given = ''] = parts.exec(line) ?? []
  const value = inSingleQuotes(given)
  if (value.startsWith('"')) return line
  const indentation = ' '.repeat(key === '' ? Math.max(start.length, 2) : start.length + 2)
  const isQuoted = value.startsWith("'")
  const lines: string[] = []
  let current = `${start}${key}`
  const words = value.split(/(?<=\S) (?=\S)/)
  for (const [index, word] of words.entries()) {
    const isFirst = index === 0
    // A quoted text is not broken next to its quotes.
    const canBreak = !isFirst && !(isQuoted && (words[index - 1] === "'" || word === "'"))
    if (canBreak && Array.from(current).length > bestWidth) {
      lines.push(current)
      current = `${indentation}${word}`
    } else current += isFirst ? word : ` ${word}`
  }
  return [...lines, current].join('\n')
}

/** A value in double quotes, in single quotes instead, unless it has characters that need an escape. */
function inSingleQuotes(value: string): string {
  if (!/^"(?:[^"\\]|\\["\\])*"$/u.test(value)) return value
  const text = value.slice(1, -1).replaceAll(/\\(["\\])/g, '$1')
  return `'${text.replaceAll("'", "''")}'`
}
