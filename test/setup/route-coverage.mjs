import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const methods = new Set(['get', 'head', 'put', 'post', 'patch', 'delete'])

/** A path of the OpenAPI document as a pattern: repository names hold slashes, other parts do not. */
function patternOf(path) {
  const onRepository = path.startsWith('/v2/') || path.startsWith('/acr/')
  const source = path
    .replaceAll(/[.$+?()[\]\\^|]/g, String.raw`\$&`)
    // The digest in the name of a file of the pages changes with its content.
    .replaceAll(/[0-9a-f]{20}/g, '[0-9a-f]{20}')
    .replaceAll(/\{([A-Za-z]+)\}/g, (_match, name) => (onRepository && name === 'name' ? '.+' : '[^/]+'))
  return new RegExp(`^${source}/?$`, 'i')
}

/** Routes that exist to say that something of Azure is not served: they never succeed. */
const alwaysRefused = /^management\.(unserved\.(?!list$)|(locks|privateEndpoints)\.(?!list\.))/

/** The operations of an OpenAPI document that none of the answered requests, each `METHOD PATH`, was for. */
export function unansweredOperations(document, answered) {
  // The Node of the machine runs this, which may be an old one.
  const paths = new Map()
  for (const text of answered) {
    const [method, path] = text.split(' ', 2)
    if (!paths.has(method)) paths.set(method, [])
    paths.get(method).push(decoded(path ?? ''))
  }
  return Object.entries(document.paths).flatMap(([path, operations]) => {
    const pattern = patternOf(path)
    return Object.keys(operations)
      .filter((method) => methods.has(method) && !alwaysRefused.test(operations[method].operationId ?? ''))
      .map((method) => method.toUpperCase())
      .filter((method) => !(paths.get(method) ?? []).some((path) => pattern.test(path)))
      .map((method) => `${method} ${path}`)
  })
}

function decoded(path) {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A place in which the servers of a run record what they answered; `read` gives it back, and removes the place. */
export function openAnsweredRecord() {
  const dir = mkdtempSync(join(tmpdir(), 'acrux-answered-'))
  return {
    dir,
    read: () => {
      const lines = readdirSync(dir).flatMap((name) => readFileSync(join(dir, name), 'utf8').split('\n'))
      rmSync(dir, { recursive: true })
      return [...new Set(lines)]
    },
  }
}
