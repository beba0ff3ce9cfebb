import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const methods = new Set(['get', 'head', 'put', 'post', 'patch', 'delete'])

export type OpenApiDocument = { paths: Record<string, Record<string, object>> }

/** A path of the OpenAPI document as a pattern: repository names contain slashes, other parts do not. */
function patternOf(path: string) {
  const onRepository = path.startsWith('/v2/') || path.startsWith('/acr/')
  const source = path
    .replaceAll(/[.$+?()[\]\\^|]/g, String.raw`\$&`)
    // The digest in the name of a file of the pages changes with its content.
    .replaceAll(/[0-9a-f]{20}/g, '[0-9a-f]{20}')
    .replaceAll(/\{([A-Za-z]+)\}/g, (_match, name) => (onRepository && name === 'name' ? '.+' : '[^/]+'))
  return new RegExp(`^${source}/?$`, 'i')
}

function operationsOf(document: OpenApiDocument) {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([method]) => methods.has(method))
      // Of a request that is passed on, the surface that answers has the route.
      .filter(([, operation]) => !('x-passes-on' in operation))
      // A route that only says that something is not served never succeeds.
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, isRejected: 'x-denies' in operation })),
  )
}

/** The operations of an OpenAPI document that never succeed, each `METHOD PATH`. */
export function rejectedOperations(document: OpenApiDocument) {
  return operationsOf(document)
    .filter(({ isRejected }) => isRejected)
    .map(({ method, path }) => `${method} ${path}`)
}

/** The length of the fixed parts of a path. Of several paths that match a request, the server takes the one with the most. */
function fixedLength(path: string) {
  return path.replaceAll(/\{[^}]*\}/g, '').length
}

/** The operations of an OpenAPI document that no answered request was for. Both are written `METHOD PATH`. */
export function unansweredOperations(document: OpenApiDocument, answered: Iterable<string>) {
  const paths: Map<string, string[]> = new Map()
  for (const text of answered) {
    const [method = '', path = ''] = text.split(' ', 2)
    const known = paths.get(method)
    if (known === undefined) paths.set(method, [decoded(path)])
    else known.push(decoded(path))
  }
  const unanswered: string[] = []
  const bySpecificity = operationsOf(document).sort((one, other) => fixedLength(other.path) - fixedLength(one.path))
  for (const { method, path, isRejected } of bySpecificity) {
    const pattern = patternOf(path)
    const asked = paths.get(method) ?? []
    const others = asked.filter((one) => !pattern.test(one))
    paths.set(method, others)
    if (others.length === asked.length && !isRejected) unanswered.push(`${method} ${path}`)
  }
  return unanswered.sort()
}

/** The path as the server reads it: `az` writes two slashes if a resource has no parent. */
function decoded(path: string) {
  try {
    return decodeURIComponent(path).replaceAll(/\/{2,}/g, '/')
  } catch {
    return path
  }
}

/** The requests that the servers of a run recorded in a directory as answered with success, each `METHOD PATH`. */
export function readAnswered(dir: string) {
  const lines = readdirSync(dir).flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n'))
  return [...new Set(lines)]
}
