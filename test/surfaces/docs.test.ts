import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { request } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const get = (path: string, { method = 'GET', ...headers }: Readonly<Record<string, string>> = {}) =>
  request({ method, url: `${server.baseUrl}${path}`, headers, caFile: server.caFile })

/** The attributes of a page that name something to load or to open. */
function targets(html: string): { readonly tag: string; readonly attribute: string; readonly url: string }[] {
  return [...html.matchAll(/<(\w+)((?:\s+[\w-]+(?:="[^"]*")?)*)\s*>/g)].flatMap(([, tag = '', attributes = '']) =>
    [...attributes.matchAll(/\b(href|src|srcset|action|poster|data)="([^"]*)"/g)].map(
      ([, attribute = '', url = '']) => ({ tag, attribute, url }),
    ),
  )
}

/** Every page that links of the index lead to, by its path, with its anchors. */
async function readPages(): Promise<
  ReadonlyMap<string, { readonly html: string; readonly anchors: ReadonlySet<string> }>
> {
  const pages = new Map<string, { html: string; anchors: ReadonlySet<string> }>()
  const waiting = new Set(['/docs/'])
  // A path that is added while the set is walked is walked too.
  for (const path of waiting) {
    const response = await get(path)
    assert.equal(response.status, 200, path)
    if (response.headers['content-type'] !== 'text/html; charset=utf-8') continue
    const html = response.text()
    pages.set(path, { html, anchors: new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id)) })
    for (const { url } of targets(html)) if (!/^(?:[a-z]+:|#)/.test(url)) waiting.add(resolved(path, url))
  }
  return pages
}

function resolved(page: string, url: string): string {
  return posix.join(page.endsWith('/') ? page : posix.dirname(page), url.replace(/[#?].*$/, ''))
}

const pages = await readPages()

test('the index leads to the pages of every section, and to the references of commands, routes and settings', () => {
  assert.ok(pages.size > 120, `only ${pages.size} pages`)
  for (const [path, text] of [
    ['/docs/', 'Documentation'],
    ['/docs/tutorials/first-registry.html', 'acrux serve'],
    ['/docs/how-to/backup.html', 'acrux backup create'],
    ['/docs/reference/configuration.html', '<h3 id="datadir">dataDir</h3>'],
    ['/docs/reference/errors.html', 'MANIFEST_UNKNOWN'],
    ['/docs/reference/cli/index.html', 'Common options'],
    ['/docs/reference/cli/acrux-acr-repository.html', '<h2 id="acrux-acr-repository-delete">'],
    ['/docs/reference/api/management.html', '<h2 id="routes">Routes</h2>'],
    ['/docs/explanation/sign-in-flow.html', '<ol class="diagram">'],
    ['/docs/decisions/index.html', '0001'],
  ] as const)
    assert.ok(pages.get(path)?.html.includes(text), `${path} contains ${text}`)
})

test('every link within the documents leads to a page or a heading', () => {
  const broken: string[] = []
  for (const [path, { html }] of pages) {
    for (const { url } of targets(html)) {
      const [, anchor] = url.split('#')
      if (/^[a-z]+:/.test(url) || anchor === undefined) continue
      const target = url.startsWith('#') ? path : resolved(path, url)
      if (!pages.get(target)?.anchors.has(decodeURIComponent(anchor))) broken.push(`${path}: ${url}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('no page loads anything from another place, and none contains a script or a style', async () => {
  for (const [path, { html }] of pages) {
    const foreign = targets(html).filter(({ tag, url }) => tag !== 'a' && /^(?:[a-z]+:)?\/\//.test(url))
    assert.deepEqual(foreign, [], path)
    assert.doesNotMatch(
      html.replaceAll(/<script src="[^"]*" defer><\/script>/g, ''),
      /<script|<style|<[^>]+ (?:style|on\w+)=/,
      path,
    )
  }
  assert.doesNotMatch((await get('/docs/style.css')).text(), /url\(|@import/)
})

test('a page has the security policy of the portal, and is asked for again only if it has changed', async () => {
  const path = '/docs/how-to/install.html'
  const page = await get(path)
  const { headers } = page
  assert.equal(page.status, 200)
  const policy = String(headers['content-security-policy'])
  for (const part of ["default-src 'none'", "script-src 'self';", "frame-ancestors 'none'", "trusted-types 'none'"])
    assert.ok(policy.includes(part), part)
  assert.doesNotMatch(policy, /unsafe|https?:|\*/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['x-robots-tag'], 'noindex')
  assert.equal(headers['cache-control'], 'no-cache')
  const etag = String(headers.etag)
  assert.match(etag, /^W\/"[0-9a-f]{20}"$/)

  const same = await get(path, { 'if-none-match': etag })
  assert.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag])
  assert.equal((await get(path, { 'if-none-match': 'W/"00000000000000000000"' })).status, 200)
  const head = await get(path, { method: 'HEAD' })
  assert.deepEqual([head.status, head.body.length, head.headers.etag], [200, 0, etag])
  const compressed = await get(path, { 'accept-encoding': 'gzip' })
  assert.equal(compressed.headers['content-encoding'], 'gzip')
  assert.equal(gunzipSync(compressed.body).toString(), page.text())
})

test('a file of the documents has the type of its content', async () => {
  for (const [path, type] of [
    ['/docs/style.css', 'text/css; charset=utf-8'],
    ['/docs/search.js', 'text/javascript; charset=utf-8'],
    ['/docs/search-index.json', 'application/json; charset=utf-8'],
    ['/docs/tutorials/images/home.webp', 'image/webp'],
    ['/docs/how-to/alerts.yml', 'text/plain; charset=utf-8'],
    ['/docs/files/examples/compose-replicas/compose.yaml', 'text/plain; charset=utf-8'],
  ] as const) {
    const { status, headers } = await get(path)
    assert.deepEqual([status, headers['content-type']], [200, type], path)
    assert.equal((await get(path, { method: 'HEAD' })).status, 200)
  }
})

test('the folder without its slash leads to the index, and a page that does not exist is not found', async () => {
  const { status, headers } = await get('/docs')
  assert.deepEqual([status, headers.location], [302, '/docs/'])
  assert.equal((await get('/docs/', { method: 'HEAD' })).status, 200)
  for (const path of ['/docs/absent.html', '/docs/how-to/absent', '/docs/..%2fportal', '/docs/constructor']) {
    const absent = await get(path)
    assert.equal(absent.status, 404, path)
    assert.match(absent.text(), /There is no such page.*\/docs\/index\.html/s)
  }
  const elsewhere = await get('/docs/', { host: `contoso.azurecr.localhost:${new URL(server.baseUrl).port}` })
  assert.equal(elsewhere.status, 404, 'the hosts of registries have no documents')
})

test('the index of the search knows the sections of hand-written and of generated pages', async () => {
  const entries = (await get('/docs/search-index.json')).json() as (readonly [string, string, string])[]
  const urls = new Set(entries.map(([url]) => url))
  for (const url of [
    'how-to/backup.html',
    'reference/cli/acrux.html#acrux-doctor',
    'reference/configuration.html#behindproxy',
    'reference/api/graph.html',
  ])
    assert.ok(urls.has(url), url)
  for (const [url] of entries) assert.ok(pages.has(`/docs/${url.split('#')[0] ?? ''}`), url)
})
