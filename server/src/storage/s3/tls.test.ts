import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { issueAuthority, issueServerCertificate } from '../../platform/tls/issue.ts'
import { openS3Objects } from './s3-objects.ts'

const requests: IncomingHttpHeaders[] = []
const authority = await issueAuthority(Date.now())
const pair = await issueServerCertificate(authority, { dnsNames: ['localhost'], addresses: [] }, Date.now())
const server = createServer(pair, (request, response) => {
  requests.push(request.headers)
  request.resume().on('end', () => response.writeHead(200, { etag: '"1"' }).end())
})
const trusted = getCACertificates()

before(async () => {
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' })
  setDefaultCACertificates([...trusted, authority.cert])
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => {
  delete process.env['AWS_ACCESS_KEY_ID']
  delete process.env['AWS_SECRET_ACCESS_KEY']
  setDefaultCACertificates(trusted)
  server.close()
})

test('over TLS, the bytes of a part have a checksum, and are not hashed again for the signature', async () => {
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`
  const settings = {
    bucket: 'test',
    region: 'us-east-1',
    pathStyle: true,
    checksums: 'when-supported',
    prefix: '',
  } as const
  const objects = await openS3Objects({ ...settings, endpoint })
  await objects.putPart({ key: 'a', token: '1', number: 1 }, Buffer.from('bytes'))
  await objects.put('b', Buffer.from('bytes'), {})
  objects.close()
  assert.deepEqual(
    requests.map((headers) => [headers['x-amz-content-sha256'], typeof headers['x-amz-checksum-crc32']]),
    [
      ['UNSIGNED-PAYLOAD', 'string'],
      ['UNSIGNED-PAYLOAD', 'string'],
    ],
  )
})
