import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { at, listAt } from '../harness/json.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { registry, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const acrux = acruxClient(server.caFile)
after(() => acrux[Symbol.dispose]())
await acrux.text(principalLogin(server), { input: servicePrincipal.password })

const remove = ['acr', 'manifest', 'delete', '-r', registry]

async function push(repository: string, ...tags: readonly string[]): Promise<readonly string[]> {
  const digests: string[] = []
  for (const tag of tags) digests.push((await pushImage(server, repository, tag, owner)).digest)
  return digests
}

async function tagsOf(repository: string): Promise<readonly string[]> {
  const answer = await get(server, `/v2/${repository}/tags/list`, owner)
  return listAt(answer.json(), 'tags').map(String)
}

test('acrux asks once for several manifests, and names the number, the tags and the size', async () => {
  const [first = ''] = await push('many/ask', '1', '2', '3')
  await pushImage(server, 'many/ask', 'keep', owner)
  const images = ['-n', 'many/ask', '--many', first, '2', 'many/ask:3', '1']
  await acrux.fails(1, /delete 3 manifests with 3 tags \(at most [\d.]+ \w+\) in many\/ask of .*--yes/s, [
    ...remove,
    ...images,
  ])
  const planned = await acrux.json([...remove, ...images, '--dry-run'])
  assert.equal(at(planned, 'dryRun'), true)
  assert.deepEqual(
    listAt(planned, 'manifests').map((each) => at(each, 'tags')),
    [['1'], ['2'], ['3']],
  )
  assert.deepEqual((await tagsOf('many/ask')).toSorted(), ['1', '2', '3', 'keep'], 'nothing was deleted')
  const deleted = await acrux.json([...remove, ...images, '--yes'])
  assert.equal(listAt(deleted, 'manifests').length, 3)
  assert.deepEqual(await tagsOf('many/ask'), ['keep'])
})

test('acrux deletes the other images if one is locked or missing, and names each failure with its reason', async () => {
  const [locked = ''] = await push('many/locked', 'locked')
  await push('many/locked', '1', '2', 'keep')
  await push('many/other', '1', 'keep')
  const image = ['-r', registry, '-n', 'many/locked:locked']
  await acrux.json([
    'acr',
    'repository',
    'update',
    '-n',
    registry,
    '--image',
    'many/locked:locked',
    '--delete-enabled',
    'false',
  ])
  await acrux.json(['acr', 'manifest', 'show', ...image])
  const list = join(acrux.home.path, 'old.txt')
  writeFileSync(list, 'many/locked:1\n# a comment\n\nmany/locked:locked\n')
  const ran = await acrux.run([...remove, '--many', `@${list}`, '-', '--yes', '-o', 'json'], {
    input: 'many/locked:2\nmany/locked:absent\nmany/other:1\n',
  })
  assert.equal(ran.code, 1, ran.stderr)
  assert.match(ran.stderr, new RegExp(`failed to delete many/locked@${locked}: a tag of the manifest is locked`))
  assert.match(ran.stderr, /failed to delete many\/locked:absent: .*the specified tag does not exist/)
  const result = JSON.parse(ran.stdout) as unknown
  assert.equal(listAt(result, 'manifests').length, 3)
  assert.equal(listAt(result, 'failed').length, 2)
  assert.deepEqual((await tagsOf('many/locked')).toSorted(), ['keep', 'locked'])
  assert.deepEqual(await tagsOf('many/other'), ['keep'])
})

test('acrux lists the manifest of a single deletion in a dry run, and does not delete it', async () => {
  const [digest = ''] = await push('many/single', '1')
  const planned = await acrux.json([...remove, '-n', 'many/single:1', '--dry-run'])
  assert.deepEqual(planned, { repository: 'many/single', digest })
  assert.deepEqual(await tagsOf('many/single'), ['1'])
})

test('acrux rejects several manifests without --many, and --many without images', async () => {
  await acrux.fails(2, /to delete several manifests, add --many/, [...remove, '-n', 'many/ask:1', 'a', 'b', '--yes'])
  await acrux.fails(2, /--many needs the images to delete/, [...remove, '--many', '--yes'])
  await acrux.fails(2, /'1' is neither name:tag nor name@digest/, [...remove, '--many', '1', '--yes'])
})
