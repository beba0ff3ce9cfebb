import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createKubelet, type Provider } from './lib/kubelet.ts'

const kubelet = createKubelet()
after(() => kubelet[Symbol.dispose]())

const loginServer = 'registry.example.com'
const provider: Provider = {
  name: 'acrux-credential-provider',
  matchImages: [loginServer],
  args: [],
  env: [],
  tokenAttributes: undefined,
}

test('wrong settings end with exit code 2, and show no secret', async () => {
  const file = join(kubelet.home.path, 'wrong.yaml')
  writeFileSync(file, 'registry: registry.example.com\n')
  const principal = ['--auth', 'service-principal', '--client-id', 'a', '--tenant-id', 'b', '--client-secret-file', 'c']
  // prettier-ignore
  const cases: readonly [args: readonly string[], says: RegExp][] = [
    [[],                                                           /the settings name no registry/],
    [['--registry', '*.com'],                                      /contains a \*, so every host that matches would receive tokens/],
    [['--registry', loginServer, '--registry', '*.example.com'],   /contains a \*[^]*--suffix \.azurecr\.example\.com/],
    [['--suffix', '.com'],                                         /is not the suffix of a server/],
    [['--registry', loginServer, '--auth', 'other'],               /--auth must be service-account or/],
    [['--registry', loginServer, '--auth', 'service-principal'],   /needs a client id, a tenant id and a credential/],
    [['--registry', loginServer, '--registry', 'b.example.com', ...principal], /each registry would get the secret/],
    [['--suffix', '.azurecr.example.com', ...principal],           /add --authority-host URL/],
    [['--registry', loginServer, '--login-scope', 'all'],          /--login-scope must be registry or repository/],
    [['--registry', loginServer, '--cache-duration', '10'],        /must be a time such as/],
    [['--registry', loginServer, '--authority-host', 'http://x'],  /--authority-host must begin with https:/],
    [['--registry', loginServer, '--client-secret=hunter2'],       /--client-secret/],
    [[join(kubelet.home.path, 'missing.yaml')],                    /cannot be read/],
    [[file],                                                       /has an unknown setting: registry/],
  ]
  for (const [args, says] of cases) {
    const ran = await kubelet.send({ ...provider, args }, '{}')
    assert.deepEqual({ code: ran.code, stdout: ran.stdout }, { code: 2, stdout: '' }, args.join(' '))
    assert.match(ran.stderr, says)
    assert.doesNotMatch(ran.stderr, /hunter2/)
  }
})
