import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createApp } from '../../platform/http/app.ts'
import { createLog } from '../../platform/log/log.ts'
import { createDocuments } from './documents.ts'
import { sendDocument } from './send-document.ts'

const html = 'text/html; charset=utf-8'
const fileOf = (text: string, etag: string) => ({ contentType: html, etag, gzip: gzipSync(text).toString('base64') })
const built = JSON.stringify({ files: { 'index.html': fileOf('the index', 'a'), '404.html': fileOf('nothing', 'b') } })

function serve(read: () => string) {
  const documents = createDocuments(read)
  const app = createApp({ log: createLog('silent'), trustedProxies: [] })
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, (request, reply) => {
      const path = (request.params as Readonly<Record<string, string>>)['*'] ?? ''
      return sendDocument(documents, path, request, reply)
    })
  }
  return (url: string, headers: Record<string, string> = {}) => app.inject({ url, headers })
}

test('the documents are sent with an entity tag, and an unknown path gets a page that reports the missing document', async () => {
  const get = serve(() => built)
  const { statusCode, headers, body } = await get('/docs/')
  assert.deepEqual([statusCode, headers['etag'], body], [200, 'W/"a"', 'the index'])
  assert.equal((await get('/docs/', { 'if-none-match': 'W/"a"' })).statusCode, 304)
  const absent = await get('/docs/absent', { 'if-none-match': 'W/"b"' })
  assert.deepEqual([absent.statusCode, absent.body], [404, 'nothing'])
  assert.equal((await get('/docs')).headers['location'], '/docs/')
})

test('a server without built documents explains how to build them, and serves the documents after the build', async () => {
  let text: string | undefined
  const get = serve(() => {
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
    return text
  })
  const before = await get('/docs/')
  assert.equal(before.statusCode, 503)
  assert.match(before.body, /npm run docs/)
  text = built
  assert.equal((await get('/docs/')).body, 'the index')
})
