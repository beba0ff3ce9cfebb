import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { StorageUnavailableError } from '../storage/index.ts'
import { openObjects } from './open-storage.ts'

test('a renewed access key of S3 is read from the credentials file when the store denies the old one', async (t) => {
  const accepted = { id: 'NEWKEY' }
  const seen: string[] = []
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [, id = ''] = /Credential=([A-Z]+)\//.exec(request.headers.authorization ?? '') ?? []
      seen.push(id)
      response.writeHead(id === accepted.id ? 200 : 403, { etag: '"1"' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const directory = await mkdtemp(join(tmpdir(), 'acrux-s3-'))
  t.after(() => rm(directory, { recursive: true }))
  const file = join(directory, 'credentials')
  const names = [
    'AWS_SHARED_CREDENTIALS_FILE',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_PROFILE',
    'AWS_EC2_METADATA_DISABLED',
  ]
  const before = names.map((name) => [name, process.env[name]] as const)
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  for (const name of names) delete process.env[name]
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = file
  const write = (id: string) =>
    writeFileSync(file, `[default]\naws_access_key_id = ${id}\naws_secret_access_key = secret-of-${id}\n`)
  write('OLDKEY')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const s3 = { bucket: 'test', region: 'us-east-1', endpoint, pathStyle: true, checksums: 'when-required' } as const
  const azureBlob = { endpoint: undefined, container: undefined, keyFile: undefined, sasFile: undefined }
  const objects = await openObjects({ kind: 's3', prefix: '', redirect: false, azureBlob, s3 }, {})
  t.after(() => objects.close())
  const put = () => objects.put('key', Buffer.from('x'), {})
  await assert.rejects(put(), (error) => error instanceof StorageUnavailableError && /answered 403/.test(error.message))
  write('NEWKEY')
  await put()
  assert.equal(seen.at(-1), 'NEWKEY')
  // While the file has no key, the last one is used.
  writeFileSync(file, '')
  accepted.id = 'OTHERKEY'
  await assert.rejects(put(), StorageUnavailableError)
  assert.equal(seen.at(-1), 'NEWKEY')
  write('OTHERKEY')
  await put()
})
