import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { mustRun } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { exercise } from './exercise.ts'
import { type Scene, requireBuilt, version } from './scene.ts'

/** A root file system with the executable, the libraries that it needs, and nothing else. */
async function makeEmptyRoot(root: string, executable: string, scene: Scene): Promise<void> {
  const { stdout } = await mustRun('ldd', [executable], { env: scene.home.env })
  const libraries = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path)
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
  copyFileSync(executable, join(root, 'acrux'))
}

/** Runs the executable in the root, where the folder has the same path as here. */
function inRoot(root: string, folder: string): readonly [string, ...string[]] {
  mkdirSync(join(root, folder), { recursive: true })
  const script = 'mount --bind "$2" "$1$2" && root=$1 && shift 2 && exec chroot "$root" /acrux "$@"'
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', root, folder]
}

/** Tests the executable of this machine. */
export function testExecutable(scene: Scene): void {
  test('the executable, alone in an empty root, serves pushes and sign-ins', async (t) => {
    const built = requireBuilt(t, scene, 'unshare', 'chroot', 'ldd')
    if (built === undefined) return
    using root = tempDir('root')
    using folder = tempDir('volume')
    await makeEmptyRoot(root.path, built.file(/linux-x64$/), scene)
    const program = inRoot(root.path, folder.path)
    const [command, ...args] = program
    const { stdout } = await mustRun(command, [...args, 'version'], { env: scene.home.env })
    assert.match(stdout, new RegExp(`^acrux ${version.replaceAll('.', '\\.')} \\(node 26\\.`))
    await using server = await startServer({ program, dataDir: join(folder.path, 'data'), dev: false })
    await exercise(server)
    const env = { ...scene.home.env, ACRUX_DATA_DIR: server.dataDir, ACRUX_LISTEN: `127.0.0.1:${server.port}` }
    assert.match((await mustRun(command, [...args, 'health'], { env })).stdout, /is ready/)
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
  })
  test('the image for arm64 contains an executable that runs, with its libraries', async (t) => {
    const built = requireBuilt(t, scene, 'qemu-aarch64')
    if (built === undefined) return
    using folder = tempDir('arm64')
    const root = await unpackImage(built.file(/-image\.tar$/), folder.path, scene)
    const args = ['-L', root, join(root, 'usr/bin/acrux'), 'version']
    const { stdout } = await mustRun('qemu-aarch64', args, { env: scene.home.env })
    assert.match(stdout, new RegExp(`^acrux ${version.replaceAll('.', '\\.')} \\(node 26\\.`))
  })
}

/** Unpacks the layers of the image for arm64, the second of the archive, and returns the root file system. */
async function unpackImage(archive: string, folder: string, { home: { env } }: Scene): Promise<string> {
  await mustRun('tar', ['-xf', archive, '-C', folder], { env })
  const blob = (digest: string) => join(folder, 'blobs', digest.replace(':', '/'))
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
  const index = read(blob(stringAt(read(join(folder, 'index.json')), 'manifests', 0, 'digest')))
  assert.equal(at(index, 'manifests', 1, 'platform', 'architecture'), 'arm64')
  const manifest = read(blob(stringAt(index, 'manifests', 1, 'digest')))
  const root = join(folder, 'root')
  mkdirSync(root)
  for (const layer of [0, 1]) {
    await mustRun('tar', ['-xzf', blob(stringAt(manifest, 'layers', layer, 'digest')), '-C', root], { env })
  }
  return root
}
