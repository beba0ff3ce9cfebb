import { isRecord } from './record.ts'

/** How a value of a response becomes a value of a document. */
type Convert = (value: unknown) => unknown

/**
 * The members of a document, each with its path in the response, such as `properties.loginServer`, and its conversion.
 */
export type Shape = Readonly<Record<string, string | readonly [path: string, convert: Convert]>>

/**
 * The document that az prints for a response: the members of az's model, with null for missing members, and the members
 * of the response that the model does not contain. [azure-mgmt models, msrest deserialization]
 */
export function documentOf(shape: Shape, response: unknown): Record<string, unknown> {
  const members = Object.entries(shape).map(([name, member]) => {
    const [path, convert] = typeof member === 'string' ? [member, undefined] : member
    const value = valueAt(response, path)
    const isPresent = value !== undefined && value !== null
    return {
      name,
      first: path.split('.')[0],
      value: isPresent && convert !== undefined ? convert(value) : (value ?? null),
    }
  })
  const known = new Set(members.map(({ first }) => first))
  const others = Object.entries(isRecord(response) ? response : {}).filter(([name]) => !known.has(name))
  return { ...Object.fromEntries(others), ...Object.fromEntries(members.map(({ name, value }) => [name, value])) }
}

/** Converts an object with another shape. */
export function object(shape: Shape): Convert {
  return (value) => documentOf(shape, value)
}

/** Converts a list of objects. */
export function list(shape: Shape): Convert {
  return (value) => (Array.isArray(value) ? value.map((each) => documentOf(shape, each)) : null)
}

/** Converts an object with arbitrary member names, whose values have the same shape. */
export function mapOf(shape: Shape): Convert {
  return (value) =>
    isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, documentOf(shape, each)]))
      : null
}

/**
 * Converts a time to the format of Python's `isoformat`, with microseconds if there is a fraction, and with an offset.
 */
export function time(value: unknown): unknown {
  const [, seconds, fraction = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|\+00:00)$/.exec(String(value)) ?? []
  if (seconds === undefined) return value
  const microseconds = fraction.padEnd(6, '0').slice(0, 6)
  return `${seconds}${Number(microseconds) === 0 ? '' : `.${microseconds}`}+00:00`
}

/** The value at a path of member names and indexes that dots separate. */
export function valueAt(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((each, name) => {
    if (Array.isArray(each)) return each[Number(name)] as unknown
    return isRecord(each) ? each[name] : undefined
  }, value)
}

/** Members of the same name in the response. */
export function same(...names: readonly string[]): Shape {
  return Object.fromEntries(names.map((name) => [name, name]))
}

/** Members that the response has in `properties`. */
export function properties(...names: readonly string[]): Shape {
  return Object.fromEntries(names.map((name) => [name, `properties.${name}`]))
}

/**
 * A document in which every object with the `id` of a resource in a resource group has the member `resourceGroup`. az
 * adds this member to every document. [azure-cli core/commands/transform.py]
 */
export function withResourceGroup(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withResourceGroup)
  if (!isRecord(value)) return value
  const members = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withResourceGroup(each)]))
  const hasOne = Object.keys(members).some((name) => name.toLowerCase() === 'resourcegroup')
  const group = hasOne ? undefined : resourceGroupOf(members['id'])
  return group === undefined ? members : { ...members, resourceGroup: group }
}

/** The resource group in an ARM id, or undefined if the id contains none. */
function resourceGroupOf(id: unknown): string | undefined {
  if (typeof id !== 'string') return undefined
  const parts = id.split('/')
  return parts[3]?.toLowerCase() === 'resourcegroups' && parts.length > 8 ? parts[4] : undefined
}
