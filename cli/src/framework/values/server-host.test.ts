import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isServerHost } from './server-host.ts'

// prettier-ignore
const cases: readonly (readonly [text: string, isHost: boolean, why: string])[] = [
  ['contoso.azurecr.io',                 true,  'a name'],
  ['Contoso.azurecr.io',                 true,  'in any case'],
  ['registry.example.com:5443',          true,  'with a port'],
  ['localhost:5443',                     true,  'one label'],
  ['127.0.0.1:5443',                     true,  'an address'],
  ['[::1]:5443',                         true,  'an IPv6 address'],
  ['evil.example?.azurecr.io',           false, 'the host ends before the query'],
  ['evil.example#.azurecr.io',           false, 'the host ends before the fragment'],
  [String.raw`evil.example\.azurecr.io`, false, 'URLs read a backslash as a slash'],
  ['evil.example/.azurecr.io',           false, 'a path'],
  ['contoso.azurecr.io@evil.example',    false, 'a user name that looks like a host'],
  ['evil.example\n.azurecr.io',          false, 'URLs drop line feeds'],
  ['evil.example\t.azurecr.io',          false, 'URLs drop tabs'],
  ['evil.example:443:.azurecr.io',       false, 'two ports'],
  ['contoso.azurecr.io:99999',           false, 'no port'],
  ['..',                                 false, 'a name of a directory'],
  ['',                                   false, 'empty'],
]

test('a text is the host of a server only if a URL with it has this host', () => {
  for (const [text, isHost, why] of cases) assert.equal(isServerHost(text), isHost, `${text}: ${why}`)
})
