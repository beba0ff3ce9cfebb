import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { clientHome, run, type ClientHome, type Ran } from '../../harness/clients.ts'
import { mainFile } from '../../harness/program.ts'

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1'

/** A plug-in in the kubelet's configuration. [kubernetes.io, Kubelet Configuration (v1)] */
export interface Provider {
  readonly name: string
  readonly matchImages: readonly string[]
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly tokenAttributes: TokenAttributes | undefined
}

interface TokenAttributes {
  readonly serviceAccountTokenAudience: string
  readonly requireServiceAccount: boolean
  readonly cacheType: string
  readonly requiredServiceAccountAnnotationKeys: readonly string[]
  readonly optionalServiceAccountAnnotationKeys: readonly string[]
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown, known: readonly string[], where: string): Fields {
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), `${where} is an object`)
  const unknown = Object.keys(value).filter((name) => !known.includes(name))
  assert.deepEqual(unknown, [], `unknown fields in ${where}`)
  return value as Fields
}

function textsOf(value: unknown, where: string): readonly string[] {
  if (value === undefined) return []
  assert.ok(Array.isArray(value) && value.every((each) => typeof each === 'string'), `${where} is a list of texts`)
  return value
}

function textOf(value: unknown, where: string): string {
  assert.ok(typeof value === 'string' && value !== '', `${where} is required`)
  return value
}

const duration = /^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/

/** Reads a CredentialProviderConfig by the rules of the kubelet: it rejects unknown fields. [kubernetes, plugin/config.go] */
export function readProviders(text: string): readonly Provider[] {
  const config = fieldsOf(parse(text), ['apiVersion', 'kind', 'providers'], 'the configuration')
  assert.equal(config['apiVersion'], 'kubelet.config.k8s.io/v1')
  assert.equal(config['kind'], 'CredentialProviderConfig')
  const { providers } = config
  assert.ok(Array.isArray(providers) && providers.length > 0, 'at least one provider is required')
  const known = ['name', 'matchImages', 'defaultCacheDuration', 'apiVersion', 'args', 'env', 'tokenAttributes']
  return providers.map((each) => {
    const provider = fieldsOf(each, known, 'a provider')
    const name = textOf(provider['name'], 'name')
    assert.doesNotMatch(name, /[/ ]|^\.\.?$/)
    assert.equal(provider['apiVersion'], apiVersion)
    assert.match(textOf(provider['defaultCacheDuration'], 'defaultCacheDuration'), duration)
    const matchImages = textsOf(provider['matchImages'], 'matchImages')
    assert.ok(matchImages.length > 0, 'matchImages is required')
    const variables = (provider['env'] ?? []) as readonly unknown[]
    return {
      name,
      matchImages,
      args: textsOf(provider['args'], 'args'),
      env: variables.map((variable) => {
        const { name: key, value } = fieldsOf(variable, ['name', 'value'], 'a variable')
        return { name: textOf(key, 'name'), value: String(value) }
      }),
      tokenAttributes: tokenAttributesOf(provider['tokenAttributes']),
    }
  })
}

function tokenAttributesOf(value: unknown): TokenAttributes | undefined {
  if (value === undefined) return undefined
  const keys = ['requiredServiceAccountAnnotationKeys', 'optionalServiceAccountAnnotationKeys'] as const
  const known = ['serviceAccountTokenAudience', 'requireServiceAccount', 'cacheType', ...keys]
  const fields = fieldsOf(value, known, 'tokenAttributes')
  const { requireServiceAccount, cacheType } = fields
  assert.ok(typeof requireServiceAccount === 'boolean', 'requireServiceAccount is required')
  assert.ok(cacheType === 'ServiceAccount' || cacheType === 'Token', 'cacheType is required')
  const [required, optional] = [textsOf(fields[keys[0]], keys[0]), textsOf(fields[keys[1]], keys[1])]
  assert.ok(requireServiceAccount || required.length === 0, 'required annotations need a required service account')
  assert.equal(new Set([...required, ...optional]).size, required.length + optional.length)
  return {
    serviceAccountTokenAudience: textOf(fields['serviceAccountTokenAudience'], 'serviceAccountTokenAudience'),
    requireServiceAccount,
    cacheType,
    requiredServiceAccountAnnotationKeys: required,
    optionalServiceAccountAnnotationKeys: optional,
  }
}

/** What the kubelet knows of a pod. */
export interface Pod {
  /** Issues a token of its service account for an audience. */
  readonly token: (audience: string) => string
  readonly annotations?: Readonly<Record<string, string>>
}

/** A login for an image. */
export interface ProvidedLogin {
  readonly username: string
  readonly password: string
}

/** What a plug-in answered. */
export interface Answer {
  readonly cacheKeyType: string
  readonly cacheSeconds: number
  readonly auth: Readonly<Record<string, ProvidedLogin>>
}

/** Runs plug-ins as the kubelet does. */
export interface Kubelet extends Disposable {
  readonly home: ClientHome
  /** Sends a text to a plug-in and does not check the result. */
  send(provider: Provider, input: string | Buffer): Promise<Ran>
  /** Asks a plug-in for the login of an image. Fails if the kubelet would not use the answer. */
  ask(provider: Provider, image: string, pod?: Pod): Promise<Answer>
  /** Requires that a plug-in fails, says why on standard error, and prints nothing else. */
  fails(provider: Provider, says: RegExp, image: string, pod?: Pod): Promise<void>
}

/** Creates a kubelet whose plug-ins are in a folder of its own. `env` is the environment of the kubelet. */
export function createKubelet(env: Readonly<Record<string, string>> = {}): Kubelet {
  const home = clientHome()
  const binDir = join(home.path, 'bin')
  mkdirSync(binDir)
  symlinkSync(mainFile, join(binDir, 'acrux-credential-provider'))
  // The program of a checkout or of the npm package needs Node on the PATH.
  const path = `${dirname(process.execPath)}:${home.env['PATH'] ?? ''}`
  const send: Kubelet['send'] = (provider, input) => {
    const own = Object.fromEntries(provider.env.map(({ name, value }) => [name, value]))
    const all = { ...home.env, PATH: path, ...env, ...own }
    return run(join(binDir, provider.name), provider.args, { env: all, input, timeoutMs: 60_000 })
  }
  return {
    home,
    send,
    ask: async (provider, image, pod) => {
      assert.ok(isMatch(provider, image), `${image} is in matchImages`)
      const ran = await send(provider, requestFor(provider, image, pod))
      assert.equal(ran.code, 0, ran.stderr)
      return readAnswer(ran.stdout)
    },
    fails: async (provider, says, image, pod) => {
      const ran = await send(provider, requestFor(provider, image, pod))
      assert.equal(ran.code, 1, ran.stderr)
      assert.match(ran.stderr, says)
      assert.equal(ran.stdout, '')
    },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  }
}

function requestFor({ tokenAttributes }: Provider, image: string, pod: Pod | undefined): string {
  const request = { apiVersion, kind: 'CredentialProviderRequest', image }
  if (tokenAttributes === undefined || pod === undefined) return JSON.stringify(request)
  const { requiredServiceAccountAnnotationKeys: required, optionalServiceAccountAnnotationKeys: optional } =
    tokenAttributes
  const annotations = pod.annotations ?? {}
  assert.ok(
    required.every((key) => key in annotations),
    'the service account has the required annotations',
  )
  const serviceAccountAnnotations = Object.fromEntries(
    Object.entries(annotations).filter(([key]) => [...required, ...optional].includes(key)),
  )
  const serviceAccountToken = pod.token(tokenAttributes.serviceAccountTokenAudience)
  return JSON.stringify({ ...request, serviceAccountToken, serviceAccountAnnotations })
}

/** Decodes strictly, as the kubelet does. [kubernetes, plugin/plugin.go] */
function readAnswer(text: string): Answer {
  const known = ['apiVersion', 'kind', 'cacheKeyType', 'cacheDuration', 'auth']
  const answer = fieldsOf(JSON.parse(text), known, 'the response')
  assert.equal(answer['apiVersion'], apiVersion)
  assert.equal(answer['kind'], 'CredentialProviderResponse')
  const cacheKeyType = textOf(answer['cacheKeyType'], 'cacheKeyType')
  assert.match(cacheKeyType, /^(?:Image|Registry|Global)$/)
  const cacheDuration = textOf(answer['cacheDuration'], 'cacheDuration')
  // Go prints an hour as `1h0m0s`.
  const [, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(\d+)h)?(?:(\d+)m)?(\d+)s$/.exec(cacheDuration) ?? assert.fail(cacheDuration)
  const entries = Object.entries(answer['auth'] as Fields)
  for (const [, login] of entries) fieldsOf(login, ['username', 'password'], 'a login')
  return {
    cacheKeyType,
    cacheSeconds: (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds),
    auth: Object.fromEntries(entries) as never,
  }
}

/** Whether an image is in `matchImages`: the same number of labels, each of which matches, the same port, and the path. */
export function isMatch({ matchImages }: Pick<Provider, 'matchImages'>, image: string): boolean {
  return matchImages.some((each) => {
    const [pattern, wanted] = [URL.parse(`https://${each.replaceAll('*', 'x-any')}`), URL.parse(`https://${image}`)]
    if (pattern === null || wanted === null) return false
    const [labels, actual] = [pattern.hostname.split('.'), wanted.hostname.split('.')]
    const isHost =
      labels.length === actual.length &&
      labels.every((label, index) => new RegExp(`^${label.replaceAll('x-any', '[^.]*')}$`).test(actual[index] ?? ''))
    return isHost && pattern.port === wanted.port && wanted.pathname.startsWith(pattern.pathname)
  })
}
