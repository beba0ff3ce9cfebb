import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseCertificateHost, requireCertificateHost, sortHosts } from './certificate-hosts.ts'
import { CertificateError } from './key-pair.ts'

const hosts: readonly { text: string; host: string | undefined; why: string }[] = [
  { text: 'localhost', host: 'localhost', why: 'one label is a name' },
  { text: 'Registry.Example.com:5443', host: 'registry.example.com', why: 'names have no case, certificates no ports' },
  { text: '*.azurecr.localhost:5443', host: '*.azurecr.localhost', why: 'a wildcard in the first label' },
  { text: '127.0.0.1:80', host: '127.0.0.1', why: 'an address with a port' },
  { text: '::1', host: '::1', why: 'a bare IPv6 address' },
  { text: '[::1]:5443', host: '::1', why: 'a bracketed one with a port' },
  { text: '0:0:0:0:0:0:0:1', host: '::1', why: 'one spelling of each address' },
  { text: 'fe80::1%eth0', host: undefined, why: 'an address that means something to this machine only' },
  { text: '999.1.1.1', host: undefined, why: 'an address that is none' },
  { text: 'a.*.example.com', host: undefined, why: 'a wildcard elsewhere' },
  { text: '*', host: undefined, why: 'a wildcard over everything' },
  { text: 'a..b', host: undefined, why: 'an empty label' },
  { text: '-a.example', host: undefined, why: 'a label beginning with a hyphen' },
  { text: 'a, DNS:b', host: undefined, why: 'what would smuggle in a second name' },
  { text: '[127.0.0.1]', host: undefined, why: 'brackets are for IPv6' },
  { text: 'a:b', host: undefined, why: 'a port that is no number' },
  { text: '', host: undefined, why: 'nothing' },
]

describe('a host of a certificate', () => {
  for (const { text, host, why } of hosts) {
    test(`is ${host ?? 'rejected'} for "${text}": ${why}`, () => assert.equal(parseCertificateHost(text), host))
  }

  test('an invalid required host causes an error that contains the host', () => {
    assert.throws(() => requireCertificateHost('no host'), CertificateError)
  })

  test('a host is omitted if a wildcard in the list covers the host for every client', () => {
    assert.deepEqual(
      sortHosts(['b.x.test', '*.x.test', 'a.b.x.test', 'b.x.test', 'foo.localhost', '*.localhost', '::1']),
      {
        dnsNames: ['*.localhost', '*.x.test', 'a.b.x.test', 'foo.localhost'],
        addresses: ['::1'],
      },
    )
  })
})
