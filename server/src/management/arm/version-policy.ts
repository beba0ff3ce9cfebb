import type { FastifyRequest } from 'fastify'
import {
  type ApiVersion,
  type NamedVersion,
  type VersionedType,
  formatApiVersion,
  parseApiVersion,
  readApiVersion,
} from './api-versions.ts'
import type { ArmContext } from './context.ts'
import { ArmError } from './errors.ts'
import type { PathNames } from './path-scope.ts'

type Context = Pick<ArmContext, 'compatibility' | 'resources'>

/** The maximum number of unknown versions that a server logs. */
const maxLogged = 100

/** Returns a function that logs each unknown version of a type once. */
function createVersionLog({ log }: Pick<ArmContext, 'log'>) {
  const logged = new Set<string>()
  return ({ namespace, name }: VersionedType, { text, served }: NamedVersion): void => {
    const key = `${namespace}/${name} ${text.slice(0, 64)}`
    if (logged.has(key) || logged.size === maxLogged) return
    logged.add(key)
    const fields = { type: `${namespace}/${name}`, apiVersion: text.slice(0, 64), served: formatApiVersion(served) }
    log.warn(fields, 'served a request with an unknown API version as the newest known version')
  }
}

/**
 * Returns a function that decides in which version a request is served. An unknown version is served as the newest known
 * version, with a warning. With the compatibility `acr`, the request fails with ARM's error.
 */
export function createVersionPolicy(context: Pick<ArmContext, 'compatibility' | 'log' | 'resources'>) {
  const logOnce = createVersionLog(context)
  return async (
    type: VersionedType | undefined,
    request: FastifyRequest,
    names: PathNames,
    warn: (value: string) => unknown,
  ): Promise<ApiVersion> => {
    const named = readApiVersion(request, type?.versions ?? [])
    if (named.isKnown || type === undefined) return named.served
    const { compatibility, location } = await strictnessAt(context, names)
    if (compatibility === 'acr') throw unknownVersion(type, named, location)
    logOnce(type, named)
    const which = parseApiVersion(named.text) === undefined ? 'This api-version' : `The api-version ${named.text}`
    warn(`299 - "${which} is not known. The server handles the request as ${formatApiVersion(named.served)}."`)
    return named.served
  }
}

/** The compatibility and the location of the registry that a path names, otherwise of the server. */
async function strictnessAt({ resources, compatibility }: Context, names: PathNames) {
  const { subscriptionId, resourceGroup, registry: name } = names
  const registry = name === '' ? undefined : await resources.findRegistry(subscriptionId, resourceGroup, name)
  return { compatibility: registry?.compatibility ?? compatibility, location: registry?.location ?? 'global' }
}

/** ARM's own error for ARM's types and for malformed versions; otherwise, the error of a resource provider. */
function unknownVersion(
  { namespace, name, versions }: VersionedType,
  { text }: NamedVersion,
  location: string,
): ArmError {
  const known = versions.join(', ')
  if (namespace === 'Microsoft.Resources' || parseApiVersion(text) === undefined) {
    const message = `The api-version '${text.slice(0, 64)}' is invalid. The supported versions are '${known}'.`
    return new ArmError('invalidApiVersion', message)
  }
  const message = `No registered resource provider found for location '${location}' and API version '${text}' for type '${name}'. The supported api-versions are '${known}'.`
  return new ArmError('unregisteredVersion', message)
}
