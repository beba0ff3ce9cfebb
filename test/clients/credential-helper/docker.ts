import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expectStatus, graph } from '../../harness/arm.ts'
import { type Ran, mustRun, requireRoot } from '../../harness/clients.ts'
import { stringAt } from '../../harness/json.ts'
import { step } from '../az/az.ts'
import { helperHome } from '../lib/credential-helper.ts'
import { imageStores, startDocker } from '../lib/docker.ts'
import { type HelperScene, newPusher, signInBySecret } from './scene.ts'

/** Tests the real docker with the helper. */
export function testDocker({ server }: HelperScene): void {
  const programs = ['dockerd', 'docker', 'containerd', 'unshare', 'nsenter']
  step('docker asks the helper, and shows that a sign-in has ended', programs, async (t) => {
    if (!requireRoot(t)) return
    const { loginServer: host, registry } = server.firstRun
    const principal = await newPusher(server, 'docker')
    using client = helperHome(server.caFile)
    await signInBySecret(client, server, principal)
    await client.text(['acr', 'login', '-n', registry, '--helper'])
    await using daemon = await startDocker({
      hostname: 'localhost',
      host,
      store: imageStores[0],
      caFile: server.caFile,
    })
    const home = { ...client.home, env: client.env }
    const docker = (args: readonly string[], input?: string): Promise<Ran> => daemon.run(home, args, input)
    const succeeds = async (...args: string[]): Promise<string> => {
      const ran = await docker(args)
      assert.equal(ran.code, 0, `docker ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
      return ran.stdout
    }
    const image = `${host}/docker/app:1`
    const layer = join(client.home.path, 'layer.tar')
    await mustTar(client.home.path, layer, client.env)
    await succeeds('import', layer, image)
    await succeeds('push', image)
    await succeeds('pull', image)
    await succeeds('manifest', 'inspect', image)
    assert.match(await succeeds('login', host), /Login Succeeded/)
    const bob = await docker(['login', '-u', principal.appId, '--password-stdin', host], principal.password)
    assert.notEqual(bob.code, 0)
    assert.match(bob.stderr, /was not stored, because .* gets credentials from the sign-in of/)
    await succeeds('logout', host)
    await succeeds('pull', image)
    const config = readFileSync(join(client.home.path, 'docker', 'config.json'), 'utf8')
    assert.doesNotMatch(config, /"(?:auth|identitytoken)":/)

    const application = `/applications/${principal.applicationObjectId}`
    const read = expectStatus(await graph(server, 'GET', application), 200).json()
    const keyId = stringAt(read, 'passwordCredentials', 0, 'keyId')
    expectStatus(await graph(server, 'POST', `${application}/removePassword`, { keyId }), 204)
    await client.helper('erase', host)
    for (const args of [
      ['pull', image],
      ['manifest', 'inspect', image],
    ]) {
      const ran = await docker(args)
      assert.notEqual(ran.code, 0)
      assert.match(ran.stderr, /the session of \S+ has ended[^]*sign in again: acrux login --server/, args.join(' '))
      assert.doesNotMatch(ran.stderr, /incorrect|password is wrong/i)
    }
  })
}

async function mustTar(folder: string, archive: string, env: Readonly<Record<string, string>>): Promise<void> {
  writeFileSync(join(folder, 'hello.txt'), 'by docker\n')
  await mustRun('tar', ['-C', folder, '-cf', archive, 'hello.txt'], { env })
}
