import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientHome, run } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { makeImage } from '../clients/az/podman.ts'
import { examplesOf, readDocument } from '../clients/lib/examples.ts'
import { startUntilReady } from './program.ts'
import { type Scene, requireBuilt } from './scene.ts'

const page = readDocument('docs/tutorials/first-registry.md')

/** Runs the three commands of the tutorial with the executable, and prints how long each took. */
export function testFirstPush(scene: Scene): void {
  test('three commands lead from nothing to a pushed image', async (t) => {
    const built = requireBuilt(t, scene, 'podman')
    if (built === undefined) return
    const [serve, login, push, ...others] = `${examplesOf(page, 'three-serve')}${examplesOf(page, 'three')}`
      .trim()
      .split('\n')
    assert.deepEqual([serve, others], ['acrux serve', []])
    using home = clientHome()
    const bin = join(home.path, 'bin')
    mkdirSync(bin)
    symlinkSync(built.file(/linux-x64$/), join(bin, 'acrux'))
    await makeImage(home, 'localhost/hello:1', 'hello\n')
    // The default port may be taken, and the default directory of root is that of the machine's service.
    const port = await freePort()
    const own = { ACRUX_LISTEN: `127.0.0.1:${port}`, ACRUX_DATA_DIR: join(home.path, 'data') }
    const env = { ...home.env, PATH: `${bin}:${home.env['PATH'] ?? ''}`, ...own }

    await using serving = await startUntilReady(join(bin, 'acrux'), ['serve'], env)
    const times = [serving.readyMs]
    for (const command of [login, push]) {
      const startedMs = performance.now()
      const here = (command ?? '').replaceAll('localhost:5443', `localhost:${port}`)
      const ran = await run('bash', ['-euo', 'pipefail', '-c', here], { env })
      times.push(performance.now() - startedMs)
      assert.equal(ran.code, 0, `${here}\n${ran.stdout}${ran.stderr}`)
    }
    const pulled = await run('podman', ['pull', '--tls-verify=false', `localhost:${port}/hello:1`], { env })
    assert.equal(pulled.code, 0, pulled.stderr)
    const commands = [serve, login, push]
    for (const [index, ms] of times.entries()) t.diagnostic(`${(ms / 1000).toFixed(1)} s  $ ${commands[index] ?? ''}`)
    t.diagnostic(`${(times.reduce((sum, ms) => sum + ms, 0) / 1000).toFixed(1)} s  in all`)
  })
}
