import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issueAuthority, issueServerCertificate } from '../../platform/tls/issue.ts'
import { RequestedNames } from './requested-names.ts'

test('a certificate is issued once for each requested name, up to a maximum', async () => {
  const authority = await issueAuthority(Date.now())
  const pair = await issueServerCertificate(authority, { dnsNames: ['registry'], addresses: [] }, Date.now())
  const issued: string[] = []
  const names = new RequestedNames(async (host) => {
    issued.push(host)
    if (host === 'denied') throw new Error('not permitted')
    return pair
  })
  assert.ok((await names.contextOf('Registry')) !== undefined)
  assert.ok((await names.contextOf('registry')) !== undefined)
  assert.deepEqual(issued, ['registry'])
  assert.equal(await names.contextOf('denied'), undefined)
  for (const local of ['localhost', 'contoso.azurecr.localhost', 'no host']) {
    assert.equal(names.contextOf(local), undefined, local)
  }
  for (let count = 0; count < 100; count += 1) await names.contextOf(`host-${count}`)
  assert.equal(issued.length, 64)
})
