import { WrongUsageError } from '../../framework/command/failure.ts'

/**
 * The registries in the settings: one host with an optional path, or all registries of one Acrux server. The login
 * server of such a registry is a name followed by the suffix of the server. A host that only looks similar never
 * matches, because the host of an image receives the token of a node or a pod.
 */
export type ImagePattern =
  | { readonly kind: 'registry'; readonly loginServer: string; readonly path: string }
  | { readonly kind: 'suffix'; readonly suffix: string }

/** An image: the host with its port, and the repository. */
export type PulledImage = { readonly loginServer: string; readonly repository: string }

const hostAndPort = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[\da-f:]+\])(?::\d{1,5})?$/

/** A registry has 5 to 50 letters and digits. [acr-protocol §1] */
const registryName = /^[a-z0-9]{5,50}$/

/** Parses a registry such as `registry.example.com`, `localhost:5443` or `registry.example.com/team`. @throws WrongUsageError */
export function parseRegistry(text: string): ImagePattern {
  const { host, path } = split(text.trim().toLowerCase())
  if (host.includes('*'))
    throw new WrongUsageError(
      `${text} contains a *, so every host that matches would receive tokens`,
      'name each registry, or the suffix of the server with --suffix, such as --suffix .azurecr.example.com',
    )
  if (!hostAndPort.test(host))
    throw new WrongUsageError(
      `${text} is not a host of a registry, with an optional port and path`,
      'use the form registry.example.com or registry.example.com:8443/team',
    )
  return { kind: 'registry', loginServer: host, path: path.replace(/\/+$/, '') }
}

/**
 * Parses the `suffix` of an Acrux server, such as `.azurecr.example.com`. The suffix has at least two labels, because a
 * suffix that matches a top-level domain would send tokens to strangers.
 *
 * @throws WrongUsageError
 */
export function parseSuffix(text: string): ImagePattern {
  const suffix = text.trim().toLowerCase()
  if (/^(?:\.[a-z0-9_-]+){2,}(?::\d{1,5})?$/.test(suffix)) return { kind: 'suffix', suffix }
  throw new WrongUsageError(
    `${text} is not the suffix of a server`,
    'use the value of the setting suffix of the server, such as .azurecr.example.com, with the port if the port is not 443',
  )
}

/** Whether an image belongs to a registry of the settings. */
export function isMatch(pattern: ImagePattern, { loginServer, repository }: PulledImage): boolean {
  switch (pattern.kind) {
    case 'registry': {
      const { path } = pattern
      return (
        loginServer === pattern.loginServer && (path === '' || repository === path || repository.startsWith(`${path}/`))
      )
    }
    case 'suffix':
      return loginServer.endsWith(pattern.suffix) && registryName.test(loginServer.slice(0, -pattern.suffix.length))
  }
}

/** The parts of an image such as `registry.example.com/team/app:1`. Undefined if its first part is not a host. */
export function parsePulledImage(image: string): PulledImage | undefined {
  const { host, path } = split(image)
  if (!/[.:]/.test(host) && host !== 'localhost') return undefined
  if (!hostAndPort.test(host)) return undefined
  const [named = ''] = path.split('@')
  const repository = named.replace(/:[^/:]*$/, '')
  return repository === '' ? undefined : { loginServer: host, repository }
}

function split(text: string): { readonly host: string; readonly path: string } {
  const slash = text.indexOf('/')
  return slash === -1 ? { host: text, path: '' } : { host: text.slice(0, slash), path: text.slice(slash + 1) }
}
