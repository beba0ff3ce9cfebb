import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageRoutes } from './routes.ts'
import { codeRequest, enterPassword, openTestPages, testHost, testOrigin } from '../../testing/sign-in/test-pages.ts'

const names = ['token', 'flow', 'account', 'chosen', 'code', 'kind', 'decision', 'challenge', 'credential', 'sign_in']
names.push('username', 'password', 'new-password', 'repeated', 'user_code', 'request', 'passkey', 'name', 'client_id')
names.push(
  'redirect_uri',
  'prompt',
  'max_age',
  'response_mode',
  'scope',
  'state',
  'post_logout_redirect_uri',
  'method',
  'access_pass',
  'link_code',
)

const odd = ['', '0', '-1', '\0', '%', '{}', '[]', 'null', '__proto__', 'constructor', 'x'.repeat(5000), '\ud800', '🐳']

test('fault 53: no input makes a page fail or redirect to another origin', async (t) => {
  const pages = await openTestPages()
  t.after(pages.close)
  await pages.createUser('alice')
  const browser = pages.openBrowser()
  const page = await enterPassword(browser, await browser.get(codeRequest().url), 'alice')
  const [, token = ''] = /name="token" value="([^"]*)"/.exec(page.text) ?? []
  const [, flow = ''] = /name="flow" value="([^"]*)"/.exec(page.text) ?? []
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const field = fc.tuple(
    fc.constantFrom(...names),
    fc.oneof(fc.constantFrom(...odd, flow), fc.string({ unit: 'binary' })),
  )
  const request = fc.record({
    route: fc.constantFrom(...pageRoutes.filter(({ path }) => path !== '/sign-out')),
    fields: fc.array(field, { maxLength: 6 }),
    isOurs: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ route, fields, isOurs }) => {
      const values = new URLSearchParams(fields.map(([name, value]) => [name, value.toWellFormed()]))
      if (isOurs) values.set('token', token)
      const path = route.path.replace(/^\/:tenant\([^/]*\)\//, '/organizations/').replace(':provider', 'nobody')
      const isGet = route.method === 'GET'
      const answer = await pages.app.inject({
        method: isGet ? 'GET' : 'POST',
        url: isGet ? `${path}?${values.toString()}` : path,
        headers: {
          host: testHost,
          cookie,
          origin: testOrigin,
          ...(isGet ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(isGet ? {} : { payload: values.toString() }),
      })
      assert.ok(answer.statusCode < 500, `${route.id} gave ${answer.statusCode} to ${values.toString()}`)
      const { location } = answer.headers
      if (location !== undefined && !location.startsWith('http://localhost:36805/?')) {
        assert.equal(new URL(location, testOrigin).origin, testOrigin, location)
      }
    }),
    { numRuns: 400 },
  )
})
