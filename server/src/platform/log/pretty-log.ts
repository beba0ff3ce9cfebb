const levels: ReadonlyMap<unknown, readonly [name: string, color: number]> = new Map([
  [10, ['TRACE', 90]],
  [20, ['DEBUG', 90]],
  [30, ['INFO ', 32]],
  [40, ['WARN ', 33]],
  [50, ['ERROR', 31]],
  [60, ['FATAL', 31]],
])

const plainValue = /^[\w.:/@+-]+$/

/**
 * Formats the log for a terminal: the time, the level, the message, and the other fields as `name=value`. Text from
 * clients cannot move the cursor or change colors, because control characters stay escaped.
 */
export function prettyLines(lines: string, withColors: boolean): string {
  return lines.replaceAll(/[^\n]+/g, (line) => prettyLine(line, withColors))
}

function prettyLine(line: string, withColors: boolean): string {
  const fields = parse(line)
  if (fields === undefined) return line
  const { level, time, msg, err, method, path, status, ...rest } = fields
  const [name, color] = levels.get(level) ?? ['     ', 0]
  const shownLevel = withColors ? `\u001b[${color}m${name}\u001b[0m` : name
  const request = [method, path, status].filter((part) => part !== undefined).map(textOf)
  const text = typeof msg === 'string' ? [escaped(msg)] : request
  const others = msg === undefined ? rest : { ...rest, method, path, status }
  const shown = Object.entries(others).flatMap(([key, value]) =>
    value === undefined ? [] : [`${escaped(key)}=${textOf(value)}`],
  )
  const clock = typeof time === 'string' ? time.slice(11, 23) : ''
  return [clock, shownLevel, ...text, ...shown].join(' ') + stackOf(err)
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && plainValue.test(value)) return value
  return escaped(JSON.stringify(value))
}

/** Puts each line of the stack on its own line, and escapes other control characters. */
function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null) return ''
  const { stack, message } = err as { stack?: unknown; message?: unknown }
  const text = typeof stack === 'string' ? stack : typeof message === 'string' ? message : ''
  return text
    .split('\n')
    .map((line) => `\n    ${escaped(line.trim())}`)
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
