import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { azClientId } from '../harness/person.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())
const { host } = new URL(server.baseUrl)

/** Addresses that a browser, or a careless comparison, may take for another place than they seem. */
const hostile = [
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  'https:evil.example',
  'https://evil.example',
  `https://${host}@evil.example`,
  `https://${host}.evil.example`,
  'https://login.exämple/',
  'https://evil%2eexample',
  '%2f%2fevil.example',
  '/%5cevil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  'http://localhost@evil.example',
  'http://localhost.evil.example',
  'http://localhost:80@evil.example/',
  'http://localhost\\@evil.example/',
  'http://127.0.0.1:36805',
  'http://[::1]:36805',
  'https://localhost:36805',
  ' http://localhost:36805',
]

function authorizeUrl(redirectUri: string, responseType = 'code'): string {
  const query = new URLSearchParams({
    client_id: azClientId,
    response_type: responseType,
    redirect_uri: redirectUri,
    scope: 'openid',
    state: 'state',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  })
  return `/organizations/oauth2/v2.0/authorize?${query.toString()}`
}

test('fault 36: a redirect URI that the client has not registered is denied on a page, before and after the sign-in', async () => {
  for (const isSignedIn of [false, true]) {
    const visitor = pageVisitor(server)
    if (isSignedIn) await visitor.signIn(await visitor.open('/account'), server.firstRun.owner)
    for (const address of hostile) {
      for (const responseType of ['code', 'token', 'none']) {
        const page = await visitor.open(authorizeUrl(address, responseType))
        assert.ok(!('location' in page), `${address} leads away`)
        assert.equal(page.status, 400, address)
        if (responseType === 'code') assert.match(page.html, /AADSTS50011/, address)
        assert.doesNotMatch(page.html, /href="[^"]*evil|action="[^"]*evil/, address)
      }
    }
  }
})

test('fault 36: any port of a loopback redirect URI is accepted, as RFC 8252 asks, and no other difference', async () => {
  const visitor = pageVisitor(server)
  for (const port of [1024, 36805, 65535]) {
    const page = await visitor.open(authorizeUrl(`http://localhost:${port}`))
    assert.ok(!('location' in page) && page.status === 200, `port ${port}`)
  }
  for (const address of ['http://localhost:36805/else', 'http://localhost:36805/?x=1', 'http://localhost:036805']) {
    const page = await visitor.open(authorizeUrl(address))
    assert.ok(!('location' in page) && page.status === 400, address)
  }
})

test('fault 36: no parameter of a page, of the sign-out included, names an address that is followed', async () => {
  const visitor = pageVisitor(server)
  await visitor.signIn(await visitor.open('/account'), server.firstRun.owner)
  for (const address of hostile) {
    const encoded = encodeURIComponent(address)
    const names = ['return', 'return_to', 'redirect_uri', 'next', 'url', 'flow', 'post_logout_redirect_uri']
    const query = names.map((name) => `${name}=${encoded}`).join('&')
    for (const path of ['/account', '/account/security', '/sign-in', '/sign-out', '/sign-out/done', '/devicelogin']) {
      const page = await visitor.open(`${path}?${query}`)
      assert.ok(!('location' in page), `${path} with ${address}`)
    }
    for (const path of ['/common/oauth2/v2.0/logout', '/common/oauth2/logout']) {
      const page = await visitor.open(`${path}?${query}&client_id=${azClientId}&state=x`)
      assert.ok(!('location' in page), `${path} with ${address}`)
      assert.doesNotMatch(String(page.headers['content-security-policy']), /evil/)
    }
  }
})

test('fault 36: doubled slashes and backslashes in a path lead to no other host', async () => {
  for (const target of ['//evil.example/account', '//account', '/\\evil.example', '//sign-in', '/account//security']) {
    for (const asked of [host, 'evil.example', '127.0.0.1']) {
      const { headers } = await wire.send({ target, host: asked })
      if (headers.location === undefined) continue
      const led = new URL(headers.location, server.baseUrl)
      assert.equal(led.origin, server.baseUrl, `${target} at ${asked}`)
    }
  }
})
