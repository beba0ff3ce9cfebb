import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  formatListenAddress,
  isLoopback,
  parseSomeAddresses,
  parseHostSuffix,
  parseListenAddress,
  parseListenAddressOrFreePort,
  parsePublicHost,
  parseTokenService,
} from './network-address.ts'

type Case<Value> = { readonly text: string; readonly value: Value | undefined; readonly why: string }

function table<Value>(
  subject: string,
  parse: (text: string) => Value | undefined,
  cases: readonly Case<Value>[],
): void {
  describe(subject, () => {
    for (const { text, value, why } of cases) {
      test(`"${text}": ${why}`, () => assert.deepEqual(parse(text), value))
    }
  })
}

table('an address to listen on, or a free port', parseListenAddressOrFreePort, [
  { text: '127.0.0.1:0', value: { host: '127.0.0.1', port: 0 }, why: 'the operating system chooses the port' },
  { text: '[::1]:443', value: { host: '::1', port: 443 }, why: 'a port' },
  { text: '127.0.0.1', value: undefined, why: 'the port is missing' },
])

table('an address to listen on', parseListenAddress, [
  { text: '127.0.0.1:5443', value: { host: '127.0.0.1', port: 5443 }, why: 'an IPv4 address' },
  { text: '[::1]:443', value: { host: '::1', port: 443 }, why: 'an IPv6 address in brackets' },
  { text: '[0:0:0:0:0:0:0:0]:443', value: { host: '::', port: 443 }, why: 'one spelling of each address' },
  { text: 'Localhost:80', value: { host: 'localhost', port: 80 }, why: 'a name, which has no case' },
  { text: '127.0.0.1', value: undefined, why: 'the port is missing' },
  { text: ':5443', value: undefined, why: 'the host is missing, and every address would be a surprise' },
  { text: '::1:443', value: undefined, why: 'without brackets the port is ambiguous' },
  { text: '127.0.0.1:0', value: undefined, why: 'the port would be unknown to clients' },
  { text: '127.0.0.1:65536', value: undefined, why: 'no such port' },
  { text: '127.0.0.256:80', value: undefined, why: 'neither an address nor a name' },
  { text: 'a b:80', value: undefined, why: 'no name has a blank' },
  { text: 'https://localhost:80', value: undefined, why: 'a URL' },
])

table('a public host', parsePublicHost, [
  { text: 'Registry.Example.com', value: 'registry.example.com', why: 'a name with a dot' },
  { text: 'localhost', value: 'localhost', why: 'the one name without a dot that clients know for a host' },
  { text: 'registry:5443', value: 'registry:5443', why: 'a port shows that it is a host' },
  { text: '[::1]:5443', value: '[::1]:5443', why: 'an address keeps its brackets' },
  { text: 'registry', value: undefined, why: 'clients take it for a repository' },
  { text: 'registry.example.com/', value: undefined, why: 'a path' },
  { text: 'user@registry.example.com', value: undefined, why: 'a user name' },
  { text: 'registry.example.com.', value: undefined, why: 'clients do not know the trailing dot' },
])

table('a host suffix', parseHostSuffix, [
  { text: '.azurecr.Example.com', value: '.azurecr.example.com', why: 'lower case' },
  { text: '.azurecr.localhost:5443', value: '.azurecr.localhost:5443', why: 'with a port' },
  { text: 'azurecr.example.com', value: undefined, why: 'the dot is missing' },
  { text: '..example.com', value: undefined, why: 'an empty label' },
  { text: '.127.0.0.1', value: undefined, why: 'an address has no subdomains' },
])

table('the token service of a registry', parseTokenService, [
  {
    text: 'Reg.example=login.example',
    value: { registry: 'reg.example', host: 'login.example' },
    why: 'two hosts, in lower case',
  },
  {
    text: 'reg.example:443=login.example:8443',
    value: { registry: 'reg.example', host: 'login.example:8443' },
    why: 'as URLs have ports',
  },
  {
    text: '[0:0::1]:5000=127.0.0.1',
    value: { registry: '[::1]:5000', host: '127.0.0.1' },
    why: 'addresses, each in one spelling',
  },
  { text: 'reg.example', value: undefined, why: 'the other host is missing' },
  { text: 'reg.example=', value: undefined, why: 'an empty host' },
  { text: 'a.example=b.example=c.example', value: undefined, why: 'three hosts' },
  { text: 'reg.example=https://login.example', value: undefined, why: 'a URL' },
  { text: '*.example=login.example', value: undefined, why: 'no patterns' },
])

table('a range of addresses', parseSomeAddresses, [
  { text: '10.0.0.1', value: '10.0.0.1', why: 'one address' },
  { text: '10.0.0.0/8', value: '10.0.0.0/8', why: 'an IPv4 range' },
  { text: 'FD00::/8', value: 'fd00::/8', why: 'an IPv6 range' },
  { text: '0.0.0.0/0', value: undefined, why: 'not every address is a proxy' },
  { text: '::/0', value: undefined, why: 'not every address is a proxy' },
  { text: '10.0.0.0/33', value: undefined, why: 'too many bits' },
  { text: 'proxy.example.com', value: undefined, why: 'a name, which others could point elsewhere' },
])

describe('a listener', () => {
  test('is loopback when only this machine can reach it', () => {
    const loopback = ['127.0.0.1:80', '127.9.9.9:80', '[::1]:80', 'localhost:80']
    const open = ['0.0.0.0:80', '[::]:80', '192.0.2.1:80', 'example.com:80', '127.example.com:80', 'a.localhost:80']
    const classify = (text: string) => isLoopback(parseListenAddress(text) ?? { host: '', port: 0 })
    assert.deepEqual(loopback.filter(classify), loopback)
    assert.deepEqual(open.filter(classify), [])
  })

  test('has the same format after parsing', () => {
    for (const text of ['127.0.0.1:80', '[::1]:443']) {
      assert.equal(formatListenAddress(parseListenAddress(text) ?? { host: '', port: 0 }), text)
    }
  })
})
