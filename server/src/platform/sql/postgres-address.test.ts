import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectionTo, parsePostgresUrl } from './postgres-address.ts'

test('a URL of PostgreSQL contains a host, a user and a database, and connections to another machine use TLS', () => {
  const usual = { host: 'db.example.com', port: 5432, user: 'acrux', password: undefined, database: 'acrux', tls: true }
  // prettier-ignore
  const cases: readonly (readonly [url: string, expected: object | RegExp, why: string])[] = [
    ['postgres://acrux@db.example.com/acrux',                        usual,                                       'the usual form'],
    ['postgresql://acrux@db.example.com:5433/acrux',                 { ...usual, port: 5433 },                    'the other scheme, and a port'],
    ['postgres://acrux@localhost/acrux',                             { ...usual, host: 'localhost', tls: false }, 'this machine'],
    ['postgres://acrux@[::1]/acrux',                                 { ...usual, host: '::1', tls: false },       'an IPv6 address'],
    ['postgres://acrux@127.0.0.1/acrux?sslmode=require',             { ...usual, host: '127.0.0.1' },             'TLS on this machine'],
    ['postgres://acrux@127.0.0.1.example.com/acrux',                 { ...usual, host: '127.0.0.1.example.com' }, 'a host that begins like loopback'],
    ['postgres://acrux@db.example.com/acrux?sslmode=disable',        { ...usual, tls: false },                    'no TLS'],
    ['postgres://a%40b:p%3Aw@db.example.com/acrux',                  { ...usual, user: 'a@b', password: 'p:w' },  'encoded characters'],
    ['postgres://db.example.com/acrux',                              /must name the user/,                        'no user'],
    ['postgres://acrux@db.example.com',                              /must name the database/,                    'no database'],
    ['postgres://acrux@db.example.com/a/b',                          /must name the database/,                    'a path'],
    ['postgres://acrux@db.example.com/acrux?sslmode=prefer',         /sslmode/,                                   'a mode that may not use TLS'],
    ['postgres://acrux@db.example.com/acrux?options=-csearch_path',  /no parameter except sslmode/,                  'a parameter that a pooler rejects'],
    ['postgres://%E0%A4%A@db.example.com/acrux',                     /valid URL/,                                 'a wrong encoding'],
    ['mysql://acrux@db.example.com/acrux',                           /must be postgres:/,                         'another product'],
    ['postgres://a@one,two/acrux',                                   /must be postgres:/,                         'several hosts'],
    ['',                                                             /must be postgres:/,                         'nothing'],
  ]
  for (const [url, expected, why] of cases) {
    const parsed = parsePostgresUrl(url)
    if (expected instanceof RegExp) assert.match(typeof parsed === 'string' ? parsed : 'accepted', expected, why)
    else assert.deepEqual(parsed, expected, why)
  }
})

test('connections with TLS verify the certificate, and trust only the given certificate authorities', () => {
  const address = parsePostgresUrl('postgres://acrux@db.example.com/acrux')
  assert.ok(typeof address !== 'string')
  assert.deepEqual(connectionTo(address, {}).ssl, { rejectUnauthorized: true })
  assert.deepEqual(connectionTo(address, { ca: 'PEM' }).ssl, { rejectUnauthorized: true, ca: 'PEM' })
  assert.equal(connectionTo({ ...address, tls: false }, { ca: 'PEM' }).ssl, false)
})
