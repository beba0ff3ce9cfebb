import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mustRun } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { startUntilReady } from './program.ts'
import { type Scene, requireBuilt, version } from './scene.ts'

/** Tests the Debian package in a root of Debian. */
export function testDebianPackage(scene: Scene): void {
  test('the Debian package installs the program and its service, and keeps the data when it is removed', async (t) => {
    const built = requireBuilt(t, scene, 'chroot', 'systemd-analyze')
    if (built === undefined) return
    using root = tempDir('debian')
    const { env } = scene.home
    const direct = { PATH: env['PATH'] ?? '', HOME: env['HOME'] ?? '' }
    const include = '--include=libstdc++6,libatomic1,ca-certificates'
    await mustRun('mmdebstrap', ['--quiet', '--variant=minbase', include, 'trixie', root.path], { env: direct })
    copyFileSync(built.file(/_amd64\.deb$/), join(root.path, 'acrux.deb'))
    const inRoot = (...args: readonly string[]) => mustRun('chroot', [root.path, ...args], { env: direct })

    await inRoot('dpkg', '--install', '/acrux.deb')
    assert.match((await inRoot('acrux', 'version')).stdout, new RegExp(`^acrux ${version} `))
    for (const name of ['docker-credential-acrux', 'acrux-credential-provider'])
      assert.equal((await inRoot(name, 'version')).stdout, `${name} (acrux) ${version}\n`)
    for (const path of ['bash-completion/completions/acrux', 'doc/acrux/copyright', 'doc/acrux/THIRD-PARTY-NOTICES']) {
      assert.ok(existsSync(join(root.path, 'usr/share', path)), path)
    }
    await verifyUnit(join(root.path, 'usr/lib/systemd/system/acrux.service'), built.file(/linux-x64$/), direct)

    const port = await freePort()
    const args = [root.path, 'acrux', 'serve', '--listen', `127.0.0.1:${port}`]
    await using server = await startUntilReady('chroot', args, direct)
    const health = ['env', `ACRUX_LISTEN=127.0.0.1:${port}`, 'acrux', 'health', '--wait']
    assert.match((await inRoot(...health)).stdout, /is ready/)
    const firstRun = join(root.path, 'var/lib/acrux/first-run.json')
    const before = readFileSync(firstRun, 'utf8')
    await server.stop()

    const removed = await inRoot('dpkg', '--purge', 'acrux')
    assert.match(removed.stderr, /\/var\/lib\/acrux keeps the data/)
    assert.equal(existsSync(join(root.path, 'usr/bin/acrux')), false)
    assert.equal(existsSync(join(root.path, 'etc/acrux')), false)
    assert.equal(readFileSync(firstRun, 'utf8'), before)
  })
}

/** Verifies the unit on this machine, where the program has another path. */
async function verifyUnit(file: string, executable: string, env: Readonly<Record<string, string>>): Promise<void> {
  using folder = tempDir('unit')
  const unit = join(folder.path, 'acrux.service')
  writeFileSync(unit, readFileSync(file, 'utf8').replaceAll('/usr/bin/acrux', executable))
  const verified = await mustRun('systemd-analyze', ['verify', unit], { env })
  assert.equal(verified.stdout + verified.stderr, '')
}
