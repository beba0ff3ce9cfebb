import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { nearestName } from '@acrux/shared/texts/nearest-name.ts'
import { type Seed, seedKeysAt, seedSchema } from './schema.ts'
import { type SeedPath, pathText, SeedError } from './seed-error.ts'

/** A valid document. For each of its values, the document can report the place in the file. */
export type SeedDocument = {
  readonly seed: Seed
  /** The directory to which paths in the document are relative; undefined if the document must not contain paths of files. */
  readonly directory: string | undefined
  /** Creates an error for a value. The message follows the path of the value. */
  readonly errorAt: (path: SeedPath, message: string, options?: ErrorOptions) => SeedError
}

/** The maximum size of a document. */
export const maxSeedBytes = 1_048_576

const maxAliases = 100
const maxProblems = 20

/**
 * Reads and validates a document in YAML or JSON. `name` is the name of the file in errors.
 *
 * @throws SeedError with every problem, its line and its column
 */
export function readSeed(text: string, name: string, directory?: string): SeedDocument {
  if (Buffer.byteLength(text) > maxSeedBytes)
    throw new SeedError(`${name}: the seed is larger than ${maxSeedBytes} bytes`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${name}:${line}:${col}`
  }
  const faults = [...document.errors, ...document.warnings].slice(0, maxProblems)
  if (faults.length > 0) {
    throw new SeedError(
      faults.map(({ pos, message }) => `${placeAt(pos[0])}: ${message.replaceAll(/\s+/g, ' ')}`).join('\n'),
    )
  }
  const problemAt = (path: SeedPath, message: string) =>
    `${placeAt(offsetOf(document, path))}: ${pathText(path)}${path.length === 0 ? 'the seed' : ''} ${message}`
  const parsed = seedSchema.safeParse(valueOf(document, name))
  if (!parsed.success) {
    const byOffset = (a: Problem, b: Problem) => offsetOf(document, a.path) - offsetOf(document, b.path)
    const problems = parsed.error.issues.flatMap(problemsOf).toSorted(byOffset).slice(0, maxProblems)
    throw new SeedError(problems.map(({ path, message }) => problemAt(path, message)).join('\n'))
  }
  return {
    seed: parsed.data,
    directory,
    errorAt: (path, message, options) => new SeedError(problemAt(path, message), options),
  }
}

function valueOf(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch (error) {
    throw new SeedError(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}

/** The offset of a value, or of the key of a member. If the value is missing, the offset of the closest enclosing node. */
function offsetOf(document: Document, path: SeedPath): number {
  let node: unknown = document.contents
  let offset = document.contents?.range?.[0] ?? 0
  for (const [depth, part] of path.entries()) {
    let key: unknown
    if (isSeq(node) && typeof part === 'number') node = node.items[part]
    else if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(part))
      if (pair === undefined) return offset
      ;({ key, value: node } = pair)
    } else return offset
    const place = depth === path.length - 1 && isNode(key) ? key : node
    if (isNode(place) && place.range) [offset] = place.range
  }
  return offset
}

type Problem = { readonly path: SeedPath; readonly message: string }

const notServed = 'is not supported: this server evaluates no templates. Use the other keys of the seed'

/** The problems of a validation issue. Each unknown key is a separate problem. */
function problemsOf(issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: path.length === 0 && key === 'templates' ? notServed : unknownKey(key, path),
      }))
    case 'invalid_type':
      return [
        {
          path,
          message: issue.input === undefined && isMissing(issue) ? 'is missing' : `must be ${article(issue.expected)}`,
        },
      ]
    case 'invalid_value':
      return [
        {
          path,
          message: `must be ${issue.values
            .map(String)
            .join(', ')
            .replace(/, ([^,]*)$/, ' or $1')}`,
        },
      ]
    case 'too_small':
      return [{ path, message: `must ${limitText(issue.origin, `at least ${String(issue.minimum)}`)}` }]
    case 'too_big':
      return [{ path, message: `must ${limitText(issue.origin, `at most ${String(issue.maximum)}`)}` }]
    default:
      return [{ path, message: issue.message }]
  }
}

/** If a member is missing, the message is the same as for a value of another type. */
function isMissing({ message }: z.core.$ZodIssue): boolean {
  return message.endsWith('received undefined')
}

function article(type: string): string {
  const texts: Readonly<Record<string, string>> = {
    string: 'a string, in quotes if the string looks like a number',
    object: 'a mapping',
    array: 'a list',
    int: 'a whole number',
    number: 'a number',
  }
  return texts[type] ?? `of the type ${type}`
}

function limitText(origin: string, limit: string): string {
  switch (origin) {
    case 'string':
      return `have ${limit} characters`
    case 'array':
      return `have ${limit} items`
    default:
      return `be ${limit}`
  }
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const nearest = nearestName(key, seedKeysAt(path))
  return nearest === undefined ? 'is not a key of the seed' : `is not a key of the seed. Did you mean ${nearest}?`
}
