import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, type ClientHome } from '../../harness/clients.ts'
import { stringAt } from '../../harness/json.ts'

/** Makes a one-file image in the home's own storage, without running anything. */
export async function makeImage(home: ClientHome, name: string, content: string): Promise<void> {
  const archive = join(home.path, 'layer.tar')
  writeFileSync(join(home.path, 'hello.txt'), content)
  await mustRun('tar', ['-C', home.path, '-cf', archive, 'hello.txt'], { env: home.env })
  await mustRun('podman', ['import', archive, name], { env: home.env })
}

/** Pushes an image and returns the digest of the manifest that podman sent. */
export async function push(home: ClientHome, image: string, target: string): Promise<string> {
  const digestFile = join(home.path, 'digest')
  await mustRun('podman', ['push', '--digestfile', digestFile, image, target], { env: home.env })
  return readFileSync(digestFile, 'utf8').trim()
}

/** Pulls an image that the home's storage does not hold, and returns the digest of its manifest. */
export async function pull(home: ClientHome, image: string): Promise<string> {
  await mustRun('podman', ['rmi', '--all', '--force'], { env: home.env })
  await mustRun('podman', ['pull', image], { env: home.env })
  const { stdout } = await mustRun('podman', ['image', 'inspect', '--format', '{{.Digest}}', image], { env: home.env })
  return stdout.trim()
}

/** The user name and password that podman keeps for a login server. */
export function keptLogin(home: ClientHome, loginServer: string): { username: string; password: string } {
  const file: unknown = JSON.parse(readFileSync(join(home.path, 'auth.json'), 'utf8'))
  const [username = '', ...password] = Buffer.from(stringAt(file, 'auths', loginServer, 'auth'), 'base64')
    .toString('utf8')
    .split(':')
  return { username, password: password.join(':') }
}
