import { jsonString } from '../terminal/terminal-text.ts'
import { isRecord, sortedKeys } from '../values/record.ts'

const colors = { key: 34, string: 33, other: 36 } as const

/** JSON in the layout of az: members sorted by name, two spaces, no escapes of non-ASCII letters. [knack format_json] */
export function jsonText(value: unknown, { hasColor = false } = {}): string {
  const paint = (text: string, kind: keyof typeof colors): string =>
    hasColor ? `\u001b[${colors[kind]}m${text}\u001b[39m` : text
  const write = (each: unknown, indent: string): string => {
    const inner = `${indent}  `
    if (Array.isArray(each)) {
      if (each.length === 0) return '[]'
      return `[\n${each.map((item) => `${inner}${write(item, inner)}`).join(',\n')}\n${indent}]`
    }
    if (isRecord(each)) {
      const keys = sortedKeys(each).filter((key) => each[key] !== undefined)
      if (keys.length === 0) return '{}'
      const members = keys.map((key) => `${inner}${paint(jsonString(key), 'key')}: ${write(each[key], inner)}`)
      return `{\n${members.join(',\n')}\n${indent}}`
    }
    return typeof each === 'string' ? paint(jsonString(each), 'string') : paint(JSON.stringify(each ?? null), 'other')
  }
  return write(value, '')
}
