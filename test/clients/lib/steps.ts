import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { clientHome, mustRun, run, type ClientHome, type Ran } from '../../harness/clients.ts'
import { stringAt } from '../../harness/json.ts'
import type { Login, UnderTest } from './under-test.ts'

/** The message of a client about a certificate of an unknown authority. */
export const distrust = /x509: certificate signed by unknown authority|tls: failed to verify certificate/

/** The messages of clients when they are denied. */
export const denial = /unauthorized|denied|authentication required|insufficient_scope|invalid username\/password|401/i

/** Asserts that the client failed with a message that matches. */
export function assertFails(ran: Ran, words: RegExp): void {
  const said = `${ran.stdout}${ran.stderr}`
  assert.notEqual(ran.code, 0, `it ended with 0 and said: ${said}`)
  assert.match(said, words)
}

/** A home that contains a client's login, created as for podman, skopeo, buildah, oras, docker and cosign. */
export async function loggedIn(
  tool: string,
  under: Pick<UnderTest, 'server' | 'host'>,
  login: Login,
  flags: readonly string[] = [],
): Promise<ClientHome> {
  const home = clientHome(under.server.caFile)
  const args = ['login', ...flags, '-u', login.username, '--password-stdin', under.host]
  try {
    await mustRun(tool, args, { env: home.env, input: login.password })
    return home
  } catch (cause) {
    home[Symbol.dispose]()
    throw cause
  }
}

/** Asserts that clients of this kind cannot log in with a wrong password, and do not store one. `commandOf` is how they log in. */
export async function assertWrongPasswordRejected(
  tool: string,
  under: UnderTest,
  flags: readonly string[] = [],
  commandOf: (flags: readonly string[]) => readonly string[] = (all) => ['login', ...flags, ...all, under.host],
): Promise<void> {
  using home = clientHome(under.server.caFile)
  for (const { username, password } of Object.values(under.logins)) {
    const wrong = `${password.slice(0, -4)}${password.endsWith('aaaa') ? 'bbbb' : 'aaaa'}`
    const args = commandOf(['-u', username, '--password-stdin'])
    assertFails(await run(tool, args, { env: home.env, input: wrong }), denial)
  }
  for (const kept of ['auth.json', 'docker/config.json']) {
    const file = join(home.path, kept)
    if (existsSync(file)) assert.doesNotMatch(readFileSync(file, 'utf8'), /"auth":/)
  }
}

/** The digest that the `index.json` of an OCI layout names first. */
export function layoutDigest(dir: string): string {
  const index: unknown = JSON.parse(readFileSync(join(dir, 'index.json'), 'utf8'))
  return stringAt(index, 'manifests', 0, 'digest')
}
