import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRedirectUri, matchesRedirectUri } from './redirect-uri.ts'

// prettier-ignore
const table = [
  { uri: 'https://app.example/signed-in',          ok: true,  why: 'a web application' },
  { uri: 'https://app.example',                    ok: true,  why: 'a host alone' },
  { uri: 'https://app.example:8443/a?b=c',         ok: true,  why: 'a port and a query' },
  { uri: 'http://localhost',                       ok: true,  why: 'loopback' },
  { uri: 'http://localhost:5555/',                 ok: true,  why: 'loopback with a port' },
  { uri: 'http://127.0.0.1:5555/callback',         ok: true,  why: 'loopback by number' },
  { uri: 'http://[::1]:5555/callback',             ok: true,  why: 'loopback of IPv6' },
  { uri: 'http://app.example/',                    ok: false, why: 'a code in the clear' },
  { uri: 'http://localhost.evil.example/',         ok: false, why: 'another host that begins so' },
  { uri: 'http://localhost@evil.example/',         ok: false, why: 'a user name that looks like a host' },
  { uri: 'https://user:pw@app.example/',           ok: false, why: 'a user and a password' },
  { uri: 'https://app.example/#x',                 ok: false, why: 'a fragment' },
  { uri: 'https://*.app.example/',                 ok: false, why: 'a wildcard' },
  { uri: 'https://app.example/*',                  ok: false, why: 'a wildcard in the path' },
  { uri: 'https://app.example\\@evil.example/',    ok: false, why: 'a backslash is a slash to browsers' },
  { uri: 'https:/app.example/',                    ok: false, why: 'one slash' },
  { uri: 'https:///app.example/',                  ok: false, why: 'three slashes' },
  { uri: '//app.example/',                         ok: false, why: 'no scheme' },
  { uri: 'https://app.example/a/../b',             ok: false, why: 'a path that browsers shorten' },
  { uri: 'https://APP.example/',                   ok: false, why: 'a host that browsers lower' },
  { uri: 'https://app.example:443/',               ok: false, why: 'a port that browsers drop' },
  { uri: 'https://app.example/\t',                 ok: false, why: 'a tab' },
  { uri: 'https://\u0430pp.example/',              ok: false, why: 'a letter of another script' },
  { uri: 'javascript:alert(1)',                    ok: false, why: 'a script' },
  { uri: 'urn:ietf:wg:oauth:2.0:oob',              ok: false, why: 'no place to send a browser to' },
  { uri: `https://app.example/${'a'.repeat(300)}`, ok: false, why: 'too long' },
  { uri: '',                                       ok: false, why: 'nothing' },
]

test('a redirect URI is https or loopback, in the one spelling that browsers keep', () => {
  for (const { uri, ok, why } of table) assert.equal(isRedirectUri(uri), ok, `${why}: ${uri}`)
})

// prettier-ignore
const matches = [
  { registered: 'https://a.example/b',       asked: 'https://a.example/b',          anyPort: false, ok: true },
  { registered: 'https://a.example/b',       asked: 'https://a.example/b/',         anyPort: true,  ok: false },
  { registered: 'https://a.example/b',       asked: 'https://a.example/b?c',        anyPort: true,  ok: false },
  { registered: 'https://a.example/b',       asked: 'https://a.example/B',          anyPort: true,  ok: false },
  { registered: 'https://a.example',         asked: 'https://a.example/',           anyPort: true,  ok: false },
  { registered: 'https://a.example/',        asked: 'https://a.example:8443/',      anyPort: true,  ok: false },
  { registered: 'https://a.example/',        asked: 'https://a.example.evil.test/', anyPort: true,  ok: false },
  { registered: 'http://localhost',          asked: 'http://localhost:36805',       anyPort: true,  ok: true },
  { registered: 'http://localhost',          asked: 'http://localhost:36805/',      anyPort: true,  ok: true },
  { registered: 'http://localhost',          asked: 'http://localhost:36805',       anyPort: false, ok: false },
  { registered: 'http://localhost',          asked: 'http://localhost:36805/x',     anyPort: true,  ok: false },
  { registered: 'http://localhost',          asked: 'http://127.0.0.1:36805',       anyPort: true,  ok: false },
  { registered: 'http://localhost',          asked: 'https://localhost:36805',      anyPort: true,  ok: false },
  { registered: 'http://localhost',          asked: 'http://localhost:0',           anyPort: true,  ok: false },
  { registered: 'http://localhost',          asked: 'http://localhost:99999',       anyPort: true,  ok: false },
  { registered: 'http://localhost',          asked: 'http://localhost:1@evil.test', anyPort: true,  ok: false },
  { registered: 'http://localhost:5555/',    asked: 'http://localhost:5556/',       anyPort: true,  ok: false },
  { registered: 'http://127.0.0.1/callback', asked: 'http://127.0.0.1:1/callback',  anyPort: true,  ok: true },
]

test('redirect URIs are compared as text; only a loopback URI that is registered without a port matches every port', () => {
  for (const { registered, asked, anyPort, ok } of matches) {
    assert.equal(matchesRedirectUri(registered, asked, { anyPort }), ok, `${registered} and ${asked}`)
  }
})
