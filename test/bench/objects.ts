import { randomBytes } from 'node:crypto'
import { digestOf } from '../harness/registry.ts'
import { bearer, blobBytes, ratioFigure, times } from './blobs.ts'
import { startBaseline, startObjectStub } from './children.ts'
import { inTurns, type Figure, type Settings } from './figure.ts'
import { repositoryName } from './seed.ts'
import { fill, startOn } from './subject.ts'

/** The maximum processor time, as a multiple of that of a stream through the same SDK. */
const mostTime = 1.5

const credentials = { AWS_ACCESS_KEY_ID: 'bench', AWS_SECRET_ACCESS_KEY: 'bench-secret' }

/**
 * The processor time of downloads and uploads of blobs in S3, compared with a bare server that streams the same bytes
 * through the same SDK, and hashes the bytes that it receives.
 */
export async function measureObjects(settings: Settings): Promise<Figure[]> {
  const { load, cores, rounds, serverArgs, say } = settings
  await using stub = await startObjectStub(cores.load)
  const { endpoint, caFile } = stub
  const env = { ...credentials, NODE_EXTRA_CA_CERTS: caFile }
  Object.assign(process.env, env)
  const place = ['--storage-s3-endpoint', endpoint, '--storage-s3-bucket', 'bench', '--storage-s3-path-style']
  const storage = { args: ['--storage-kind', 's3', ...place], env }
  using filled = await fill({ repositories: 10 }, undefined, storage)
  await using subject = await startOn(filled, cores.server, serverArgs)
  const headers = await bearer(subject)
  const blobs = `/v2/${repositoryName(1)}/blobs`
  const task = { kind: 'objects', endpoint, bucket: 'bench', key: 'bare' } as const
  await using bare = await startBaseline(task, subject.target, subject.pairFile, cores.server)

  say('object-push')
  const push = { kind: 'upload', path: `${blobs}/uploads/`, headers, sizeBytes: blobBytes, times } as const
  const pushes = await inTurns(rounds, {
    bare: () => load.run({ ...push, how: 'whole', target: bare.target }),
    acrux: () => load.run({ ...push, how: 'registry', target: subject.target }),
  })

  say('object-get')
  const bytes = randomBytes(blobBytes)
  const digest = digestOf(bytes)
  const type = { 'content-type': 'application/octet-stream' }
  const pushed = await subject.ask('POST', `${blobs}/uploads/?digest=${digest}`, { ...headers, ...type }, bytes)
  if (pushed.status !== 201) throw new Error(`status ${pushed.status}: ${pushed.text()}`)
  const get = { kind: 'download', path: `${blobs}/${digest}`, headers, times } as const
  const gets = await inTurns(rounds, {
    bare: () => load.run({ ...get, target: bare.target }),
    acrux: () => load.run({ ...get, target: subject.target }),
  })
  return [
    ratioFigure('object-get', mostTime, gets.bare, gets.acrux),
    ratioFigure('object-push', mostTime, pushes.bare, pushes.acrux),
  ]
}
