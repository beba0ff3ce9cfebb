import { WrongUsageError } from '../command/failure.ts'

/** A pattern of images, as in `matchImages` of the kubelet: a host with an optional port and path. */
export type ImagePattern = {
  readonly labels: readonly string[]
  readonly port: string | undefined
  readonly path: string
}

/** An image: the host with its port, and the repository. */
export type PulledImage = { readonly loginServer: string; readonly repository: string }

const hostAndPort = /^([a-z0-9.*_-]+|\[[\da-f:]+\])(?::(\d{1,5}))?$/

/**
 * Parses a pattern such as `registry.example.com`, `*.example.com:8443` or `registry.example.com/team`. A `*` stands for a part
 * of one label, and never in the last two: a pattern for all hosts of a top-level domain would send logins to strangers.
 *
 * @throws WrongUsageError
 */
export function parseImagePattern(text: string): ImagePattern {
  const { host, path } = split(text.trim().toLowerCase())
  const [, name, port] = hostAndPort.exec(host) ?? []
  const labels = (name ?? '').split('.')
  if (name === undefined || labels.includes('') || labels.slice(-2).some((label) => label.includes('*')))
    throw new WrongUsageError(
      `${text} is not a host of a registry, with an optional port and path`,
      'write it as registry.example.com, *.example.com or registry.example.com:8443/team',
    )
  return { labels, port, path: path.replace(/\/+$/, '') }
}

/**
 * Whether an image belongs to a pattern. The image and the pattern must have the same number of labels and the same
 * port.
 */
export function isMatch({ labels, port, path }: ImagePattern, { loginServer, repository }: PulledImage): boolean {
  const [, name = '', imagePort] = hostAndPort.exec(loginServer) ?? []
  const ofImage = name.split('.')
  return (
    port === imagePort &&
    labels.length === ofImage.length &&
    labels.every((label, index) => isLabelMatch(label, ofImage[index] ?? '')) &&
    (path === '' || repository === path || repository.startsWith(`${path}/`))
  )
}

function isLabelMatch(pattern: string, label: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === label
  const expression = [first, ...rest].map((part) => RegExp.escape(part)).join('[^.]*')
  return new RegExp(`^${expression}$`).test(label)
}

/** The parts of an image such as `registry.example.com/team/app:1`. Undefined if its first part is not a host. */
export function parsePulledImage(image: string): PulledImage | undefined {
  const { host, path } = split(image)
  if (!/[.:]/.test(host) && host !== 'localhost') return undefined
  if (!hostAndPort.test(host) || host.includes('*')) return undefined
  const [named = ''] = path.split('@')
  const repository = named.replace(/:[^/:]*$/, '')
  return repository === '' ? undefined : { loginServer: host, repository }
}

function split(text: string): { readonly host: string; readonly path: string } {
  const slash = text.indexOf('/')
  return slash === -1 ? { host: text, path: '' } : { host: text.slice(0, slash), path: text.slice(slash + 1) }
}
