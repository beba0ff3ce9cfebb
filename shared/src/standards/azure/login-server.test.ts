import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseLoginServer, withoutDefaultPort } from './login-server.ts'

test('a Host header is a name or an address, and perhaps a port', () => {
  const label63 = 'a'.repeat(63)
  // prettier-ignore
  const cases: readonly { host: string; server: string | undefined; why: string }[] = [
    { host: 'contoso.azurecr.io', server: 'contoso.azurecr.io', why: 'the usual one' },
    { host: 'Contoso.AzureCR.io', server: 'contoso.azurecr.io', why: 'hosts have no case' },
    { host: 'localhost:5443', server: 'localhost:5443', why: 'a port' },
    { host: 'contoso.azurecr.localhost:5443', server: 'contoso.azurecr.localhost:5443', why: 'a name and a port' },
    { host: 'contoso.azurecr.io:443', server: 'contoso.azurecr.io:443', why: 'the port is kept as it is written' },
    { host: 'a', server: 'a', why: 'one letter' },
    { host: '1a.b', server: '1a.b', why: 'a label may begin with a digit' },
    { host: 'xn--bcher-kva.example', server: 'xn--bcher-kva.example', why: 'an international name, encoded' },
    { host: `${label63}.${label63}.${label63}.${'a'.repeat(61)}`, server: `${label63}.${label63}.${label63}.${'a'.repeat(61)}`, why: 'the longest' },
    { host: '127.0.0.1:5443', server: '127.0.0.1:5443', why: 'IPv4' },
    { host: '255.255.255.255', server: '255.255.255.255', why: 'IPv4' },
    { host: '[::1]:5443', server: '[::1]:5443', why: 'IPv6' },
    { host: '[2001:DB8:0:0:0:0:0:1]', server: '[2001:db8::1]', why: 'IPv6 has one canonical spelling' },
    { host: '[::ffff:127.0.0.1]', server: '[::ffff:7f00:1]', why: 'IPv6 that holds IPv4' },
    { host: '', server: undefined, why: 'nothing' },
    { host: ':5443', server: undefined, why: 'a port alone' },
    { host: 'a:', server: undefined, why: 'an empty port' },
    { host: 'a:0', server: undefined, why: 'no port' },
    { host: 'a:65536', server: undefined, why: 'beyond the last port' },
    { host: 'a:0443', server: undefined, why: 'two spellings of one port' },
    { host: 'a:x', server: undefined, why: 'no number' },
    { host: 'a:1:2', server: undefined, why: 'two ports' },
    { host: '::1', server: undefined, why: 'IPv6 without brackets' },
    { host: '[::1', server: undefined, why: 'half a bracket' },
    { host: '[::1]x', server: undefined, why: 'something behind' },
    { host: '[::g]', server: undefined, why: 'no hex' },
    { host: '[1:2:3]', server: undefined, why: 'too short' },
    { host: '[fe80::1%eth0]', server: undefined, why: 'a zone' },
    { host: '256.0.0.1', server: undefined, why: 'no octet' },
    { host: '127.1', server: undefined, why: 'an address that only some resolvers read' },
    { host: '0127.0.0.1', server: undefined, why: 'an octal octet' },
    { host: '2130706433', server: undefined, why: 'an address written as one number' },
    { host: 'a..b', server: undefined, why: 'an empty label' },
    { host: '.a', server: undefined, why: 'an empty label' },
    { host: 'a.', server: undefined, why: 'a trailing dot would be another text for one host' },
    { host: '-a', server: undefined, why: 'begins with a hyphen' },
    { host: 'a-', server: undefined, why: 'ends with a hyphen' },
    { host: 'a_b', server: undefined, why: 'an underscore' },
    { host: `${'a'.repeat(64)}.b`, server: undefined, why: 'a label too long' },
    { host: `${label63}.${label63}.${label63}.${'a'.repeat(62)}`, server: undefined, why: 'a name too long' },
    { host: 'user@a', server: undefined, why: 'userinfo' },
    { host: 'a/b', server: undefined, why: 'a path' },
    { host: 'a\\b', server: undefined, why: 'a backslash' },
    { host: 'a, b', server: undefined, why: 'two hosts that a proxy joined' },
    { host: 'a"', server: undefined, why: 'would end the quotes of a challenge' },
    { host: 'a\r\nb', server: undefined, why: 'a line end' },
    { host: 'a\0', server: undefined, why: 'NUL' },
    { host: 'bücher.example', server: undefined, why: 'not encoded' },
    { host: '\u212aontoso', server: undefined, why: 'the Kelvin sign is lower-cased to a letter' },
    { host: 'a%41', server: undefined, why: 'an escape' },
  ]
  for (const { host, server, why } of cases) assert.equal(parseLoginServer(host), server, `${host}: ${why}`)
})

test('a login server reads as itself', () => {
  const unit = fc.constantFrom('a', 'B', '1', '0', '.', '-', ':', '[', ']', '_', '/', '@')
  const host = fc.oneof(
    fc.string({ unit }),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  )
  fc.assert(
    fc.property(host, fc.option(fc.integer({ min: 1, max: 65_535 })), (name, port) => {
      const server = parseLoginServer(port === null ? name : `${name}:${port}`)
      if (server !== undefined) {
        assert.equal(parseLoginServer(server), server)
        assert.equal(URL.parse(`https://${server}/`)?.host, server.replace(/:443$/, ''))
      }
    }),
  )
})

test('the default port is removed from a host if clients still recognise it as a host', () => {
  // prettier-ignore
  const cases: readonly (readonly [host: string, port: number, bare: string, why: string])[] = [
    ['registry.example:443', 443, 'registry.example', 'as clients write it'],
    ['registry.example:80',  443, 'registry.example:80', 'the port of another scheme'],
    ['registry.example:80',  80, 'registry.example', 'the port of HTTP'],
    ['registry.example:4443', 443, 'registry.example:4443', 'a port that ends alike'],
    ['registry.example',     443, 'registry.example', 'nothing to leave out'],
    ['localhost:443',        443, 'localhost', 'the one name without a dot that clients know'],
    ['registry:443',         443, 'registry:443', 'a repository, if it had no port'],
    ['[::1]:443',            443, '[::1]', 'an address'],
    ['.azurecr.localhost:443', 443, '.azurecr.localhost', 'what follows a name'],
  ]
  for (const [host, port, bare, why] of cases) assert.equal(withoutDefaultPort(host, port), bare, why)
})
