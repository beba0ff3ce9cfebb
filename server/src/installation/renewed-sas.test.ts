import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ContainerClient, ContainerSASPermissions, StorageSharedKeyCredential } from '@azure/storage-blob'
import { StorageUnavailableError } from '../storage/index.ts'
import { azuriteAccount, hasAzurite, startAzurite } from '../../../test/setup/object-servers.ts'
import { openObjects } from './open-storage.ts'

const skip = hasAzurite() ? false : 'not run, missing on this machine: Azurite'

test('a renewed SAS token is read from its file when the store denies the old one', { skip }, async (t) => {
  const server = await startAzurite()
  t.after(() => server.stop())
  const directory = await mkdtemp(join(tmpdir(), 'acrux-sas-'))
  t.after(() => rm(directory, { recursive: true }))
  const key = new StorageSharedKeyCredential(azuriteAccount.name, azuriteAccount.key)
  const container = new ContainerClient(`${server.endpoint}/test`, key)
  await container.create()
  const file = join(directory, 'sas')
  const renew = async (expiresOn: Date) => {
    const permissions = ContainerSASPermissions.parse('rwdlac')
    const url = await container.generateSasUrl({ permissions, startsOn: new Date(0), expiresOn })
    writeFileSync(file, new URL(url).search, { mode: 0o600 })
  }
  await renew(new Date(Date.now() - 60_000))
  const azureBlob = { endpoint: server.endpoint, container: 'test', keyFile: undefined, sasFile: file }
  const s3 = {
    bucket: undefined,
    region: '',
    endpoint: undefined,
    pathStyle: true,
    checksums: 'when-required',
  } as const
  const objects = await openObjects({ kind: 'azure-blob', prefix: '', redirect: false, azureBlob, s3 }, {})
  t.after(() => objects.close())
  const put = () => objects.put('key', Buffer.from('x'), {})
  await assert.rejects(put(), (error) => error instanceof StorageUnavailableError && /answered 403/.test(error.message))
  await renew(new Date(Date.now() + 3_600_000))
  await put()
  assert.deepEqual(await Array.fromAsync(objects.list('')), ['key'])
})
