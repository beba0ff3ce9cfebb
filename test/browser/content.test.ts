import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { browserFor } from '../harness/browser.ts'
import { basic, digestOf, pushBlob, putManifest } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
const browser = browserFor(server)
after(async () => {
  await browser[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const { appId, password } = server.firstRun.servicePrincipal
const owner = basic(appId, password)

/** Text that a browser could show as a page, even inside quotation marks. If its script runs, it changes the title. */
const page = `<!doctype html><title>quiet</title><script>document.title='ran'</script>
  <img src=x onerror=document.title='ran'><form method=post action=/sign-in><button>Continue</button></form>`

/** A browser that sends the owner's credential with every request. */
const signedIn = () => browser.newContext({ extraHTTPHeaders: { authorization: owner } })

test('a manifest with an HTML media type runs no script in a browser, has an opaque origin and sends no form', async (t) => {
  if (!browser.isThere(t)) return
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, annotations: { page } }))
  const put = await putManifest(server, 'evil', { reference: 'page', mediaType: 'text/html', bytes }, owner)
  assert.equal(put.status, 201, put.text())
  await using context = await signedIn()
  const visited = await context.newPage()
  const methods: string[] = []
  visited.on('request', (request) => void methods.push(request.method()))
  const answer = await visited.goto('/v2/evil/manifests/page')
  assert.equal(answer?.headers()['content-type'], 'text/html')
  assert.equal(await visited.title(), 'quiet')
  assert.equal(await visited.evaluate('origin'), 'null')
  await visited.getByRole('button').click()
  await visited.waitForTimeout(200)
  assert.deepEqual([...new Set(methods)], ['GET'])
  assert.equal(await visited.title(), 'quiet')
})

test('a blob that contains HTML is downloaded as a file', async (t) => {
  if (!browser.isThere(t)) return
  const { digest } = await pushBlob(server, 'evil', Buffer.from(page), owner)
  assert.equal(digest, digestOf(Buffer.from(page)))
  await using context = await signedIn()
  const visited = await context.newPage()
  const download = visited.waitForEvent('download')
  await assert.rejects(visited.goto(`/v2/evil/blobs/${digest}`), /Download is starting/)
  await (await download).cancel()
})

test('the search of the documents finds a section, and shows markup in a query as text', async (t) => {
  if (!browser.isThere(t)) return
  await using context = await browser.newContext()
  const visited = await context.newPage()
  const failures: string[] = []
  visited.on('console', (message) => void failures.push(message.text()))
  await visited.goto('/docs/how-to/install.html')
  await visited.getByRole('searchbox').fill('rotate master key')
  await visited.getByRole('searchbox').press('Enter')
  await visited.getByRole('link', { name: 'acrux master-key rotate' }).click()
  assert.match(visited.url(), /\/docs\/reference\/cli\/acrux-master-key\.html#acrux-master-key-rotate$/)
  await visited.getByRole('searchbox').fill('zzqq<b>zzqq</b>')
  await visited.getByRole('button', { name: 'Search' }).click()
  await visited.getByText('Results: 0 for “zzqq<b>zzqq</b>”').waitFor()
  assert.deepEqual(failures, [])
})
