import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib'
import { createApp } from '../../platform/http/app.ts'
import { createLog } from '../../platform/log/log.ts'
import { type ReadPortalFiles, createPortalFiles } from './portal-files.ts'
import { sendPortalFile } from './send-file.ts'

const page = '<!doctype html><title>Portal</title>'
const script = 'console.log("portal")'

const fileOf = (text: string, contentType: string, isHashed: boolean) => ({
  contentType,
  isHashed,
  brotli: brotliCompressSync(text).toString('base64'),
  gzip: gzipSync(text).toString('base64'),
})

const built = JSON.stringify({
  files: {
    'index.html': fileOf(page, 'text/html; charset=utf-8', false),
    'assets/main-0a1b2c3d.js': fileOf(script, 'text/javascript; charset=utf-8', true),
  },
})

function serve(files: ReadPortalFiles) {
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  for (const url of ['/portal', '/portal/*']) {
    app.get(url, (request, reply) => {
      const path = (request.params as Readonly<Record<string, string>>)['*'] ?? ''
      return sendPortalFile(files, path, request, reply) ?? reply.code(404).send()
    })
  }
  return (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
}

test('every page of the portal is the same document, with a policy that permits no content from other sites', async () => {
  const get = serve(createPortalFiles(() => built))
  for (const url of ['/portal/', '/portal/r/contoso/repositories/team/app', '/portal/index.html']) {
    const { statusCode, headers, body } = await get(url)
    assert.equal(statusCode, 200, url)
    assert.equal(body, page)
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    const policy = String(headers['content-security-policy'])
    for (const part of ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "trusted-types 'none'"]) {
      assert.ok(policy.includes(part), part)
    }
    assert.doesNotMatch(policy, /unsafe|https?:|\*/)
  }
})

test('a file whose name contains a hash is cached forever, and sent in the encoding that the client prefers', async () => {
  const get = serve(createPortalFiles(() => built))
  const url = '/portal/assets/main-0a1b2c3d.js'
  const accepted = { br: brotliDecompressSync, gzip: gunzipSync } as const
  for (const [encoding, decode] of Object.entries(accepted)) {
    const { headers, rawPayload } = await get(url, { 'accept-encoding': `deflate, ${encoding};q=0.8` })
    assert.equal(headers['content-encoding'], encoding)
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
    assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
    assert.equal(headers['vary'], 'accept-encoding')
    assert.equal(decode(rawPayload).toString(), script)
  }
  for (const acceptEncoding of ['', 'identity', 'br;q=0, gzip;q=0.0']) {
    const { headers, body } = await get(url, { 'accept-encoding': acceptEncoding })
    assert.equal(headers['content-encoding'], undefined)
    assert.equal(body, script)
  }
})

test('a request for a missing asset gets an error, not a page', async () => {
  const get = serve(createPortalFiles(() => built))
  for (const url of ['/portal/assets/main-ffffffff.js', '/portal/Assets/x.js', '/portal/assets']) {
    assert.equal((await get(url)).statusCode, 404, url)
  }
})

test('a server without a built portal explains how to build the portal, and serves it after the build', async () => {
  let text: string | undefined
  const get = serve(
    createPortalFiles(() => {
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return text
    }),
  )
  const before = await get('/portal/')
  assert.equal(before.statusCode, 503)
  assert.match(before.body, /npm run portal/)
  text = built
  assert.equal((await get('/portal/')).body, page)
})
