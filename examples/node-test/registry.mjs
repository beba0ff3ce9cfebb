// The program that the tests are about: it pushes and pulls an image with one layer, as a user with a password.
import { createHash } from 'node:crypto'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** The registry denies the request, or does not accept the password. */
export class Denied extends Error {}

/** A client of one registry. */
export class Registry {
  #origin
  #loginServer
  #basic
  #tokens = new Map()

  constructor(loginServer, { username, password }) {
    this.#origin = `https://${loginServer}`
    this.#loginServer = loginServer
    this.#basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  }

  /** Pushes an image with this layer, and returns its digest. */
  async push(repository, tag, layer) {
    const config = await this.#pushBlob(repository, Buffer.from('{}'))
    const blob = await this.#pushBlob(repository, layer)
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' },
      layers: [{ ...blob, mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
    }
    const pushed = await this.#send('PUT', repository, `manifests/${tag}`, {
      body: JSON.stringify(manifest),
      type: manifestType,
    })
    return pushed.headers.get('docker-content-digest')
  }

  /** Returns the first layer of an image. */
  async pull(repository, tag) {
    const manifest = await (await this.#send('GET', repository, `manifests/${tag}`)).json()
    const layer = await this.#send('GET', repository, `blobs/${manifest.layers[0].digest}`)
    return Buffer.from(await layer.arrayBuffer())
  }

  async #pushBlob(repository, content) {
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
    const upload = await this.#send('POST', repository, 'blobs/uploads/')
    const target = new URL(upload.headers.get('location'), this.#origin)
    target.searchParams.set('digest', digest)
    await this.#send('PUT', repository, target.href, { body: content, type: 'application/octet-stream' })
    return { digest, size: content.length }
  }

  /** Sends a request, once more with a new token if the token has expired. */
  async #send(method, repository, path, content = {}) {
    const url = new URL(path, `${this.#origin}/v2/${repository}/`)
    const scope = `repository:${repository}:${method === 'GET' ? 'pull' : 'pull,push'}`
    const known = this.#tokens.get(scope)
    const token = known ?? (await this.#signIn(scope))
    const headers = { authorization: `Bearer ${token}`, accept: manifestType }
    if (content.type !== undefined) headers['content-type'] = content.type
    const response = await fetch(url, { method, headers, body: content.body })
    if (response.ok) {
      this.#tokens.set(scope, token)
      return response
    }
    await response.body?.cancel()
    this.#tokens.delete(scope)
    if (response.status === 401 && known !== undefined) return this.#send(method, repository, path, content)
    const ErrorType = [401, 403].includes(response.status) ? Denied : Error
    throw new ErrorType(`${method} ${path}: status ${response.status}`)
  }

  async #signIn(scope) {
    const query = new URLSearchParams({ service: this.#loginServer, scope })
    const response = await fetch(`${this.#origin}/oauth2/token?${query}`, { headers: { authorization: this.#basic } })
    if (!response.ok) throw new Denied(`sign-in: status ${response.status}`)
    return (await response.json()).access_token
  }
}
