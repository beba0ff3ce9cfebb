import type { FlagDescription } from '../command/command.ts'
import { failure } from '../command/failure.ts'
import { isRecord } from '../values/record.ts'
import { wordFlag } from './flags.ts'

/** Whether the values of a generic change stay texts. */
export type GenericFlags = { readonly forceString?: boolean }

const changeFlags: readonly FlagDescription[] = [
  { flags: '--set <key=value...>', description: 'set properties, such as tags.stage=test', repeated: true },
  { flags: '--add <list value...>', description: 'add values, or an object as key=value, to a list', repeated: true },
  { flags: '--remove <property index...>', description: 'remove a property, or an element of a list', repeated: true },
]

const aboutForceString = 'do not read the values of --set and --add as JSON'

/** The generic options of `update` commands. {@link genericChanges} reads the first three in their order. */
export const genericFlags: readonly FlagDescription[] = [
  ...changeFlags,
  { flags: '--force-string', description: aboutForceString },
]

/** The generic options of az's newer `update` commands. */
export const newerGenericFlags: readonly FlagDescription[] = [
  ...changeFlags,
  wordFlag('--force-string', aboutForceString),
]

/** One use of a generic option. */
type GenericChange = { readonly kind: 'set' | 'add' | 'remove'; readonly words: readonly string[] }

/** The uses of the generic options in the arguments of the process, in their order. */
export function genericChanges(words: readonly string[] = process.argv.slice(2)): GenericChange[] {
  const changes: { kind: GenericChange['kind']; words: string[] }[] = []
  let isOpen = false
  for (const word of words) {
    const [, kind, first] = /^--(set|add|remove)(?:=(.*))?$/s.exec(word) ?? []
    if (kind === 'set' || kind === 'add' || kind === 'remove') {
      changes.push({ kind, words: first === undefined ? [] : [first] })
      isOpen = first === undefined
    } else if (/^-\D/.test(word)) isOpen = false
    else if (isOpen) changes.at(-1)?.words.push(word)
  }
  return changes
}

/** A mapping, a list, or a plain value. */
type Container = Record<string, unknown> | unknown[]

/**
 * Applies the changes to an object, as az does. A property that is null is created when one of its own properties is
 * set. `warnUnknown` is called for a property that the object lacks; without `warnUnknown`, such a property is set
 * without a warning. [azure-cli core/commands/arm.py]
 *
 * @throws CommandFailure with az's messages
 */
export function applyChanges(
  root: Record<string, unknown>,
  changes: readonly GenericChange[],
  { forceString, warnUnknown }: GenericFlags & { readonly warnUnknown?: (name: string) => void } = {},
): void {
  const read = (text: string): unknown => (forceString === true ? text : jsonOrText(text))
  for (const { kind, words } of changes) {
    if (kind === 'set') for (const word of words) setProperty(root, word, { read, warnUnknown })
    else if (kind === 'add') addToList(root, words, read)
    else removeProperty(root, words)
  }
}

/** Like {@link isRecord}, for an object that is changed. */
function isMapping(value: unknown): value is Record<string, unknown> {
  return isRecord(value)
}

type SetOptions = {
  readonly read: (text: string) => unknown
  readonly warnUnknown: ((name: string) => void) | undefined
}

function setProperty(root: Record<string, unknown>, word: string, { read, warnUnknown }: SetOptions): void {
  const [, key = '', text = ''] = /^((?:\[[^\]]*\]|[^=[])*)(?:=(.*))?$/s.exec(word) ?? []
  if (key.trim() === '')
    throw failure('usage error: Empty key in --set. Correct syntax: --set KEY=VALUE [KEY=VALUE ...]')
  const path = pathOf(key)
  const name = path.at(-1) ?? ''
  const parent = findOrCreate(root, path.slice(0, -1), {})
  const index = /^\[(\d+)\]$/.exec(name)?.[1]
  if (Array.isArray(parent)) {
    if (index === undefined) throw notFound(parent, name, path)
    if (Number(index) >= parent.length) throw failure(`index ${index} doesn't exist on ${name}`)
    parent[Number(index)] = read(text)
    return
  }
  if (!isMapping(parent) || index !== undefined) throw notFound(parent, name, path)
  if (parent === root && !(name in root)) warnUnknown?.(name)
  parent[name] = read(text)
}

function addToList(root: Record<string, unknown>, words: readonly string[], read: SetOptions['read']): void {
  const [key = '', ...values] = words
  const list = findOrCreate(root, pathOf(key), [])
  if (!Array.isArray(list)) {
    throw failure('invalid syntax: --add property.listProperty <key=value, string or JSON string>')
  }
  let entry: Record<string, string> | undefined
  for (const value of values) {
    const [, name, text = ''] = /^([^=]*)=(.*)$/s.exec(value) ?? []
    if (name === undefined) {
      if (entry !== undefined) list.push(entry)
      entry = undefined
      list.push(read(value))
    } else entry = { ...entry, [name]: text }
  }
  if (entry !== undefined) list.push(entry)
}

function removeProperty(root: Record<string, unknown>, [key = '', index]: readonly string[]): void {
  const path = pathOf(key)
  const found = find(root, path)
  const name = path.at(-1) ?? ''
  if (index === undefined) {
    const parent = find(root, path.slice(0, -1))
    if (parent === root) root[name] = Array.isArray(found) ? [] : null
    else if (isMapping(parent)) delete parent[name]
    else throw failure('invalid syntax: --remove property.list <indexToRemove> OR --remove propertyToRemove')
    return
  }
  if (!Array.isArray(found)) throw failure(`${name} doesn't exist`)
  if (!/^-?\d+$/.test(index)) {
    throw failure('invalid syntax: --remove property.list <indexToRemove> OR --remove propertyToRemove')
  }
  if (found.splice(Number(index), 1).length === 0) throw failure(`index ${index} doesn't exist on ${name}`)
}

/** The parts of a path: `policies.list[0].status` has the parts `policies`, `list`, `[0]` and `status`. */
function pathOf(key: string): string[] {
  return key.match(/\[[^\]]*\]|[^.[]+/g) ?? []
}

function findOrCreate(root: Record<string, unknown>, path: readonly string[], empty: Container): unknown {
  const found = find(root, path)
  if (found !== null) return found
  const parent = find(root, path.slice(0, -1))
  const name = path.at(-1) ?? ''
  if (!isMapping(parent)) throw notFound(parent, name, path)
  parent[name] = empty
  return empty
}

function find(root: Record<string, unknown>, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => {
    const [, within] = /^\[(.*)\]$/.exec(part) ?? []
    if (within !== undefined) {
      if (!Array.isArray(value)) throw notFound(value, part, path)
      return elementOf(value, within, path)
    }
    if (!isMapping(value) || !(part in value)) throw notFound(value, part, path)
    return value[part]
  }, root)
}

/** The element of a list with an index, or the only element with a value, such as `name=main`. */
function elementOf(list: readonly unknown[], within: string, path: readonly string[]): unknown {
  const of = path.at(-2) ?? ''
  if (!within.includes('=')) {
    const index = Number(within)
    if (!Number.isInteger(index) || index < 0 || index >= list.length)
      throw failure(`index ${within} doesn't exist on ${of}`)
    return list[index]
  }
  const [key = '', ...rest] = within.split('=')
  const text = rest.join('=')
  const wanted = jsonOrText(text)
  const matches = list.filter((each) => isMapping(each) && each[key] === wanted)
  if (matches.length === 1) return matches[0]
  throw matches.length > 1
    ? failure(`non-unique key '${key}' found multiple matches on ${of}. Key must be unique.`)
    : failure(`item with value '${text}' doesn't exist for key '${key}' on ${of}`)
}

function notFound(value: unknown, part: string, path: readonly string[]): Error {
  const parent = path.slice(0, -1).join('.').replaceAll('.[', '[')
  const message = `Couldn't find '${part}' in '${parent}'.`
  if (Array.isArray(value))
    return failure(
      `${message} Available options: index into the collection '${parent}' with [<index>] or [<key=value>]`,
    )
  if (!isMapping(value)) return failure(`${message} '${parent}' does not support further indexing.`)
  const names = Object.keys(value).toSorted()
  return failure(`${message} Available options: [${names.map((name) => `'${name}'`).join(', ')}]`)
}

/** A value of JSON, or Python's `True`, `False` or `None`; otherwise the text itself. */
function jsonOrText(text: string): unknown {
  if (text === 'None') return null
  if (text === 'True' || text === 'False') return text === 'True'
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
